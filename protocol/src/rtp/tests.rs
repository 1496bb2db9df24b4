//! The header parser against packets that are right, cut short, and random.

use proptest::prelude::*;

use super::*;

const WITH_EXTENSIONS: &[u8] = &[
    0x91, 0xEF, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 7, // one CSRC, extension, marker, pt 111
    0, 0, 0, 42, // CSRC
    0xBE, 0xDE, 0, 2, 0x10, 0xAA, 0, 0x21, 1, 2, 0, 0, // ids 1 and 2 with a pad byte between
    0x55, 0x66,
];

#[test]
fn header_yields_its_fields_extensions_and_payload() {
    let header = RtpHeader::parse(WITH_EXTENSIONS).expect("a good packet");
    assert!(header.marker);
    assert_eq!((header.pt, header.seq), (Pt(111), SeqNo(0x1234)));
    assert_eq!((header.timestamp, header.ssrc), (RtpTime(9), Ssrc(7)));
    let found: Vec<_> = header.extensions(WITH_EXTENSIONS).collect();
    assert_eq!(found, [(1, &[0xAA][..]), (2, &[1, 2][..])]);
    assert_eq!(header.payload(WITH_EXTENSIONS), Some(&[0x55, 0x66][..]));
}

#[test]
fn every_cut_of_the_header_is_refused() {
    for length in 0..WITH_EXTENSIONS.len() - 2 {
        assert_eq!(RtpHeader::parse(&WITH_EXTENSIONS[..length]), None, "{length} bytes");
    }
}

#[test]
fn padding_that_exceeds_the_payload_is_a_lie() {
    let mut packet = vec![0xA0; 14];
    for (count, payload) in [(0, None), (1, Some(1)), (2, Some(0)), (3, None)] {
        packet[13] = count;
        let header = RtpHeader::parse(&packet).expect("a good header");
        assert_eq!(header.payload(&packet).map(<[u8]>::len), payload, "padding {count}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_reach_outside(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(header) = RtpHeader::parse(&bytes) {
            prop_assert!(usize::from(header.payload_offset) <= bytes.len());
            for (_, value) in header.extensions(&bytes) {
                prop_assert!(value.len() <= bytes.len());
            }
            let _ = header.payload(&bytes);
        }
    }
}
