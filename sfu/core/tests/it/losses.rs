//! Packets that publishers' lines lost, and how they are got.

use protocol::{Duration, EndpointIndex, media::Source};
use sfu_core::ForwardDrop;

use crate::scene::{Scene, repair_of, ssrc_of, tile};

const CAMERA: Source = Source::Camera;

/// A sender, and receivers that see its smallest picture. The packets of one more frame, which is
/// not sent yet.
fn scene(people: u32) -> (Scene, [Vec<u8>; 2]) {
    let mut scene = Scene::new(people, 2);
    scene.turn_on(0, CAMERA);
    scene.frame(0, CAMERA, 0, true);
    scene.wait(33);
    let lost = scene.frame_packets(0, CAMERA, 0, false);
    (scene, lost)
}

fn seq_of(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[2], packet[3]])
}

fn dropped(scene: &Scene, reason: ForwardDrop) -> u64 {
    scene.forwarder.counters().drops(reason)
}

#[test]
fn a_lost_packet_is_asked_for_and_takes_its_place_when_it_comes() {
    let (mut scene, lost) = scene(3);
    scene.wait(33);
    scene.frame(0, CAMERA, 0, false);
    scene.take();
    let at = scene.now;
    scene.wait(25);
    let numbers: Vec<_> = lost.iter().map(|packet| seq_of(packet)).collect();
    let due = at + Duration::from_millis(20);
    assert_eq!(scene.missed, [(due, 0, ssrc_of(CAMERA, 0), numbers)]);
    for (seq, packet) in (1..).zip(&lost) {
        assert_eq!(scene.send_raw(0, &repair_of(packet, 0, seq, true)), Ok(()));
    }
    let arrived = scene.take();
    scene.frame(0, CAMERA, 0, false);
    let next = scene.take();
    for person in [1, 2] {
        let mut late = arrived.iter().filter(|packet| packet.to == person);
        let next = next.iter().find(|packet| packet.to == person).expect("it flows");
        let back = [4_u16, 3].map(|back| next.seq().0.wrapping_sub(back));
        assert_eq!(late.clone().map(|packet| packet.seq().0).collect::<Vec<_>>(), back);
        assert!(late.all(|packet| packet.payload[4..] == lost[0][lost[0].len() - 12..]
            || packet.payload[4..] == lost[1][lost[1].len() - 12..]));
    }
    scene.missed.clear();
    scene.wait(2_000);
    assert_eq!(scene.missed, [], "it is there");
    assert_eq!(scene.forwarder.counters().missing_packets_found, 2);
    // The line lost it none the less: its report says so.
    let report = scene.forwarder.reception_reports(EndpointIndex(0)).next().expect("one stream");
    assert_eq!((report.ssrc.0, report.figures.cumulative_lost), (ssrc_of(CAMERA, 0), 2));
    assert_eq!(scene.forwarder.reception_reports(EndpointIndex(0)).count(), 0);
}

#[test]
fn a_retransmission_stream_is_known_by_its_first_name_also_after_a_restoration() {
    let (mut scene, lost) = scene(2);
    scene.frame(0, CAMERA, 0, false);
    assert_eq!(scene.send_raw(0, &repair_of(&lost[0], 0, 1, true)), Ok(()));
    let index = EndpointIndex(0);
    let snapshot = scene.forwarder.snapshot(scene.now, index).expect("it is here");
    scene.leave(0);
    let restoration = sfu_core::Restoration {
        index,
        room: crate::scene::ROOM,
        now: scene.now,
        elapsed: Duration::ZERO,
        jump: 0,
        seed: 5,
    };
    let limits = *scene.forwarder.limits();
    let plan = crate::scene::plan(0, 2);
    scene.add(sfu_core::Endpoint::restore(&snapshot, &plan, &limits, &restoration));
    scene.frame(0, CAMERA, 0, true);
    let lost = scene.frame_packets(0, CAMERA, 0, false);
    scene.frame(0, CAMERA, 0, false);
    scene.take();
    assert_eq!(scene.send_raw(0, &repair_of(&lost[0], 0, 2, false)), Ok(()));
    assert_eq!(scene.take().len(), 1);
}

#[test]
fn a_hole_that_nothing_fills_is_asked_for_ten_times_and_given_up() {
    let (mut scene, _lost) = scene(2);
    scene.frame(0, CAMERA, 0, false);
    scene.wait(10_000);
    assert_eq!(scene.missed.len(), 10);
    let apart = scene.missed.windows(2).map(|two| two[1].0.saturating_duration_since(two[0].0));
    assert!(apart.min() >= Some(Duration::from_millis(100)), "a round trip that nobody knows");
    assert_eq!(scene.forwarder.counters().missing_packets_asked, 20);
}

#[test]
fn nothing_is_asked_for_that_nobody_watches() {
    let (mut scene, _lost) = scene(2);
    scene.view(1, None, &[tile(0, CAMERA, 0)]);
    scene.frame(0, CAMERA, 0, false);
    scene.wait(1_000);
    assert_eq!(scene.missed, []);
    // Nor is it when its source is off.
    scene.view(1, None, &[]);
    scene.frame(0, CAMERA, 0, true);
    let _lost = scene.frame_packets(0, CAMERA, 0, false);
    scene.frame(0, CAMERA, 0, false);
    scene.turn_off(0, CAMERA);
    scene.wait(1_000);
    assert_eq!(scene.missed, []);
}

#[test]
fn before_a_keyframe_nothing_is_asked_for() {
    let (mut scene, _lost) = scene(2);
    scene.frame(0, CAMERA, 0, false);
    scene.frame(0, CAMERA, 0, true);
    scene.wait(1_000);
    assert_eq!(scene.missed, []);
}

#[test]
fn more_holes_than_can_be_asked_for_want_a_keyframe() {
    let (mut scene, _lost) = scene(2);
    scene.wait(1_000);
    scene.asked.clear();
    for _ in 0..501 {
        scene.frame_packets(0, CAMERA, 0, false);
    }
    scene.frame(0, CAMERA, 0, false);
    scene.wait(100);
    assert_eq!(scene.missed, []);
    assert_eq!(scene.asked.len(), 1);
}

#[test]
fn a_flood_of_holes_asks_in_bounded_messages() {
    let (mut scene, _lost) = scene(2);
    for _ in 0..450 {
        scene.frame_packets(0, CAMERA, 0, false);
    }
    scene.frame(0, CAMERA, 0, false);
    scene.wait(30);
    let counts: Vec<_> = scene.missed.iter().map(|(.., lost)| lost.len()).collect();
    assert_eq!(counts, [256, 256, 256, 134]);
}

#[test]
fn probes_on_a_retransmission_stream_reach_nobody() {
    let (mut scene, lost) = scene(2);
    for packet in &lost {
        scene.send_raw(0, packet).expect("a good packet");
    }
    scene.take();
    // An old packet again.
    let again = repair_of(&lost[0], 0, 1, true);
    assert_eq!(scene.send_raw(0, &again), Err(ForwardDrop::NotMissing));
    // One that was never sent, far away: the stream does not begin anew.
    let mut far = lost[0].clone();
    far[2] ^= 0x80;
    let far = repair_of(&far, 0, 2, true);
    assert_eq!(scene.send_raw(0, &far), Err(ForwardDrop::NotMissing));
    // Padding alone.
    let mut padding = repair_of(&lost[0], 0, 3, true);
    let length = padding.len();
    padding[0] |= 0x20;
    padding[length - 1] = 2 + 14 + 2;
    assert_eq!(scene.send_raw(0, &padding), Err(ForwardDrop::RepairPadding));
    // Half a number.
    padding[length - 1] = 1 + 14 + 2;
    assert_eq!(scene.send_raw(0, &padding), Err(ForwardDrop::Malformed));
    assert!(scene.take().is_empty());
    scene.wait(1_000);
    assert_eq!(scene.missed, []);
    scene.frame(0, CAMERA, 0, false);
    assert_eq!(scene.take().len(), 2);
    assert_eq!(dropped(&scene, ForwardDrop::NotMissing), 2);
}
