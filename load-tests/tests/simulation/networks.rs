//! What networks do: lose, reorder, repeat, forget, fall silent.

use load_tests::sim::{
    Fate, World,
    network::{Bottleneck, LinkConfig, Loss},
};
use protocol::Instant;

use crate::{
    assert_all_meet, assert_bystanders_undisturbed, assert_sound, assert_spotless, call, millis,
    others, picture_gap, seconds, with_seeds,
};

#[test]
fn nothing_is_missing_but_what_the_network_lost() {
    let losses = [
        Loss::Random(20),
        Loss::Random(50),
        Loss::Burst { begin: 10, end: 300, loss: 900 },
        Loss::None,
    ];
    with_seeds(0..4, |seed| {
        let bad = LinkConfig {
            jitter: millis(30),
            loss: losses[seed as usize % losses.len()],
            reorder: 20,
            reorder_by: millis(40),
            duplicate: 10,
            corrupt: 5,
            ..LinkConfig::GOOD
        };
        let mut world = call(seed, 2);
        world.set_links(1, bad, LinkConfig::GOOD);
        world.set_links(2, LinkConfig::GOOD, bad);
        world.run_for(seconds(10));
        world.set_links(1, LinkConfig::GOOD, LinkConfig::GOOD);
        world.set_links(2, LinkConfig::GOOD, LinkConfig::GOOD);
        world.run_for(seconds(1));
        let (sender, receiver) = (world.person(1), world.person(2));
        let publisher = sender.client.publisher.as_ref().expect("it sends");
        let lost = |ssrc| sender.lost_up.get(&ssrc).copied().unwrap_or(0);
        // The only voice and the only camera.
        for (mid, source) in [("2", publisher.audio_ssrc()), ("5", publisher.video_ssrc(0))] {
            let (ssrc, slot) = filled_slot(&world, 2, mid);
            let (holes, sealed) = world.sealed(2, ssrc);
            assert!(sealed > 200, "{sealed} packets");
            assert_eq!(holes, lost(source), "holes left on m-line {mid}");
            let lost_down = receiver.lost_down.get(&ssrc).copied().unwrap_or(0);
            assert_eq!(slot, holes + lost_down, "missing on m-line {mid}");
        }
        // A receiver may ask for three keyframes in ten seconds.
        world.run_for(seconds(11));
        let since = world.now();
        world.run_for(seconds(1));
        assert!(picture_gap(&world, 2, 1, since) < millis(90), "the picture has not come back");
        assert_sound(&world);
    });
}

/// The SSRC of the first slot of a kind from the m-line `mid` on that carries something, and how
/// many numbers are missing in it.
fn filled_slot(world: &World, number: u32, mid: &str) -> (protocol::media::Ssrc, u64) {
    let client = &world.person(number).client;
    let first: usize = mid.parse().expect("a number");
    let filled = (first..first + 4).find_map(|mid| {
        let slot = client.slot(&mid.to_string()).filter(|slot| slot.packets > 0)?;
        let (ssrc, _) = client.slots.iter().find(|(_, it)| std::ptr::eq(*it, slot))?;
        Some((*ssrc, slot.missing()))
    });
    filled.expect("a slot that carries something")
}

#[test]
fn joining_succeeds_over_a_bad_network() {
    with_seeds(0..6, |seed| {
        let bad = LinkConfig {
            jitter: millis(40),
            loss: Loss::Random(150),
            reorder: 100,
            reorder_by: millis(60),
            duplicate: 50,
            corrupt: 20,
            ..LinkConfig::GOOD
        };
        let mut world = World::new(seed);
        for number in 1..=3 {
            world.join(crate::ROOM, number, load_tests::client::Shape::PARTICIPANT);
            world.set_links(number, bad, bad);
        }
        let all_connected = |world: &World| world.people().all(|it| it.connected_at.is_some());
        assert!(world.run_until(seconds(8), all_connected), "somebody never connected");
        world.run_for(seconds(2));
        for number in 1..=3 {
            world.set_links(number, LinkConfig::GOOD, LinkConfig::GOOD);
        }
        world.run_for(seconds(12));
        assert_all_meet(&mut world, 3);
        assert_sound(&world);
    });
}

#[test]
fn media_follows_a_rebound_port_after_the_check() {
    with_seeds(0..4, |seed| {
        let mut world = call(seed, 3);
        let old = world.person(2).address;
        let since = world.now();
        world.rebind(2);
        world.run_for(seconds(5));
        let strays = world.strays().len();
        assert!(strays > 0, "nothing was on its way to the old port");
        assert!(world.strays().iter().all(|(to, _)| *to == old), "sent to a stranger");
        // A check every 2.5 s, then the node's own check and its answer.
        for (receiver, author) in [(1, 2), (3, 2), (2, 1), (2, 3)] {
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(2_900), "{receiver} had no picture of {author} for {gap:?}");
        }
        for (receiver, author) in [(1, 3), (3, 1)] {
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(90), "{receiver} had no picture of {author} for {gap:?}");
        }
        world.run_for(seconds(5));
        assert_eq!(world.strays().len(), strays, "the old port still gets something");
        assert_sound(&world);
        assert_bystanders_undisturbed(&world, since);
    });
}

#[test]
fn without_consent_media_stops_after_ten_seconds_and_the_session_ends_at_thirty() {
    with_seeds(0..3, |seed| {
        let mut world = call(seed, 3);
        let silent_from = world.now();
        world.set_links(2, LinkConfig::DEAD, LinkConfig::GOOD);
        world.run_for(seconds(35));
        let last = last_media(&world, 2).saturating_duration_since(silent_from);
        // The last check came up to 2.5 s before the silence, and 20 ms are the way.
        assert!((millis(7_400)..millis(10_100)).contains(&last), "media went on for {last:?}");
        let Fate::Ended(at) = world.person(2).fate else { panic!("the session goes on") };
        let ended = at.saturating_duration_since(silent_from);
        assert!((millis(27_400)..millis(30_200)).contains(&ended), "ended after {ended:?}");
        assert_eq!(world.counters().sessions, 4, "its memory is back");
        for number in [1, 3] {
            let person = world.person(number);
            assert!(person.slot_map.values().flatten().all(|it| it.participant.get() != 2));
            let gap = picture_gap(&world, number, 4 - number, silent_from);
            assert!(gap < millis(90), "{number} was disturbed for {gap:?}");
        }
        assert_spotless(&world);
        assert_bystanders_undisturbed(&world, silent_from);
    });
}

#[test]
fn who_is_heard_again_within_thirty_seconds_is_sent_to_again() {
    with_seeds(0..3, |seed| {
        let mut world = call(seed, 2);
        world.set_links(2, LinkConfig::DEAD, LinkConfig::GOOD);
        world.run_for(seconds(20));
        let since = world.now();
        assert!(last_media(&world, 2) < Instant::from_micros(since.as_micros() - 7_000_000));
        world.set_links(2, LinkConfig::GOOD, LinkConfig::GOOD);
        world.run_for(seconds(5));
        for (receiver, author) in [(1, 2), (2, 1)] {
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(2_800), "{receiver} had no picture of {author} for {gap:?}");
        }
        assert_sound(&world);
    });
}

#[test]
fn a_node_that_slept_sends_nothing_to_whom_consent_ran_out() {
    with_seeds(0..3, |seed| {
        let mut world = call(seed, 3);
        // Its socket's buffer is full of media behind which the checks were lost.
        world.pause_node(seconds(12));
        world.run_for(seconds(12) + millis(1));
        // The audit has looked at every packet that it sent when it woke.
        world.run_for(seconds(12));
        let since = world.now();
        world.run_for(seconds(2));
        for number in 1..=3 {
            assert_eq!(world.person(number).client.seen_since(since), others(3, number));
        }
        assert_sound(&world);
    });
}

#[test]
fn a_thin_line_delays_and_drops_only_its_own() {
    with_seeds(0..2, |seed| {
        let mut world = call(seed, 3);
        let thin = LinkConfig {
            bottleneck: Some(Bottleneck { bits_per_second: 300_000, queue: millis(300) }),
            ..LinkConfig::GOOD
        };
        let since = world.now();
        world.set_links(2, LinkConfig::GOOD, thin);
        world.run_for(seconds(6));
        assert!(world.person(2).lost_down.values().sum::<u64>() > 0, "the line is not thin");
        for (receiver, author) in [(1, 3), (3, 1)] {
            // What the one on the thin line asks for costs others a keyframe, not a picture.
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(90), "{receiver} had no picture of {author} for {gap:?}");
        }
        assert_sound(&world);
        assert_bystanders_undisturbed(&world, since);
    });
}

/// When media last reached somebody.
fn last_media(world: &World, number: u32) -> Instant {
    let slots = world.person(number).client.slots.values();
    let times = slots.filter_map(|slot| slot.frames.last()).map(|frame| frame.at);
    times.max().unwrap_or(Instant::ZERO)
}
