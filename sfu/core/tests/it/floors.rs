//! The floor of whole rooms.

use protocol::media::Source;
use sfu_core::Removal;

use crate::scene::Scene;

const SPEECH: u8 = 25;
const NOISE: u8 = 75;

/// A room of `people` with their microphones on.
fn room(people: u32) -> Scene {
    let mut scene = Scene::new(people, 1);
    for person in 0..people {
        scene.turn_on(person, Source::Microphone);
    }
    scene
}

/// `speaker` talks for `millis`, the others make noise.
fn talk(scene: &mut Scene, speaker: Option<u32>, people: &[u32], millis: u64) {
    for _ in 0..millis / 20 {
        for &person in people {
            let level = if Some(person) == speaker { SPEECH } else { NOISE };
            let _ = scene.speak(person, level);
        }
        scene.wait(20);
    }
}

#[test]
fn a_room_hears_of_a_speaker_once_and_within_600_ms() {
    let mut scene = room(8);
    let people: Vec<u32> = (0..8).collect();
    talk(&mut scene, None, &people, 2_000);
    assert_eq!(scene.speakers, []);
    for speaker in [6, 2, 7] {
        let onset = scene.now;
        talk(&mut scene, Some(speaker), &people, 3_000);
        let [(at, Some(heard))] = scene.speakers[..] else { panic!("{:?}", scene.speakers) };
        assert_eq!(heard, speaker);
        assert!(at.saturating_duration_since(onset).as_millis() <= 600, "{at:?}");
        scene.speakers.clear();
    }
    talk(&mut scene, None, &people, 5_000);
    assert_eq!(scene.speakers, [], "silence changes nothing");
}

#[test]
fn who_is_not_among_the_loudest_can_still_take_the_floor() {
    let mut scene = room(10);
    let people: Vec<u32> = (0..10).collect();
    // Four voices without a pause hold all places of those who are forwarded, at −60 dBov: loud
    // enough to be ranked, too soft to be speech.
    for _ in 0..150 {
        for &person in &people {
            let _ = scene.speak(person, if person < 4 { 60 } else { 90 });
        }
        scene.wait(20);
    }
    talk(&mut scene, Some(9), &people, 1_000);
    assert_eq!(scene.speakers.last().map(|&(_, who)| who), Some(Some(9)));
}

#[test]
fn the_floor_falls_when_its_holder_mutes_or_goes() {
    let mut scene = room(3);
    talk(&mut scene, Some(1), &[0, 1, 2], 2_000);
    scene.speakers.clear();
    scene.turn_off(1, Source::Microphone);
    assert_eq!(scene.speakers, [(scene.now, None)]);
    scene.turn_on(1, Source::Microphone);
    talk(&mut scene, Some(2), &[0, 1, 2], 2_000);
    scene.speakers.clear();
    scene.leave(2);
    assert_eq!(scene.speakers, [(scene.now, None)]);
    talk(&mut scene, Some(0), &[0, 1], 1_000);
    assert_eq!(scene.speakers.last().map(|&(_, who)| who), Some(Some(0)));
}

#[test]
fn a_holder_who_is_built_again_keeps_the_floor_and_one_who_never_returns_loses_it() {
    let mut scene = room(3);
    talk(&mut scene, Some(1), &[0, 1, 2], 2_000);
    scene.speakers.clear();
    let index = protocol::EndpointIndex(1);
    let endpoint = scene.forwarder.remove_endpoint(scene.now, index, Removal::ToReturn);
    talk(&mut scene, None, &[0, 2], 1_000);
    scene.add(endpoint.expect("it was there"));
    talk(&mut scene, None, &[0, 1, 2], 8_000);
    assert_eq!(scene.speakers, []);
    let endpoint = scene.forwarder.remove_endpoint(scene.now, index, Removal::ToReturn);
    assert!(endpoint.is_some());
    talk(&mut scene, None, &[0, 2], 8_000);
    assert_eq!(scene.speakers.iter().map(|&(_, who)| who).collect::<Vec<_>>(), [None]);
}

#[test]
fn a_thousand_who_shout_at_once_give_one_room_one_floor_and_a_bystander_none() {
    const PEOPLE: u32 = 1_000;
    let mut scene = Scene::new(PEOPLE, 0);
    let people: Vec<u32> = (0..PEOPLE - 1).collect();
    for &person in &people {
        scene.turn_on(person, Source::Microphone);
    }
    for tick in 0..100_u32 {
        for &person in &people {
            let _ = scene.speak(person, if tick < 25 { NOISE } else { (person % 40) as u8 });
        }
        scene.wait(20);
        scene.take();
    }
    let holders: Vec<_> = scene.speakers.iter().filter_map(|&(_, who)| who).collect();
    assert!((1..=5).contains(&holders.len()), "{} changes in two seconds", holders.len());
    assert!(holders.iter().all(|&who| who < PEOPLE - 1), "the bystander said nothing");
}
