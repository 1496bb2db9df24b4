//! A room taken apart and built again from values.

use protocol::{Duration, EndpointIndex, Instant, media::Source};
use sfu_core::{Endpoint, EndpointSnapshot, Limits, Removal, Restoration};

use crate::scene::{Arrived, ROOM, Scene, plan, ssrc_of, tile};

const PEOPLE: u32 = 4;

/// A call of four that has run for two seconds.
fn running() -> Scene {
    let mut scene = Scene::new(PEOPLE, 4);
    for person in 0..PEOPLE {
        scene.turn_on(person, Source::Microphone);
        scene.turn_on(person, Source::Camera);
    }
    let stage = Some(tile(2, Source::Camera, 700));
    let tiles: Vec<_> = (0..PEOPLE).map(|person| tile(person, Source::Camera, 180)).collect();
    scene.view(0, stage, &tiles);
    for round in 0..100 {
        media(&mut scene, round == 0);
    }
    scene
}

fn media(scene: &mut Scene, keyframes: bool) {
    for person in 0..PEOPLE {
        let _ = scene.speak(person, 40);
        for layer in 0..3 {
            scene.frame(person, Source::Camera, layer, keyframes);
        }
    }
    scene.wait(20);
}

fn taken_apart(scene: &Scene) -> Vec<String> {
    (0..PEOPLE)
        .map(|person| {
            let snapshot = scene.forwarder.snapshot(scene.now, EndpointIndex(person));
            serde_json::to_string(&snapshot.expect("in the room")).expect("a plain value")
        })
        .collect()
}

/// Builds the room again in a new engine whose clock reads `now`, in reverse order of joining.
fn built_again(snapshots: &[String], now: Instant, elapsed: Duration, jump: u16) -> Scene {
    let limits = Limits {
        endpoints: 8,
        rooms: 2,
        participants_per_room: 8,
        slots_per_endpoint: 53,
        ..Limits::default()
    };
    let mut scene = Scene::empty(limits);
    scene.now = now;
    for (person, text) in (0..PEOPLE).zip(snapshots).rev() {
        let snapshot: EndpointSnapshot = serde_json::from_str(text).expect("as it was written");
        assert_eq!(snapshot.participant(), crate::scene::participant(person));
        let restoration =
            Restoration { index: EndpointIndex(person), room: ROOM, now, elapsed, jump, seed: 99 };
        let endpoint = Endpoint::restore(&snapshot, &plan(person, 4), &limits, &restoration);
        scene.add(endpoint);
    }
    scene
}

fn last_of<'a>(arrived: &'a [Arrived], packet: &Arrived) -> Option<&'a Arrived> {
    let same = |old: &&Arrived| old.header.ssrc == packet.header.ssrc && old.to == packet.to;
    arrived.iter().rev().find(same)
}

#[test]
fn a_restored_room_goes_on_in_the_same_slots_with_numbers_that_jump() {
    for (jump, elapsed_ms) in [(0_u16, 0_u64), (20_000, 700)] {
        let mut scene = running();
        let before = scene.take();
        let carried: Vec<_> = (0..PEOPLE).map(|person| scene.carried(person)).collect();
        let sources = scene.sources.clone();
        let snapshots = taken_apart(&scene);
        let elapsed = Duration::from_millis(elapsed_ms);
        let mut scene = built_again(&snapshots, Instant::from_micros(55), elapsed, jump);
        scene.sources = sources;
        assert_eq!(scene.asked.len(), 4 + 1, "every camera, and the stage's large layer");
        for person in 0..PEOPLE {
            assert_eq!(scene.carried(person), carried[person as usize]);
            assert_eq!(scene.changed(person), [], "nothing new for {person}");
        }
        media(&mut scene, false);
        assert!(scene.take().iter().all(|a| a.header.pt.0 == 100), "no picture yet");
        media(&mut scene, true);
        media(&mut scene, false);
        let mut continued = std::collections::HashSet::new();
        for packet in scene.take() {
            let Some(old) = last_of(&before, &packet) else { continue };
            assert_eq!(old.csrc, packet.csrc, "the same source in the same slot");
            if continued.insert(packet.header.ssrc) {
                let step = packet.seq().0.wrapping_sub(old.seq().0);
                // Sound has had one packet since, which was taken above.
                let sound = u16::from(packet.header.pt.0 == 100);
                assert_eq!(step, jump + 1 + sound);
                let per_ms = if sound == 1 { 48 } else { 90 };
                let expected = (elapsed_ms as i32 + 20) * per_ms;
                let time = packet.time().distance_from(old.time());
                assert!((time - expected).abs() <= 40 * per_ms, "{time} ticks, not {expected}");
            }
        }
        assert_eq!(continued.len(), 4 * 3 + 4 * 3, "every slot that had carried something");
        for person in 0..PEOPLE {
            assert_eq!(scene.carried(person), carried[person as usize]);
        }
    }
}

#[test]
fn a_room_taken_apart_one_by_one_is_the_same_when_it_is_built_again() {
    let mut scene = running();
    let carried: Vec<_> = (0..PEOPLE).map(|person| scene.carried(person)).collect();
    let limits = *scene.forwarder.limits();
    for person in 0..PEOPLE {
        let _ = scene.changed(person);
    }
    let snapshots: Vec<_> = (0..PEOPLE)
        .map(|person| {
            let index = EndpointIndex(person);
            let removed = scene.forwarder.remove_endpoint(scene.now, index, Removal::ToReturn);
            removed.expect("in the room").snapshot(scene.now)
        })
        .collect();
    scene.wait(100);
    for (person, snapshot) in (0..PEOPLE).zip(&snapshots) {
        let (index, now, elapsed) = (EndpointIndex(person), scene.now, Duration::ZERO);
        let restoration = Restoration { index, room: ROOM, now, elapsed, jump: 20_000, seed: 99 };
        scene.add(Endpoint::restore(snapshot, &plan(person, 4), &limits, &restoration));
        assert_eq!(scene.carried(person), carried[person as usize]);
    }
    // The last come first to speak.
    for person in (0..PEOPLE).rev() {
        let _ = scene.speak(person, 40);
    }
    media(&mut scene, true);
    for person in 0..PEOPLE {
        assert_eq!(scene.carried(person), carried[person as usize]);
        assert_eq!(scene.changed(person), [], "nothing new for {person}");
    }
}

#[test]
fn who_was_to_return_and_does_not_is_forgotten_after_five_seconds() {
    let mut scene = running();
    let (now, gone) = (scene.now, EndpointIndex(3));
    assert!(scene.forwarder.remove_endpoint(now, gone, Removal::ToReturn).is_some());
    let carries = |scene: &Scene| scene.carried(0).iter().any(|(_, person, _)| *person == 3);
    scene.wait(4_900);
    assert!(carries(&scene));
    scene.wait(1_000);
    assert!(!carries(&scene));
}

#[test]
fn a_restored_publisher_is_asked_every_150_ms_until_the_keyframe_comes() {
    let scene = running();
    let mut restored = built_again(&taken_apart(&scene), Instant::ZERO, Duration::ZERO, 20_000);
    restored.wait(450);
    let stage = (2, ssrc_of(Source::Camera, 2));
    let times: Vec<_> = restored
        .asked
        .iter()
        .filter(|(_, who, ssrc)| (*who, *ssrc) == stage)
        .map(|(at, ..)| at.as_micros() / 1_000)
        .collect();
    assert_eq!(times, [0, 150, 300, 450]);
}

#[test]
fn streams_are_known_after_restoration_without_mid_and_rid() {
    let mut scene = running();
    let snapshots = taken_apart(&scene);
    let mut packets = scene.frame_packets(0, Source::Camera, 1, true);
    for packet in &mut packets {
        // Browsers name MID and RID only until the first receiver report: no extension block.
        let header = protocol::rtp::RtpHeader::parse(packet).expect("a packet");
        packet.drain(12..usize::from(header.payload_offset));
        packet[0] &= !0x10;
    }
    let mut restored = built_again(&snapshots, Instant::ZERO, Duration::ZERO, 1);
    assert_eq!(restored.send_raw(0, &packets[0]), Ok(()));
    let incoming: Vec<_> = restored.forwarder.incoming_streams(EndpointIndex(0)).collect();
    assert_eq!(incoming.len(), 4);
    assert!(incoming.iter().any(|s| s.source == Source::Camera && s.layer == 1));
}

#[test]
fn slots_forget_what_does_not_come_back() {
    let scene = running();
    let snapshots = taken_apart(&scene);
    let limits = *scene.forwarder.limits();
    let mut restored = Scene::empty(limits);
    let snapshot: EndpointSnapshot = serde_json::from_str(&snapshots[0]).expect("a snapshot");
    let restoration = Restoration {
        index: EndpointIndex(0),
        room: ROOM,
        now: restored.now,
        elapsed: Duration::ZERO,
        jump: 1,
        seed: 3,
    };
    restored.add(Endpoint::restore(&snapshot, &plan(0, 4), &limits, &restoration));
    assert!(!restored.carried(0).is_empty());
    restored.wait(6_000);
    assert_eq!(restored.carried(0), []);
    assert_eq!(restored.changed(0).len(), 6, "three voices and three pictures");
}

#[test]
fn a_view_that_changes_during_restoration_names_nobody_twice() {
    let scene = running();
    let mut restored = built_again(&taken_apart(&scene), Instant::ZERO, Duration::ZERO, 1);
    for stage in [1, 3, 2, 1] {
        restored.view(0, Some(tile(stage, Source::Camera, 700)), &[]);
        restored.wait(500);
        media(&mut restored, true);
        let mut people: Vec<_> = restored
            .carried(0)
            .into_iter()
            .filter(|(_, _, source)| *source == Source::Camera)
            .map(|(_, who, _)| who)
            .collect();
        people.sort_unstable();
        let named = people.len();
        people.dedup();
        assert_eq!(people.len(), named, "with {stage} on stage");
        assert_eq!(people, [stage], "what the view no longer names is gone");
    }
}

#[test]
fn a_snapshot_is_small_and_tells_the_last_numbers() {
    let mut scene = running();
    let arrived = scene.take();
    let snapshot = scene.forwarder.snapshot(scene.now, EndpointIndex(0)).expect("in the room");
    let text = serde_json::to_string(&snapshot).expect("a plain value");
    assert!(text.len() < 8_192, "{} bytes", text.len());
    for (ssrc, seq) in snapshot.last_sequence_numbers() {
        let last = arrived.iter().rev().find(|a| a.header.ssrc == ssrc);
        assert!(last.is_none_or(|last| last.seq() == seq));
    }
}
