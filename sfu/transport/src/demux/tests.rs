use super::{DatagramKind, classify};

/// The table of RFC 7983 §7, with the split of RFC 5761 §4 for the RTP range.
fn by_the_table(first: u8, second: u8) -> DatagramKind {
    if first < 4 {
        DatagramKind::Stun
    } else if (20..64).contains(&first) {
        DatagramKind::Dtls
    } else if !(128..192).contains(&first) {
        DatagramKind::Unknown
    } else if (192..224).contains(&second) {
        DatagramKind::Rtcp
    } else {
        DatagramKind::Rtp
    }
}

#[test]
fn every_pair_of_first_bytes_is_sorted_as_the_rfcs_say() {
    for first in 0..=255 {
        for second in 0..=255 {
            let kind = classify(&[first, second, 0]);
            assert_eq!(kind, by_the_table(first, second), "{first} {second}");
        }
    }
}

#[test]
fn a_datagram_without_a_second_byte_is_no_media() {
    assert_eq!(classify(&[]), DatagramKind::Unknown);
    assert_eq!(classify(&[128]), DatagramKind::Unknown);
    assert_eq!(classify(&[0]), DatagramKind::Stun);
    assert_eq!(classify(&[22]), DatagramKind::Dtls);
}
