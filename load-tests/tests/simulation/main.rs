//! Stories of whole rooms under virtual time. Each is told with several seeds; a failing one names
//! its seed, and a seed is one run.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a story ends with what it cannot do, and names its seed"
)]

mod attackers;
mod budgets;
mod calls;
mod crowds;
mod false_reports;
mod legacy;
mod liars;
mod lines;
mod lips;
mod losses;
mod networks;
mod quality;
mod restoration;
mod seeds;
mod signaling;

use std::collections::BTreeSet;

use load_tests::{client::Shape, sim::World};
use protocol::{Duration, Instant, RoomId};

const ROOM: RoomId = RoomId(1);

/// Two people in another room, who are to notice nothing of the first.
const ELSEWHERE: RoomId = RoomId(2);
const BYSTANDERS: [u32; 2] = [101, 102];

/// Tells a story with these seeds; with `PREAU_SEEDS=100`, from the first one on with a hundred.
fn with_seeds(seeds: std::ops::Range<u64>, story: impl Fn(u64)) {
    let asked = std::env::var("PREAU_SEEDS").ok().and_then(|count| count.parse::<u64>().ok());
    for seed in seeds.start..asked.map_or(seeds.end, |count| seeds.start + count) {
        println!("seed {seed}");
        story(seed);
    }
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A call of `people`, numbered from 1, and the bystanders' call, both in full swing after 4 s.
fn call(seed: u64, people: u32) -> World {
    let mut world = World::new(seed);
    for number in BYSTANDERS {
        world.join(ELSEWHERE, number, Shape::PARTICIPANT);
    }
    for number in 1..=people {
        let pause = Duration::from_micros(world.random().below(200_000));
        world.run_for(pause);
        world.join(ROOM, number, Shape::PARTICIPANT);
    }
    world.run_for(seconds(4));
    world
}

/// Everybody of 1 to `people` but `number`.
fn others(people: u32, number: u32) -> BTreeSet<u32> {
    (1..=people).filter(|other| *other != number).collect()
}

/// From here on everybody sees and hears all the others, within two seconds.
fn assert_all_meet(world: &mut World, people: u32) {
    let since = world.now();
    world.run_for(seconds(2));
    for number in 1..=people {
        assert_eq!(world.person(number).client.seen_since(since), others(people, number));
        assert_eq!(world.person(number).client.heard_since(since), others(people, number));
    }
}

/// The longest time from `since` on for which `receiver` had no picture of `author`.
fn picture_gap(world: &World, receiver: u32, author: u32, since: Instant) -> Duration {
    let slots = world.person(receiver).client.slots.values();
    let frames = slots.flat_map(|slot| &slot.frames);
    let of_camera = frames.filter(|frame| frame.author == author && frame.is_picture);
    let mut times: Vec<Instant> =
        of_camera.map(|frame| frame.at).filter(|at| *at >= since).collect();
    times.extend([since, world.now()]);
    times.sort_unstable();
    let gaps = times.windows(2).map(|pair| pair[1].saturating_duration_since(pair[0]));
    gaps.max().unwrap_or_default()
}

/// What no network can excuse, for everybody who ever came.
fn assert_sound(world: &World) {
    for person in world.people() {
        for (ssrc, slot) in &person.client.slots {
            let who = (person.number(), *ssrc);
            assert_eq!(slot.wrong_csrc, 0, "media under another's name: {who:?}");
            assert_eq!(slot.backward_timestamps, 0, "time went back: {who:?}");
            assert_eq!(slot.duplicates, 0, "a number came twice: {who:?}");
        }
    }
}

/// What good links cannot excuse.
fn assert_spotless(world: &World) {
    assert_sound(world);
    for person in world.people() {
        assert_eq!(person.client.srtp_failures, 0, "{}", person.number());
        for (ssrc, slot) in &person.client.slots {
            assert_eq!(slot.missing(), 0, "{} {ssrc:?}", person.number());
        }
    }
}

/// The bystanders had their call all the time since `since`, and nothing else.
fn assert_bystanders_undisturbed(world: &World, since: Instant) {
    for (number, other) in [(101, 102), (102, 101)] {
        let client = &world.person(number).client;
        assert_eq!(client.seen_since(Instant::ZERO), BTreeSet::from([other]));
        assert_eq!(client.heard_since(Instant::ZERO), BTreeSet::from([other]));
        let gap = picture_gap(world, number, other, since);
        assert!(gap < millis(100), "{number} saw nothing for {gap:?}");
    }
}
