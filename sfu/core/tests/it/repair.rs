//! Packets that receivers lost, and what they get of them.

use protocol::{
    EndpointIndex,
    media::{Pt, SeqNo, Source},
};
use sfu_core::{Counters, ForwardDrop};

use crate::scene::{Arrived, Scene, plan, repair_ssrc, slot_ssrc, tile};

const CAMERA: Source = Source::Camera;

/// A sender and receivers that see its picture in the slot `v1`.
fn scene(people: u32) -> Scene {
    let mut scene = Scene::new(people, 2);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    scene
}

fn to(arrived: &[Arrived], person: u32) -> Vec<Arrived> {
    arrived.iter().filter(|packet| packet.to == person).cloned().collect()
}

fn seqs(arrived: &[Arrived]) -> Vec<u16> {
    arrived.iter().map(|packet| packet.seq().0).collect()
}

fn refused(scene: &Scene, reason: ForwardDrop) -> u64 {
    scene.forwarder.counters().drops(reason)
}

/// Asserts that `repair` is `original` on the retransmission stream (RFC 4588 §4).
fn assert_repairs(repair: &Arrived, original: &Arrived, person: u32) {
    assert_eq!(repair.header.ssrc, repair_ssrc(person, "v1"));
    assert_eq!(repair.header.pt, Pt(121));
    assert_eq!(repair.header.timestamp, original.header.timestamp);
    assert_eq!(repair.header.marker, original.header.marker);
    assert_eq!(repair.extensions, original.extensions);
    assert_eq!(repair.csrc, original.csrc);
    let (number, payload) = repair.payload.split_at(2);
    assert_eq!(number, original.seq().0.to_be_bytes());
    assert_eq!(payload, original.payload);
}

#[test]
fn what_a_receiver_lost_comes_again_at_once_on_the_retransmission_stream() {
    let mut scene = scene(3);
    let arrived = scene.take();
    let lost: Vec<_> = (1..3).map(|person| to(&arrived, person)).collect();
    for person in [1, 2] {
        scene.nack(person, "v1", &seqs(&lost[person as usize - 1]));
    }
    let repairs = scene.take();
    assert_eq!(repairs.len(), 4);
    for person in [1, 2] {
        let repairs = to(&repairs, person);
        for (repair, original) in repairs.iter().zip(&lost[person as usize - 1]) {
            assert_eq!(repair.at, scene.now, "at once");
            assert_repairs(repair, original, person);
        }
        let numbers = seqs(&repairs);
        assert_eq!(numbers[1], numbers[0].wrapping_add(1), "numbers of its own");
    }
    let Counters { nacked_packets, retransmitted_packets, .. } = *scene.forwarder.counters();
    assert_eq!((nacked_packets, retransmitted_packets), (4, 4));
}

#[test]
fn a_packet_is_sent_again_at_most_five_times() {
    let mut scene = scene(2);
    let lost = seqs(&to(&scene.take(), 1))[0];
    let mut copies = 0;
    for _ in 0..1_000 {
        scene.nack(1, "v1", &[lost]);
        scene.wait(5);
        copies += scene.take().len();
    }
    assert_eq!(copies, 5);
    assert_eq!(refused(&scene, ForwardDrop::SentAgain), 995);
}

#[test]
fn what_was_never_sent_is_not_sent_again() {
    let mut scene = scene(2);
    let newest = *seqs(&to(&scene.take(), 1)).last().expect("packets came");
    let never: Vec<u16> = (1..=50).map(|step| newest.wrapping_add(step)).collect();
    scene.nack(1, "v1", &never);
    scene.nack(1, "v0", &[newest]);
    assert!(scene.take().is_empty());
    assert_eq!(refused(&scene, ForwardDrop::Forgotten), 51);
}

#[test]
fn a_nack_for_somebody_elses_slot_brings_nothing() {
    let mut scene = scene(3);
    let lost = seqs(&to(&scene.take(), 2));
    let foreign = slot_ssrc(2, "v1");
    let index = EndpointIndex(1);
    let mut nobody = scene.take();
    let before = scene.forwarder.counters().foreign_feedback;
    struct Nothing;
    impl sfu_core::Egress for Nothing {
        fn forward(&mut self, to: EndpointIndex, _: &sfu_core::OutgoingPacket<'_>) {
            panic!("{to:?} gets something");
        }
    }
    let lost = lost.into_iter().map(SeqNo);
    scene.forwarder.handle_nack(scene.now, index, foreign, lost, &mut Nothing);
    nobody.extend(scene.take());
    assert!(nobody.is_empty());
    assert_eq!(scene.forwarder.counters().foreign_feedback, before + 1);
}

#[test]
fn a_flood_of_nacks_costs_its_sender_a_fifth_of_its_rate_and_others_nothing() {
    let mut scene = scene(3);
    scene.take();
    let (mut flooder, mut bystander, mut repaired) = (0, 0, 0);
    let mut all: Vec<u16> = Vec::new();
    for tick in 0..500 {
        // 100 frames a second for 5 s; the flooder claims to have lost everything, over and over.
        scene.frame(0, CAMERA, 0, false);
        let arrived = scene.take();
        all.extend(seqs(&to(&arrived, 1)));
        flooder += to(&arrived, 1).len();
        bystander += to(&arrived, 2).len();
        for _ in 0..10 {
            let lost = all.clone();
            scene.nack(1, "v1", &lost);
        }
        let repairs = scene.take();
        assert!(to(&repairs, 2).is_empty());
        repaired += repairs.iter().map(|packet| packet.payload.len() + 28).sum::<usize>();
        scene.wait(10);
        // A bystander's loss is repaired as if nothing was.
        if tick % 100 == 50 {
            let lost = *seqs(&to(&arrived, 2)).last().expect("frames flow");
            scene.nack(2, "v1", &[lost]);
            assert_eq!(to(&scene.take(), 2).len(), 1);
        }
    }
    assert_eq!((flooder, bystander), (1_000, 1_000));
    // The floor of the budget, 100 kb/s, for 5 s and 1.5 s of credit.
    assert!(repaired <= 100_000 / 8 * 65 / 10 + 1_200, "{repaired} bytes");
    assert!(refused(&scene, ForwardDrop::NackFlood) > 0);
    let looked_at = scene.forwarder.counters().nacked_packets;
    assert!(looked_at <= 2_000 * 5 + 1_000 + 10, "{looked_at} numbers");
}

#[test]
fn a_receiver_without_retransmissions_gets_copies_where_the_cipher_allows_them() {
    let mut scene = Scene::empty(*Scene::new(2, 1).forwarder.limits());
    scene.join(0, &plan(0, 1));
    let mut without = plan(1, 1);
    for slot in &mut without.slots {
        slot.rtx_ssrc = None;
        for payload in &mut slot.payloads {
            payload.rtx = None;
        }
    }
    scene.join(1, &without);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    let first = to(&scene.take(), 1);
    scene.nack(1, "v0", &seqs(&first));
    assert!(scene.take().is_empty(), "GCM must not seal a number twice");
    assert_eq!(refused(&scene, ForwardDrop::NoRepair), 2);
    scene.forwarder.set_copies_allowed(EndpointIndex(1), true);
    scene.nack(1, "v0", &seqs(&first));
    let again = to(&scene.take(), 1);
    assert_eq!(again.len(), 2);
    for (copy, original) in again.iter().zip(&first) {
        assert_eq!(copy.header, original.header);
        assert_eq!(copy.payload, original.payload);
    }
}

#[test]
fn nobody_gets_another_publishers_payload_for_what_was_lost() {
    let mut scene = scene(3);
    let lost = seqs(&to(&scene.take(), 1));
    scene.leave(0);
    let limits = *scene.forwarder.limits();
    let (index, id) = (EndpointIndex(0), crate::scene::participant(8));
    let next = sfu_core::Endpoint::new(index, crate::scene::ROOM, id, &plan(0, 2), &limits, 99);
    scene.add(next);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    scene.take();
    scene.nack(1, "v1", &lost);
    assert!(scene.take().is_empty());
}

#[test]
fn a_packet_lost_before_a_switch_of_sources_is_still_repaired() {
    let mut scene = Scene::new(3, 1);
    scene.turn_on(0, CAMERA);
    scene.turn_on(1, CAMERA);
    scene.view(2, Some(tile(0, CAMERA, 180)), &[]);
    scene.frame(0, CAMERA, 0, true);
    let first = to(&scene.take(), 2);
    scene.view(2, Some(tile(1, CAMERA, 180)), &[]);
    scene.frame(1, CAMERA, 0, true);
    let second = to(&scene.take(), 2);
    let lost = [seqs(&first), seqs(&second)].concat();
    scene.nack(2, "v0", &lost);
    let repairs = to(&scene.take(), 2);
    let csrcs: Vec<u32> = repairs.iter().map(|packet| packet.csrc).collect();
    assert_eq!(csrcs, [1, 1, 2, 2]);
    for (repair, original) in repairs.iter().zip(first.iter().chain(&second)) {
        assert_eq!(repair.payload[2..], original.payload);
    }
}

#[test]
fn retransmissions_go_on_after_a_restoration_at_a_distance() {
    let mut scene = scene(2);
    let lost = seqs(&to(&scene.take(), 1));
    scene.nack(1, "v1", &lost[..1]);
    let before = scene.take()[0].seq();
    let index = EndpointIndex(1);
    let snapshot = scene.forwarder.snapshot(scene.now, index).expect("it is here");
    scene.leave(1);
    let limits = *scene.forwarder.limits();
    let restoration = sfu_core::Restoration {
        index,
        room: crate::scene::ROOM,
        now: scene.now,
        elapsed: protocol::Duration::ZERO,
        jump: 20_000,
        seed: 7,
    };
    scene.add(sfu_core::Endpoint::restore(&snapshot, &plan(1, 2), &limits, &restoration));
    scene.frame(0, CAMERA, 0, true);
    let lost = seqs(&to(&scene.take(), 1));
    scene.nack(1, "v1", &lost[..1]);
    assert_eq!(scene.take()[0].seq().distance_from(before), 20_001);
}
