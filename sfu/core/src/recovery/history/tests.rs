//! What was sent is found again, byte for byte, or not at all.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::recovery::PacketRing;

fn serial() -> Serial {
    PacketRing::new(100, 16, 0).store(b"x").expect("it fits")
}

fn sent(slot: u8, seq: u16) -> Sent {
    Sent {
        publisher: EndpointIndex(3),
        ring: 1,
        serial: serial(),
        replaced: 4,
        transport_number_at: 0,
        slot,
        seq: SeqNo(seq),
        header_length: 2,
    }
}

fn remember(history: &mut History, sent: Sent, head: &[u8]) -> SentId {
    history.remember(sent, head.len(), |out| out.copy_from_slice(head))
}

fn answer(history: &mut History, millis: u64, id: SentId, round_trip: u64) -> Result<(), Refusal> {
    let checked = history.check(at(millis), id, Duration::from_millis(round_trip));
    if checked.is_ok() {
        history.note_answer(id);
        history.note_leaving(at(millis), id);
    }
    checked
}

fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

proptest! {
    #[test]
    fn the_last_thousand_packets_of_any_slots_are_found(
        rates in prop::collection::vec(1_u16..20, 1..53),
        starts in prop::collection::vec(any::<u16>(), 53),
    ) {
        let mut history = History::new();
        let mut newest: HashMap<(u8, u16), (u32, [u8; 4])> = HashMap::new();
        let mut seqs = starts;
        let mut count = 0;
        for _ in 0..200 {
            for (slot, rate) in rates.iter().enumerate() {
                for _ in 0..*rate {
                    let seq = &mut seqs[slot];
                    *seq = seq.wrapping_add(1);
                    count += 1;
                    let head = u32::to_be_bytes(count);
                    let packet = sent(slot as u8, *seq);
                    remember(&mut history, packet, &head);
                    newest.insert((slot as u8, *seq), (count, head));
                }
            }
        }
        let (mut found, mut asked) = (0, 0);
        for ((slot, seq), (number, head)) in newest {
            let is_recent = count - number < PACKETS_MAX as u32 / 2;
            asked += u32::from(is_recent);
            let Some(id) = history.find(slot, SeqNo(seq)) else {
                continue;
            };
            let (packet, kept) = history.packet(id).expect("found is there");
            prop_assert_eq!((packet.slot, packet.seq), (slot, SeqNo(seq)));
            prop_assert_eq!(kept, &head[..]);
            found += u32::from(is_recent);
        }
        // Where runs of many slots meet in a bucket, some of the older half go, and few of the
        // younger: 16 of 512 in the worst of some ten thousand cases.
        prop_assert!(found * 100 >= asked * 93, "{found} of {asked}");
    }

    #[test]
    fn heads_of_any_length_come_back_or_are_gone(
        lengths in prop::collection::vec(0_usize..400, 1..400),
    ) {
        let mut history = History::new();
        let mut ids = Vec::new();
        for (n, length) in lengths.iter().enumerate() {
            let head = vec![n as u8; *length];
            ids.push((remember(&mut history, sent(0, n as u16), &head), head));
        }
        let mut bytes = 0;
        for (id, head) in ids.iter().rev() {
            bytes += head.len();
            match history.packet(*id) {
                Some((_, kept)) => {
                    prop_assert_eq!(kept, &head[..]);
                }
                None => prop_assert!(bytes > HEADS_BYTES - 400, "gone after {bytes}"),
            }
        }
    }
}

#[test]
fn a_packet_is_sent_again_five_times_a_round_trip_apart() {
    let mut history = History::new();
    let id = remember(&mut history, sent(0, 9), &[]);
    assert_eq!(answer(&mut history, 1_060, id, 30), Ok(()));
    // The receiver may know a shorter round trip than the node does.
    assert_eq!(answer(&mut history, 1_085, id, 30), Err(Refusal::TooSoon));
    assert_eq!(answer(&mut history, 1_087, id, 30), Ok(()));
    // However long the way is, 100 ms are enough.
    assert_eq!(answer(&mut history, 1_186, id, 1_000), Err(Refusal::TooSoon));
    for millis in [1_187, 1_287, 1_387] {
        assert_eq!(answer(&mut history, millis, id, 1_000), Ok(()));
    }
    assert_eq!(answer(&mut history, 9_000, id, 1_000), Err(Refusal::TooOften));
}

#[test]
fn what_waits_to_be_sent_again_is_not_asked_for_twice() {
    let mut history = History::new();
    let id = remember(&mut history, sent(0, 9), &[]);
    history.note_answer(id);
    let check = |history: &History, ms| history.check(at(ms), id, Duration::from_millis(30));
    assert_eq!(check(&history, 5_000), Err(Refusal::TooSoon));
    history.note_leaving(at(5_000), id);
    assert_eq!(check(&history, 5_025), Err(Refusal::TooSoon));
    assert_eq!(check(&history, 5_027), Ok(()));
}

#[test]
fn what_is_forgotten_is_not_sent_again() {
    let mut history = History::new();
    let id = remember(&mut history, sent(0, 0), &[]);
    for seq in 1..=PACKETS_MAX as u16 {
        remember(&mut history, sent(0, seq), &[]);
    }
    assert_eq!(history.packet(id), None);
    assert_eq!(history.find(0, SeqNo(0)), None);
    assert_eq!(answer(&mut history, 999, id, 0), Err(Refusal::Unknown));
    assert_eq!(history.newest().count(), PACKETS_MAX);
}

#[test]
fn a_receivers_memory_is_below_64_kib_and_stays_so() {
    let mut history = History::new();
    let bytes = |history: &History| {
        history.entries.capacity() * size_of::<Entry>()
            + history.heads.capacity()
            + size_of_val(&*history.buckets)
    };
    let before = bytes(&history);
    for seq in 0..5_000 {
        remember(&mut history, sent((seq % 7) as u8, seq), &[1; 36]);
    }
    assert_eq!(bytes(&history), before);
    assert!(before <= 64 * 1_024, "{before}");
}
