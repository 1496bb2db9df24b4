//! What waits for a receiver's line, and what fills it.

use protocol::{Duration, EndpointIndex, media::Source};
use sfu_core::{ForwardDrop, congestion::PacketReport};

use crate::scene::{Arrived, Person, Scene, plan, repair_ssrc, slot_ssrc, ssrc_of, tile};

const NUMBER_ID: u8 = 5;
const CAMERA: Source = Source::Camera;

/// A sender, a receiver that tells of its packets, and a bystander.
fn scene() -> Scene {
    let mut scene = Scene::empty(*Scene::new(3, 1).forwarder.limits());
    for person in 0..3 {
        let mut plan = plan(person, 1);
        for slot in &mut plan.slots {
            slot.extensions.transport_cc = Some(NUMBER_ID);
        }
        scene.join(person, &plan);
    }
    scene.turn_on(0, Source::Microphone);
    scene.turn_on(0, CAMERA);
    for person in 1..3 {
        scene.view(person, None, &[tile(0, CAMERA, 720)]);
    }
    scene
}

fn of(arrived: &[Arrived], person: Person) -> Vec<&Arrived> {
    arrived.iter().filter(|packet| packet.to == person).collect()
}

/// The receiver tells that its packets came, 20 ms later.
fn report(scene: &mut Scene, arrived: &[Arrived]) {
    let reports: Vec<_> = of(arrived, 1)
        .into_iter()
        .map(|packet| {
            let found = packet.extensions.iter().find(|(id, _)| *id == NUMBER_ID);
            let (_, number) = found.expect("every packet has its number");
            let at = packet.at.as_micros() as i64 + 20_000;
            let seq = u16::from_be_bytes([number[0], number[1]]);
            PacketReport { seq, arrived_us: Some(at) }
        })
        .collect();
    scene.forwarder.handle_packet_reports(scene.now, EndpointIndex(1), reports);
}

/// One frame of two packets with `bytes` more than the scene's.
fn big_frame(scene: &mut Scene, layer: u8, keyframe: bool, bytes: usize) {
    for mut packet in scene.frame_packets(0, CAMERA, layer, keyframe) {
        let end = packet.split_off(packet.len() - 2);
        packet.resize(packet.len() + bytes, 0xAA);
        packet.extend(end);
        let _ = scene.send_raw(0, &packet);
    }
}

/// Frames of two packets, 25 a second, told of every 40 ms, for `rounds`.
fn flow(scene: &mut Scene, rounds: u32) -> Vec<Arrived> {
    let mut all = Vec::new();
    for round in 0..rounds {
        big_frame(scene, 0, round == 0, 100);
        big_frame(scene, 2, round == 0, 1_000);
        scene.wait(40);
        let arrived = scene.take();
        report(scene, &arrived);
        all.extend(arrived);
    }
    all
}

#[test]
fn a_burst_is_spread_over_time_and_sound_does_not_wait() {
    let mut scene = scene();
    flow(&mut scene, 25);
    // 300 large packets within 150 ms: seconds of what the line is known to carry.
    let at = scene.now;
    let slot = slot_ssrc(1, "v0");
    let mut pictures = Vec::new();
    for _ in 0..150 {
        big_frame(&mut scene, 0, false, 1_000);
        scene.wait(1);
        pictures.extend(scene.take());
    }
    let _ = scene.speak(0, 30);
    let sound = scene.take();
    let voice = of(&sound, 1).into_iter().filter(|packet| packet.header.ssrc != slot).count();
    assert_eq!(voice, 1, "sound goes at once");
    scene.wait(2_000);
    pictures.extend(scene.take());
    pictures.retain(|packet| packet.to == 1 && packet.header.ssrc == slot);
    assert!((20..300).contains(&pictures.len()), "{} went", pictures.len());
    assert!(scene.forwarder.counters().drops(ForwardDrop::LineFull) > 0);
    assert_eq!(scene.forwarder.counters().drops(ForwardDrop::QueueFull), 0);
    let numbers: Vec<u16> = pictures.iter().map(|packet| packet.seq().0).collect();
    let holes = |two: &[u16]| u64::from(two[1].wrapping_sub(two[0]) - 1);
    let holes: u64 = numbers.windows(2).map(holes).sum();
    // What is left out spends no number; what the small layer's ring overwrote has one.
    assert!(holes <= scene.forwarder.counters().drops(ForwardDrop::Overwritten));
    let last = pictures.iter().map(|packet| packet.at).max().expect("some went");
    let after = last.saturating_duration_since(at);
    assert!(after > Duration::from_millis(60), "longer than any burst: {after:?}");
}

#[test]
fn a_line_is_tried_with_packets_that_were_sent_before() {
    let mut scene = scene();
    let arrived = flow(&mut scene, 50);
    let on_repair = |person| {
        let ssrc = repair_ssrc(person, "v0");
        of(&arrived, person).into_iter().filter(move |packet| packet.header.ssrc == ssrc).count()
    };
    let filled = scene.forwarder.counters().padding_packets;
    assert!(filled > 0, "a probe was filled");
    // Who tells nothing is tried at first, and never again.
    assert_eq!((on_repair(1) + on_repair(2)) as u64, filled);
    assert!(on_repair(1) > on_repair(2));
}

/// Sends so many frames, 25 a second, of two layers of a camera: 120 kb/s and 1.2 Mb/s.
fn send(scene: &mut Scene, frames: u32, keyframes: bool) {
    for _ in 0..frames {
        for (layer, bytes) in [(0, 600), (2, 6_000)] {
            let asked = scene.asked.iter().any(|it| it.2 == ssrc_of(CAMERA, layer));
            scene.large_frame(0, CAMERA, layer, asked && keyframes, bytes);
        }
        scene.asked.clear();
        scene.wait(40);
    }
}

/// A camera of which a receiver gets the largest layer, and its line then carries 300 kb/s: as much
/// waits as may.
fn thinned() -> (Scene, Vec<Arrived>) {
    let mut scene = Scene::new(2, 1);
    scene.turn_on(0, CAMERA);
    scene.view(1, None, &[tile(0, CAMERA, 720)]);
    scene.line(1, 3_000);
    send(&mut scene, 1_000, true);
    scene.take();
    scene.line(1, 300);
    send(&mut scene, 10, false);
    let arrived = of(&scene.take(), 1).into_iter().cloned().collect::<Vec<_>>();
    let layers: Vec<u8> = arrived.iter().map(|packet| packet.names().1).collect();
    assert!(layers.iter().all(|layer| *layer == 2), "the largest layer flows: {layers:?}");
    assert!(scene.forwarder.counters().drops(ForwardDrop::LineFull) > 0, "the line is full");
    (scene, arrived)
}

#[test]
fn a_smaller_picture_does_not_wait_behind_the_one_that_it_replaces() {
    let (mut scene, mut arrived) = thinned();
    scene.large_frame(0, CAMERA, 0, true, 600);
    scene.wait(40);
    let after = scene.take();
    let has_key = |packet: &&Arrived| packet.payload.len() > 100 && packet.names() == (0, 0);
    assert!(of(&after, 1).iter().any(has_key), "the keyframe goes at once");
    arrived.extend(of(&after, 1).into_iter().cloned());
    let slot = slot_ssrc(1, "v0");
    let numbers: Vec<u16> =
        arrived.iter().filter(|it| it.header.ssrc == slot).map(|it| it.seq().0).collect();
    assert!(numbers.windows(2).all(|two| two[1] == two[0].wrapping_add(1)), "{numbers:?}");
    let hollow = of(&after, 1).into_iter().filter(|packet| packet.payload.is_empty()).count();
    assert!(hollow > 5, "of what waited only the numbers went: {hollow}");
}

#[test]
fn what_another_picture_has_replaced_is_not_sent_again() {
    let (mut scene, arrived) = thinned();
    let last = arrived.last().expect("something went").seq().0;
    scene.large_frame(0, CAMERA, 0, true, 600);
    scene.wait(1_000);
    scene.take();
    let before = *scene.forwarder.counters();
    scene.nack(1, "v0", &[last - 1, last - 2]);
    scene.wait(1_000);
    let after = scene.forwarder.counters();
    assert_eq!(after.drops(ForwardDrop::Forgotten), before.drops(ForwardDrop::Forgotten) + 2);
    assert_eq!(after.nacked_packets, before.nacked_packets + 2);
}
