//! What nobody watches is not sent, and a thin line harms only its own pictures.

use load_tests::{client::Shape, sim::World};
use protocol::{
    ParticipantId,
    client::{Tile, View},
    media::Source,
};

use crate::{ROOM, seconds, with_seeds};

/// A view of the cameras of `people` in tiles of `height`.
fn tiles(people: impl IntoIterator<Item = u32>, height: u16) -> View {
    let tile = |number| Tile { participant: ParticipantId(number), source: Source::Camera, height };
    View { stage: None, tiles: people.into_iter().map(tile).collect() }
}

/// Which encodings of their camera somebody sends.
fn sent(world: &World, number: u32) -> [bool; 3] {
    let publisher = world.person(number).client.publisher.as_ref().expect("it publishes");
    [0, 1, 2].map(|layer| publisher.is_active(layer))
}

#[test]
fn encodings_that_nobody_watches_stop_and_come_back() {
    with_seeds(0..5, |seed| {
        let mut world = World::new(seed);
        world.join(ROOM, 1, Shape::BROWSER);
        world.run_for(seconds(8));
        assert_eq!(sent(&world, 1), [false; 3], "alone in the room");
        for number in [2, 3] {
            world.join(ROOM, number, Shape::BROWSER);
            world.set_view(number, tiles([1], 180));
        }
        let came = world.now();
        world.run_for(seconds(2));
        assert!(world.person(2).client.seen_since(came).contains(&1), "the picture came back");
        world.run_for(seconds(8));
        assert_eq!(sent(&world, 1), [true, false, false], "two small tiles");
        let saved = world.person(1).client.publisher.as_ref().map(|it| it.frames_sent(2));
        world.set_view(3, tiles([1], 720));
        let wanted = world.now();
        // Their line has to be tried first: the estimate stood at what the small tile needed.
        world.run_for(seconds(10));
        assert_eq!(sent(&world, 1), [true; 3]);
        let now = world.person(1).client.publisher.as_ref().map(|it| it.frames_sent(2));
        assert!(now > saved, "it is sent again");
        assert!(world.person(3).client.seen_since(wanted).contains(&1));
        for number in [2, 3] {
            world.set_view(number, tiles([1], 0));
        }
        world.run_for(seconds(8));
        assert_eq!(sent(&world, 1), [false; 3], "both have hidden it");
        assert_eq!(sent(&world, 2), [true, false, false], "the first shows everybody, small");
    });
}
