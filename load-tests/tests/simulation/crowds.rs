//! Many at once: joiners who all want a keyframe, and one who sends more than anybody may.

use load_tests::{client::Shape, sim::World};
use protocol::{
    Duration, Instant, ParticipantId,
    client::{Tile, View},
    media::Source,
};
use sfu_worker::{Counters, ForwardDrop};

use crate::{
    ROOM, assert_bystanders_undisturbed, assert_sound, assert_spotless, call, millis, others,
    picture_gap, seconds, with_seeds,
};

#[test]
fn fifty_joiners_cost_a_publisher_two_keyframes_a_second() {
    let watcher = Shape { publishes: false, voices: 1, videos: 1, ..Shape::PARTICIPANT };
    with_seeds(0..3, |seed| {
        let mut world = World::new(seed);
        world.join(ROOM, 1, Shape::PARTICIPANT);
        world.run_for(seconds(2));
        for number in 2..=51 {
            let pause = Duration::from_micros(world.random().below(100_000));
            world.run_for(pause);
            world.join(ROOM, number, watcher);
            let height = [90, 360, 720][world.random().below(3) as usize];
            let participant = ParticipantId(1);
            let tile = Tile { participant, source: Source::Camera, height };
            world.set_view(number, View { stage: None, tiles: vec![tile] });
        }
        world.run_for(seconds(3));
        let publisher = world.person(1).client.publisher.as_ref().expect("it sends");
        for layer in 0..3 {
            let asked = publisher.keyframes_asked.iter().filter(|(_, it)| *it == layer);
            let times: Vec<Instant> = asked.map(|(at, _)| *at).collect();
            assert!(times.len() >= 3, "layer {layer} was asked {} times", times.len());
            // Three within a second would be three a second; the way of each jitters by 5 ms.
            for window in times.windows(3) {
                let span = window[2].saturating_duration_since(window[0]);
                assert!(span > millis(990), "layer {layer} was asked three times in {span:?}");
            }
        }
        for number in 2..=51 {
            let person = world.person(number);
            let connected = person.connected_at.expect("media flows");
            let frames = person.client.slots.values().flat_map(|slot| &slot.frames);
            let first = frames.filter(|frame| frame.is_picture).map(|frame| frame.at).min();
            let took = first.expect("a picture").saturating_duration_since(connected);
            assert!(took < millis(700), "{number} waited {took:?} for a picture");
        }
        assert_spotless(&world);
    });
}

#[test]
fn who_sends_twenty_thousand_packets_a_second_is_capped() {
    with_seeds(0..2, |seed| {
        let mut world = call(seed, 4);
        let since = world.now();
        let before = world.counters();
        for _ in 0..3_000 {
            world.with_client(2, |_, client| client.flood(20));
            world.run_for(millis(1));
        }
        let after = world.counters();
        // What a publisher may send: 2 000 packets/s and 1 000 at once.
        let taken = after.forward.received_packets - before.forward.received_packets;
        assert!(taken > 60_000, "the flood came: {taken}");
        let over = |counters: &Counters| counters.forward.drops(ForwardDrop::OverBudget);
        let passed = taken - (over(&after) - over(&before));
        // Five others send 140 packets/s each.
        assert!(passed < 3 * 2_000 + 1_000 + 5 * 3 * 150, "{passed} passed");
        for receiver in [1, 3, 4] {
            let slots = &world.person(receiver).client.slots;
            let of_flooder =
                |at: &&load_tests::client::reception::Reception| at.author() == Some(2);
            for slot in slots.values().filter(of_flooder) {
                assert!(slot.packets < 3 * 1_700 + 1_000 + 1_000, "{} packets", slot.packets);
            }
            for author in others(4, receiver).into_iter().filter(|author| *author != 2) {
                let gap = picture_gap(&world, receiver, author, since);
                assert!(gap < millis(110), "{receiver} had no picture of {author} for {gap:?}");
            }
            let heard = world.person(receiver).client.heard_since(since);
            assert!(heard.is_superset(&(&others(4, receiver) - &[2].into())), "{heard:?}");
        }
        assert_sound(&world);
        assert_bystanders_undisturbed(&world, since);
    });
}
