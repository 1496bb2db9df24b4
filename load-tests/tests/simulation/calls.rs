//! What a call is for: people see and hear each other, come, go, and look closer.

use load_tests::{client::Shape, sim::World};
use protocol::{
    ParticipantId, RoomId,
    client::{Tile, View},
    media::Source,
};

use crate::{
    ROOM, assert_bystanders_undisturbed, assert_spotless, call, millis, others, picture_gap,
    seconds, with_seeds,
};

#[test]
fn four_people_see_and_hear_each_other() {
    with_seeds(0..4, |seed| {
        let mut world = call(seed, 4);
        let since = world.now();
        world.run_for(seconds(5));
        for number in 1..=4 {
            let client = &world.person(number).client;
            assert_eq!(client.seen_since(since), others(4, number), "seen by {number}");
            assert_eq!(client.heard_since(since), others(4, number), "heard by {number}");
            for author in others(4, number) {
                let gap = picture_gap(&world, number, author, since);
                assert!(gap < millis(90), "{number} had no picture of {author} for {gap:?}");
            }
        }
        assert_spotless(&world);
        assert_bystanders_undisturbed(&world, since);
    });
}

#[test]
fn late_joiner_decodes_each_camera_within_one_keyframe() {
    with_seeds(0..4, |seed| {
        let mut world = call(seed, 4);
        let asked_before: Vec<usize> = (1..=4).map(|it| keyframes_asked(&world, it)).collect();
        let since = world.now();
        world.join(ROOM, 5, Shape::PARTICIPANT);
        world.run_for(seconds(3));
        let connected = world.person(5).connected_at.expect("media flows");
        for author in 1..=4 {
            // The request, the wait for the next frame, and the frame: 20 + 67 + 40 ms.
            let frames = world.person(5).client.slots.values().flat_map(|slot| &slot.frames);
            let first = frames.filter(|it| it.author == author && it.is_picture).map(|it| it.at);
            let took = first.min().expect("a picture").saturating_duration_since(connected);
            assert!(took < millis(150), "{author} after {took:?}");
            let asked = keyframes_asked(&world, author) - asked_before[author as usize - 1];
            assert_eq!(asked, 1, "keyframes asked of {author}");
            for other in others(4, author) {
                let gap = picture_gap(&world, author, other, since);
                assert!(gap < millis(90), "{author} had no picture of {other} for {gap:?}");
            }
        }
        for number in 1..=4 {
            assert_eq!(world.person(number).client.seen_since(since), others(5, number));
        }
        assert_spotless(&world);
    });
}

#[test]
fn leaving_does_not_disturb_the_others() {
    with_seeds(0..4, |seed| {
        let mut world = call(seed, 4);
        let since = world.now();
        world.leave(2);
        world.run_for(seconds(1));
        let after = world.now();
        world.run_for(seconds(4));
        for number in [1, 3, 4] {
            let person = world.person(number);
            let mut rest = others(4, number);
            rest.remove(&2);
            assert_eq!(person.client.seen_since(after), rest);
            assert_eq!(person.client.heard_since(after), rest);
            for author in rest {
                let gap = picture_gap(&world, number, author, since);
                assert!(gap < millis(90), "{number} had no picture of {author} for {gap:?}");
            }
            let carried = person.slot_map.values().flatten();
            assert!(carried.into_iter().all(|content| content.participant.get() != 2));
        }
        assert_spotless(&world);
        assert_bystanders_undisturbed(&world, since);
    });
}

#[test]
fn who_comes_again_is_seen_again() {
    with_seeds(0..3, |seed| {
        let mut world = call(seed, 3);
        world.leave(2);
        world.run_for(seconds(1));
        world.join(ROOM, 2, Shape::PARTICIPANT);
        world.run_for(seconds(2));
        let since = world.now();
        world.run_for(seconds(2));
        for number in 1..=3 {
            assert_eq!(world.person(number).client.seen_since(since), others(3, number));
            assert_eq!(world.person(number).client.heard_since(since), others(3, number));
        }
        assert_spotless(&world);
    });
}

#[test]
fn the_layer_follows_the_height_of_the_tile() {
    with_seeds(0..3, |seed| {
        let mut world = call(seed, 2);
        for (height, layer) in [(120, 0), (360, 1), (720, 2), (481, 2), (480, 1), (90, 0)] {
            let tile = Tile { participant: ParticipantId(2), source: Source::Camera, height };
            let since = world.now();
            world.set_view(1, View { stage: None, tiles: vec![tile] });
            world.run_for(millis(500));
            let settled = world.now();
            world.run_for(seconds(1));
            let frames = world.person(1).client.slots.values().flat_map(|slot| &slot.frames);
            let shown = frames.filter(|frame| frame.is_picture && frame.at >= settled);
            let layers: Vec<u8> = shown.map(|frame| frame.layer).collect();
            assert!(layers.len() >= 14, "a height of {height} shows {} frames", layers.len());
            assert!(layers.iter().all(|it| *it == layer), "a height of {height} shows {layers:?}");
            let gap = picture_gap(&world, 1, 2, since);
            assert!(gap < millis(90), "the switch to {height} cost {gap:?}");
        }
        assert_spotless(&world);
    });
}

#[test]
fn a_hidden_tile_costs_nothing() {
    with_seeds(0..2, |seed| {
        let mut world = call(seed, 3);
        let tile = Tile { participant: ParticipantId(2), source: Source::Camera, height: 0 };
        world.set_view(1, View { stage: None, tiles: vec![tile] });
        world.run_for(millis(200));
        let since = world.now();
        world.run_for(seconds(2));
        assert!(world.person(1).client.seen_since(since).is_empty());
        assert_eq!(world.person(1).client.heard_since(since), others(3, 1));
        assert_eq!(world.person(2).client.seen_since(since), others(3, 2));
        assert_spotless(&world);
    });
}

#[test]
fn one_seed_is_one_run() {
    let run = |seed| {
        let mut world = call(seed, 3);
        world.restore(ROOM);
        world.rebind(2);
        world.leave(3);
        world.join(RoomId(1), 4, Shape::PARTICIPANT);
        world.run_for(seconds(4));
        world.fingerprint()
    };
    with_seeds(0..3, |seed| {
        let first = run(seed);
        assert!(first.events > 5_000);
        assert_eq!(first, run(seed), "the same seed ran otherwise");
        assert_ne!(first, run(seed + 100), "another seed ran alike");
    });
}

fn keyframes_asked(world: &World, number: u32) -> usize {
    world.person(number).client.publisher.as_ref().map_or(0, |it| it.keyframes_asked.len())
}
