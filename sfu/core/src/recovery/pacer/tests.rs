//! What goes at once, what waits, and in which order.

use protocol::{EndpointIndex, media::SeqNo};

use super::*;
use crate::recovery::{History, PacketRing, Sent};

const PACKET: usize = 1_250;

/// Names of packets, which a pacer does not look at.
fn ids(count: u16) -> Vec<SentId> {
    let mut history = History::new();
    let serial = PacketRing::new(100, 16, 0).store(b"x").expect("it fits");
    let mut id = |seq| {
        let publisher = EndpointIndex(0);
        let sent = Sent {
            publisher,
            ring: 0,
            serial,
            replaced: 0,
            transport_number_at: 0,
            slot: 0,
            seq: SeqNo(seq),
            header_length: 0,
        };
        history.remember(sent, 0, |_| {})
    };
    (0..count).map(&mut id).collect()
}

fn waiting(id: SentId) -> Waiting {
    Waiting::whole(id, PACKET as u16)
}

fn at(micros: u64) -> Instant {
    Instant::from_micros(1_000_000 + micros)
}

#[test]
fn without_a_rate_nothing_waits() {
    let mut pacer = Pacer::new();
    for _ in 0..10_000 {
        assert!(pacer.is_open(at(0)));
        pacer.count(at(0), PACKET);
    }
}

#[test]
fn a_keyframe_is_spread_over_the_time_that_the_line_needs() {
    let mut pacer = Pacer::new();
    pacer.set_rate(at(0), Some(1_000_000));
    let ids = ids(50);
    let mut sent = Vec::new();
    for id in &ids {
        if pacer.is_open(at(0)) {
            pacer.count(at(0), PACKET);
            sent.push(0);
        } else {
            assert!(pacer.push(Lane::Picture, waiting(*id)));
        }
    }
    // 40 ms of 1 Mb/s are 5 000 bytes: four packets, and the one that fills the bucket.
    assert_eq!(sent.len(), 5);
    while let Some(due) = pacer.poll_timeout(at(*sent.last().expect("some were sent"))) {
        let micros = due.as_micros() - 1_000_000;
        assert!(pacer.pop(at(micros - 1)).is_none(), "not before it is due");
        let mut popped = 0;
        while let Some((_, packet)) = pacer.pop(due) {
            pacer.count(due, usize::from(packet.bytes));
            sent.push(micros);
            popped += 1;
        }
        assert_eq!(popped, 1);
    }
    // 10 ms a packet.
    assert_eq!(sent.last(), Some(&450_000));
    assert_eq!(sent.len(), 50);
}

#[test]
fn sound_is_counted_although_it_does_not_wait() {
    let mut pacer = Pacer::new();
    pacer.set_rate(at(0), Some(100_000));
    assert!(pacer.is_open(at(0)));
    // 40 ms are 500 bytes.
    pacer.count(at(0), 501);
    assert!(!pacer.is_open(at(0)));
    assert!(pacer.is_open(at(80)));
}

#[test]
fn what_was_lost_goes_before_what_is_new() {
    let mut pacer = Pacer::new();
    pacer.set_rate(at(0), Some(100_000));
    let ids = ids(3);
    assert!(pacer.push(Lane::Picture, waiting(ids[0])));
    assert!(pacer.push(Lane::Repair, waiting(ids[1])));
    assert!(pacer.push(Lane::Picture, waiting(ids[2])));
    assert!(!pacer.is_open(at(0)), "what is new waits behind what waits");
    let order: Vec<_> = std::iter::from_fn(|| pacer.pop(at(0))).map(|(_, it)| it.id).collect();
    assert_eq!(order, [ids[1], ids[0], ids[2]]);
}

#[test]
fn a_full_queue_takes_the_rest_of_a_frame_and_no_new_one() {
    let mut pacer = Pacer::new();
    pacer.set_rate(at(0), Some(1_000_000));
    let id = ids(1)[0];
    let mut taken = 0;
    while pacer.has_room() {
        assert!(pacer.push(Lane::Picture, waiting(id)));
        taken += 1;
    }
    assert_eq!(taken, 60, "600 ms of 1 Mb/s");
    assert!(pacer.push(Lane::Picture, waiting(id)));
    pacer.set_rate(at(0), Some(1_000_000_000));
    assert!(pacer.has_room());
    while pacer.push(Lane::Picture, waiting(id)) {
        taken += 1;
    }
    assert_eq!(taken + 1, PICTURES_MAX);
    assert!(!pacer.has_room());
    assert_eq!(pacer.clear(), PICTURES_MAX);
    assert!(pacer.has_room() && pacer.is_empty());
}

#[test]
fn a_rate_that_is_lifted_lets_everything_go() {
    let mut pacer = Pacer::new();
    pacer.set_rate(at(0), Some(1_000));
    pacer.count(at(0), 100_000);
    assert!(pacer.push(Lane::Picture, waiting(ids(1)[0])));
    assert!(pacer.pop(at(1_000)).is_none());
    pacer.set_rate(at(1_000), None);
    assert_eq!(pacer.poll_timeout(at(1_000)), Some(at(1_000)));
    assert!(pacer.pop(at(1_000)).is_some());
}
