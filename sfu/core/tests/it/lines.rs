//! What receivers tell of their lines, as the engine hears it.

use protocol::{
    Bitrate, Duration, EndpointIndex,
    media::{SeqNo, Source},
};
use sfu_core::{
    Endpoint, Limits, ReceiverBlock, Restoration,
    congestion::{Insight, LimitedBy, PacketReport},
};

use crate::scene::{Arrived, Person, ROOM, Scene, participant, plan, slot_ssrc};

/// The id of the transport-wide number at the receivers.
const NUMBER_ID: u8 = 5;

/// Three people, of whom the first speaks and shows, and all can tell of single packets.
fn scene() -> Scene {
    let limits = Limits {
        endpoints: 4,
        rooms: 1,
        participants_per_room: 4,
        slots_per_endpoint: 53,
        ..Limits::default()
    };
    let mut scene = Scene::empty(limits);
    for person in 0..3 {
        scene.join(person, &numbered_plan(person));
    }
    scene.turn_on(0, Source::Microphone);
    scene.turn_on(0, Source::Camera);
    scene
}

fn numbered_plan(person: Person) -> protocol::media::SessionPlan {
    let mut plan = plan(person, 2);
    for slot in &mut plan.slots {
        slot.extensions.transport_cc = Some(NUMBER_ID);
    }
    plan
}

/// The transport-wide numbers that one person got, in the order of arrival.
fn numbers(arrived: &[Arrived], person: Person) -> Vec<u16> {
    let of_person = arrived.iter().filter(|packet| packet.to == person);
    let number = |packet: &Arrived| {
        let found = packet.extensions.iter().find(|(id, _)| *id == NUMBER_ID);
        let (_, bytes) = found.expect("every packet has its number");
        u16::from_be_bytes([bytes[0], bytes[1]])
    };
    of_person.map(number).collect()
}

fn insight(scene: &Scene, person: Person) -> Insight {
    let index = EndpointIndex(person);
    scene.forwarder.line_insight(scene.now, index).expect("it is in the room")
}

/// Two seconds of media, of which the second person reports what it got after 60 ms on its way.
fn report(scene: &mut Scene) -> Vec<u16> {
    let mut all = Vec::new();
    for round in 0..40_i64 {
        let _ = scene.speak(0, 40);
        scene.frame(0, Source::Camera, 0, round == 0);
        scene.wait(50);
        let seqs = numbers(&scene.take(), 1);
        let report = |seq: &u16| PacketReport { seq: *seq, arrived_us: Some(round * 50_000) };
        let reports: Vec<_> = seqs.iter().map(report).collect();
        scene.forwarder.handle_packet_reports(scene.now, EndpointIndex(1), reports);
        all.extend(seqs);
    }
    all
}

#[test]
fn sound_and_pictures_of_a_receiver_are_counted_together() {
    let mut scene = scene();
    let seqs = report(&mut scene);
    assert!(seqs.len() > 80);
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{seqs:?}");
}

#[test]
fn what_a_receiver_tells_makes_its_own_estimate_and_nobody_elses() {
    let mut scene = scene();
    let bystander = insight(&scene, 2);
    let seqs = report(&mut scene);
    let told = insight(&scene, 1);
    assert!(told.rtt.is_some_and(|rtt| rtt <= Duration::from_millis(60)), "{told:?}");
    assert!(told.acknowledged.is_some());
    let lies = seqs.iter().map(|&seq| PacketReport { seq, arrived_us: None });
    scene.forwarder.handle_packet_reports(scene.now, EndpointIndex(1), lies);
    let after = insight(&scene, 2);
    assert_eq!((after.rtt, after.acknowledged), (bystander.rtt, bystander.acknowledged));
    assert_eq!(after.lost, 0.0);
}

#[test]
fn a_receiver_that_only_reports_is_heard_as_well() {
    let mut scene = Scene::new(2, 2);
    scene.turn_on(0, Source::Camera);
    assert_eq!(insight(&scene, 1).limited_by, LimitedBy::Reports);
    let index = EndpointIndex(1);
    for second in 0..4_u16 {
        scene.wait(1_000);
        let block = ReceiverBlock {
            ssrc: slot_ssrc(1, "v0"),
            fraction_lost: 64,
            highest_seq: SeqNo(second * 100),
            rtt: Some(Duration::from_millis(80)),
        };
        scene.forwarder.handle_receiver_block(scene.now, index, &block);
    }
    let told = insight(&scene, 1);
    assert_eq!(told.rtt, Some(Duration::from_millis(80)));
    assert!(told.target < Bitrate::from_kbps(300), "a quarter is lost: {told:?}");
    scene.forwarder.handle_receiver_estimate(scene.now, index, Bitrate::from_kbps(100));
    assert_eq!(insight(&scene, 1).target, Bitrate::from_kbps(100));
}

#[test]
fn a_block_about_somebody_elses_slot_is_counted_and_says_nothing() {
    let mut scene = scene();
    let before = scene.forwarder.counters().foreign_feedback;
    let block = ReceiverBlock {
        ssrc: slot_ssrc(2, "v0"),
        fraction_lost: 255,
        highest_seq: SeqNo(9),
        rtt: Some(Duration::from_secs(1)),
    };
    scene.forwarder.handle_receiver_block(scene.now, EndpointIndex(1), &block);
    assert_eq!(scene.forwarder.counters().foreign_feedback, before + 1);
    assert_eq!(insight(&scene, 1).rtt, None);
    assert_eq!(insight(&scene, 2).rtt, None);
}

#[test]
fn a_restored_receiver_never_sees_a_number_twice_and_keeps_its_estimate() {
    let mut scene = scene();
    let last = *report(&mut scene).last().expect("it got packets");
    let target = insight(&scene, 1).target;
    let snapshot = scene.forwarder.snapshot(scene.now, EndpointIndex(1)).expect("in the room");
    let limits = *scene.forwarder.limits();
    let mut scene = Scene::empty(limits);
    scene.join(0, &numbered_plan(0));
    let restoration = Restoration {
        index: EndpointIndex(1),
        room: ROOM,
        now: scene.now,
        elapsed: Duration::ZERO,
        jump: 500,
        seed: 7,
    };
    assert_eq!(snapshot.participant(), participant(1));
    scene.add(Endpoint::restore(&snapshot, &numbered_plan(1), &limits, &restoration));
    assert_eq!(insight(&scene, 1).target, target);
    scene.turn_on(0, Source::Microphone);
    let _ = scene.speak(0, 40);
    let first = numbers(&scene.take(), 1)[0];
    assert_eq!(first, last.wrapping_add(501));
}
