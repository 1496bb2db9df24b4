//! A room taken apart into snapshots and built again in the middle of a call.

use load_tests::{
    client::Client,
    sim::{
        World,
        network::{LinkConfig, Loss},
    },
};

use crate::{
    ROOM, assert_all_meet, assert_bystanders_undisturbed, assert_sound, call, millis, others,
    picture_gap, seconds, with_seeds,
};

#[test]
fn a_restored_call_goes_on_in_the_same_slots() {
    with_seeds(0..4, |seed| {
        let mut world = call(seed, 4);
        let maps: Vec<_> = world.people().map(|person| person.slot_map.clone()).collect();
        let changes: Vec<_> = world.people().map(|person| person.slot_changes).collect();
        let since = world.now();
        world.restore(ROOM);
        world.run_for(seconds(3));
        for number in 1..=4 {
            let client = &world.person(number).client;
            assert_eq!(client.srtp_failures, 0, "{number} got what does not open");
            for author in others(4, number) {
                // The order to restart, offer, answer, check: 5 ways of about 20 ms; then a
                // keyframe of a publisher who may be last: 2 more and a frame.
                let gap = picture_gap(&world, number, author, since);
                assert!(gap < millis(300), "{number} had no picture of {author} for {gap:?}");
            }
        }
        let maps_after: Vec<_> = world.people().map(|person| person.slot_map.clone()).collect();
        assert_eq!(maps, maps_after, "somebody is elsewhere");
        let changes_after: Vec<_> = world.people().map(|person| person.slot_changes).collect();
        assert_eq!(changes, changes_after, "slots were told anew");
        assert_sound(&world);
        assert_bystanders_undisturbed(&world, since);
    });
}

#[test]
fn numbers_go_on_at_a_distance_that_no_receiver_notices() {
    with_seeds(0..3, |seed| {
        let mut world = call(seed, 2);
        let highest = |client: &Client| -> Vec<u64> {
            client
                .slots
                .values()
                .filter(|slot| slot.packets > 0)
                .map(|slot| slot.missing())
                .collect()
        };
        assert!(highest(&world.person(1).client).iter().all(|missing| *missing == 0));
        for times in 1..=4 {
            world.restore(ROOM);
            world.run_for(seconds(3));
            for number in 1..=2 {
                for missing in highest(&world.person(number).client) {
                    // The jump of the snapshot, and what was lost while nobody was proven.
                    let expected = 20_000 * times..20_000 * times + 100;
                    assert!(expected.contains(&missing), "{missing} after {times}");
                }
                assert_eq!(world.person(number).client.srtp_failures, 0);
            }
        }
        let since = world.now();
        world.run_for(seconds(1));
        assert_eq!(world.person(1).client.seen_since(since), others(2, 1));
        assert_eq!(world.person(1).client.heard_since(since), others(2, 1));
        assert_sound(&world);
    });
}

#[test]
fn a_restore_survives_loss_and_a_rebound_port() {
    with_seeds(0..6, |seed| {
        let mut world = call(seed, 3);
        let bad = LinkConfig {
            jitter: millis(20),
            loss: Loss::Random(100),
            reorder: 50,
            reorder_by: millis(30),
            duplicate: 30,
            ..LinkConfig::GOOD
        };
        for number in 1..=3 {
            world.set_links(number, bad, bad);
        }
        world.restore(ROOM);
        world.run_for(millis(60));
        world.rebind(2);
        world.run_for(seconds(4));
        for number in 1..=3 {
            world.set_links(number, LinkConfig::GOOD, LinkConfig::GOOD);
        }
        world.run_for(seconds(12));
        assert_all_meet(&mut world, 3);
        assert_sound(&world);
        assert_everybody_is_there(&world);
    });
}

#[test]
fn who_joins_while_the_room_is_rebuilt_gets_in() {
    with_seeds(0..6, |seed| {
        let mut world = call(seed, 3);
        let between = millis(world.random().below(50));
        world.restore(ROOM);
        world.run_for(between);
        world.join(ROOM, 4, load_tests::client::Shape::PARTICIPANT);
        world.run_for(seconds(3));
        let since = world.now();
        world.run_for(seconds(1));
        for number in 1..=4 {
            assert_eq!(world.person(number).client.seen_since(since), others(4, number));
        }
        assert_sound(&world);
        assert_everybody_is_there(&world);
    });
}

fn assert_everybody_is_there(world: &World) {
    let sessions = world.people().count() as u64;
    assert_eq!(world.counters().sessions, sessions);
}
