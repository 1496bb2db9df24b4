//! The ring against a plain list of everything that was stored.

use proptest::prelude::*;

use super::*;

const BYTES: usize = 1_000;
const PACKETS: u32 = 16;

proptest! {
    #[test]
    fn a_payload_comes_back_as_it_was_or_not_at_all(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..80),
        first in any::<u32>(),
    ) {
        let mut ring = PacketRing::new(BYTES, PACKETS, first);
        let mut stored = Vec::new();
        for payload in payloads {
            let serial = ring.store(&payload).expect("it fits");
            stored.push((serial, payload));
            let mut kept_bytes = 0;
            let mut is_gone = false;
            for (serial, payload) in stored.iter().rev() {
                match ring.payload(*serial) {
                    Some(kept) => {
                        prop_assert!(!is_gone, "what is newer than a lost one is there");
                        prop_assert_eq!(kept, &payload[..]);
                        kept_bytes += kept.len();
                    }
                    None => is_gone = true,
                }
            }
            // Only the end of a round, where a payload did not fit, is left unused.
            let newest = stored.iter().rev().take(PACKETS as usize);
            let must_fit = newest.scan(0, |sum, (_, payload)| {
                *sum += payload.len();
                (*sum <= BYTES - 300).then_some(*sum)
            });
            prop_assert!(kept_bytes >= must_fit.last().unwrap_or(0));
        }
    }
}

#[test]
fn no_memory_is_taken_after_it_was_made() {
    let mut ring = PacketRing::new(BYTES, PACKETS, 7);
    let (bytes, places) = (ring.bytes.capacity(), ring.places.capacity());
    for length in (0..5_000).map(|n| n % 300) {
        assert!(ring.store(&[1; 300][..length]).is_some());
    }
    assert_eq!((ring.bytes.capacity(), ring.places.capacity()), (bytes, places));
}

#[test]
fn what_is_longer_than_the_ring_is_not_kept() {
    let mut ring = PacketRing::new(BYTES, PACKETS, 0);
    assert_eq!(ring.store(&[0; BYTES + 1]), None);
    let serial = ring.store(&[1; BYTES]).expect("it fits exactly");
    assert_eq!(ring.payload(serial), Some(&[1; BYTES][..]));
}

#[test]
fn a_name_from_another_ring_means_nothing() {
    let mut old = PacketRing::new(BYTES, PACKETS, 1 << 20);
    let mut new = PacketRing::new(BYTES, PACKETS, 1 << 21);
    let serial = old.store(b"old").expect("it fits");
    new.store(b"new");
    assert_eq!(new.payload(serial), None);
}
