//! Feedback that is well-formed and not true: of arrivals, of losses, of a stream's end or clock.
//! It moves what its own sender gets, or its own streams, and nothing else.

use load_tests::{
    client::{Kit, Lie, Shape},
    sim::{
        World,
        network::{Bottleneck, LinkConfig},
    },
};
use protocol::{
    ParticipantId,
    client::{Tile, View},
    media::{MediaKind, Source, Ssrc},
};
use sfu_worker::ForwardDrop;

use crate::{
    BYSTANDERS, ELSEWHERE, ROOM, assert_bystanders_undisturbed, assert_sound,
    liars::{LIAR, browsers, picture_slots, rtcp, send_rtcp, tell_lies, words},
    millis, others, picture_gap, seconds, with_seeds,
};

/// A sender report with this clock.
fn sender_report(ssrc: Ssrc, ntp: u64, rtp_time: u32) -> Vec<u8> {
    let [high, low] = [(ntp >> 32) as u32, ntp as u32];
    rtcp(200, 0, &words(&[ssrc.0, high, low, rtp_time, 1_000, 100_000]))
}

/// The streams of somebody's microphone and of their camera's three encodings.
fn streams(world: &World, number: u32) -> [Ssrc; 4] {
    let publisher = world.person(number).client.publisher.as_ref().expect("it sends");
    let camera = [0, 1, 2].map(|layer| publisher.video_ssrc(layer));
    [publisher.audio_ssrc(), camera[0], camera[1], camera[2]]
}

#[test]
fn what_is_said_of_arrivals_moves_the_estimate_of_who_says_it_alone() {
    for lie in [Lie::MostlyLost, Lie::EverLater, Lie::EverSooner, Lie::Scrambled] {
        with_seeds(0..3, |seed| {
            let (world, _) = tell_lies(seed, |world, _, n| {
                if n == 0 {
                    world.with_client(LIAR, |_, client| client.lie = Some(lie));
                }
            });
            let mut calm = browsers(seed);
            calm.run_for(seconds(3));
            let estimate = |world: &World, number| world.estimate(number).unwrap_or(0);
            for honest in [1, 3] {
                let [before, after] = [&calm, &world].map(|world| estimate(world, honest));
                assert!(after * 10 > before * 9, "{lie:?}: {before}, then {after}");
            }
            let [before, after] = [&calm, &world].map(|world| estimate(world, LIAR));
            if lie == Lie::EverLater {
                assert!(after * 10 < before * 7, "{lie:?}: {before}, then {after}");
            }
            // Two cameras and two voices are all that it could use.
            let bits = world.person(LIAR).sent.1 * 8;
            assert!(bits < 6 * world.now().as_micros(), "{lie:?}: {bits} bits");
        });
    }
}

#[test]
fn who_claims_a_fast_line_and_has_a_thin_one_gets_losses_and_others_nothing_of_them() {
    let thin = LinkConfig {
        bottleneck: Some(Bottleneck { bits_per_second: 250_000, queue: millis(200) }),
        ..LinkConfig::GOOD
    };
    for kit in [Kit::Browser, Kit::Remb] {
        with_seeds(0..3, |seed| {
            let mut world = World::new(seed);
            for number in BYSTANDERS {
                world.join(ELSEWHERE, number, Shape::BROWSER);
            }
            for number in 1..=3 {
                let kit = if number == LIAR { kit } else { Kit::Browser };
                world.join(ROOM, number, Shape { kit, ..Shape::BROWSER });
            }
            world.run_for(seconds(3));
            world.set_links(LIAR, LinkConfig::GOOD, thin);
            let tile = |number| Tile {
                participant: ParticipantId(number),
                source: Source::Camera,
                height: 720,
            };
            world.set_view(LIAR, View { stage: None, tiles: vec![tile(1), tile(3)] });
            let (since, before) = (world.now(), world.person(LIAR).lost());
            world.with_client(LIAR, |_, client| client.lie = Some(Lie::EverSooner));
            for _ in 0..60 {
                let slots = picture_slots(&world);
                let head = [LIAR, 0, u32::from_be_bytes(*b"REMB")];
                // A gigabit: 18 bits of mantissa, exponent 12.
                let rate = (slots.len() as u32) << 24 | 12 << 18 | 0x3_A352;
                let ssrcs = slots.iter().map(|ssrc| ssrc.0);
                let body: Vec<u32> = head.into_iter().chain([rate]).chain(ssrcs).collect();
                send_rtcp(&mut world, &rtcp(206, 15, &words(&body)));
                world.run_for(millis(50));
            }
            // Whoever tells by reports tells of what was lost, too, whatever their REMB says.
            if kit == Kit::Browser {
                assert!(world.person(LIAR).lost() > before, "their line is thin");
            }
            for (receiver, author) in [(1, 3), (3, 1)] {
                let gap = picture_gap(&world, receiver, author, since);
                assert!(gap < millis(150), "{receiver} had no picture of {author} for {gap:?}");
            }
            assert_bystanders_undisturbed(&world, since);
        });
    }
}

#[test]
fn a_flood_of_requests_makes_bounded_work() {
    with_seeds(0..4, |seed| {
        let mut world = browsers(seed);
        let before = world.counters().forward;
        let asked: u64 = 2_000;
        for n in 0..asked as u16 {
            for ssrc in picture_slots(&world) {
                // 100 items of 17 packets each, and a keyframe, twice.
                let items = (0..100_u16).flat_map(|item| {
                    let pid = n.wrapping_mul(1_700).wrapping_add(item * 17);
                    [pid.to_be_bytes(), [0xFF; 2]].concat()
                });
                let nack = [words(&[LIAR, ssrc.0]), items.collect()].concat();
                let pli = rtcp(206, 1, &words(&[LIAR, ssrc.0]));
                let fir = rtcp(206, 4, &words(&[LIAR, 0, ssrc.0, u32::from(n) << 24]));
                send_rtcp(&mut world, &[rtcp(205, 1, &nack), pli, fir].concat());
            }
            world.run_for(millis(1));
        }
        let after = world.counters().forward;
        // 2 000 numbers a second and 1 000 at once are looked up, of 6 800 000 that were named.
        let looked_up = after.nacked_packets - before.nacked_packets;
        assert!(looked_up <= 2 * 2_000 + 1_000 + 100, "{looked_up} numbers were looked up");
        assert!(after.drops(ForwardDrop::NackFlood) > asked, "the rest was not dropped");
        // A fifth of what the line carries, and 1.5 s of it at once.
        let again = after.retransmitted_bytes - before.retransmitted_bytes;
        let line = world.estimate(LIAR).expect("an estimate");
        assert!(again * 8 * 10 < line * 2 * (2 * 10 + 15) / 10 * 11 / 10, "{again} of {line}");
        // Of two cameras with three encodings each, twice a second and once more.
        let keyframes = after.keyframe_requests - before.keyframe_requests;
        assert!(keyframes <= 2 * 3 * (2 * 2 + 1), "{keyframes} keyframes");
        let refused = after.keyframe_requests_refused - before.keyframe_requests_refused;
        assert!(refused > 2 * asked, "{refused} were refused");
    });
}

#[test]
fn an_end_or_a_clock_of_anothers_stream_is_counted_and_nothing_more() {
    with_seeds(0..4, |seed| {
        let mut world = browsers(seed);
        let (since, before) = (world.now(), world.counters().forward);
        for author in [1, 3] {
            for ssrc in streams(&world, author) {
                send_rtcp(&mut world, &rtcp(203, 1, &words(&[ssrc.0])));
                send_rtcp(&mut world, &sender_report(ssrc, u64::MAX / 3, 7));
                world.run_for(millis(20));
            }
        }
        world.run_for(seconds(2));
        let after = world.counters().forward;
        assert_eq!(after.ended_streams, before.ended_streams);
        assert_eq!(after.foreign_feedback - before.foreign_feedback, 8, "the ends are counted");
        for (receiver, author) in [(1, 3), (3, 1), (2, 1), (2, 3)] {
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(150), "{receiver} had no picture of {author} for {gap:?}");
            assert!(world.person(receiver).client.heard_since(since).contains(&author));
        }
        assert_sound(&world);
    });
}

#[test]
fn an_end_of_ones_own_stream_ends_it_until_it_goes_on() {
    with_seeds(0..4, |seed| {
        let mut world = browsers(seed);
        let before = world.counters().forward.ended_streams;
        let [voice, .., largest] = streams(&world, LIAR);
        // The camera's largest encoding and the microphone stop, and say so.
        world.with_client(LIAR, |_, client| {
            let publisher = client.publisher.as_mut().expect("it sends");
            publisher.set_active(2, false);
            publisher.has_microphone = false;
        });
        send_rtcp(&mut world, &rtcp(203, 2, &words(&[voice.0, largest.0])));
        world.run_for(millis(200));
        let since = world.now();
        world.run_for(seconds(2));
        assert_eq!(world.counters().forward.ended_streams - before, 2);
        for receiver in [1, 3] {
            let client = &world.person(receiver).client;
            assert!(!client.heard_since(since).contains(&LIAR), "{receiver} hears the ended voice");
            let gap = picture_gap(&world, receiver, LIAR, since);
            assert!(gap < millis(150), "{receiver}: a smaller picture takes {gap:?}");
        }
        world.with_client(LIAR, |_, client| {
            let publisher = client.publisher.as_mut().expect("it sends");
            publisher.set_active(2, true);
            publisher.has_microphone = true;
        });
        world.run_for(seconds(1));
        let since = world.now();
        world.run_for(seconds(1));
        for receiver in [1, 3] {
            let client = &world.person(receiver).client;
            assert_eq!(client.heard_since(since), others(3, receiver));
            assert_eq!(client.seen_since(since), others(3, receiver));
        }
        assert_sound(&world);
        assert_bystanders_see(&world);
    });
}

/// The bystanders of [`browsers`] see and hear each other.
fn assert_bystanders_see(world: &World) {
    let slots = world.person(BYSTANDERS[0]).client.slots.values();
    let kinds = slots.filter(|slot| slot.author() == Some(BYSTANDERS[1])).map(|slot| slot.kind());
    let kinds: Vec<MediaKind> = kinds.collect();
    assert!(kinds.contains(&MediaKind::Audio) && kinds.contains(&MediaKind::Video), "{kinds:?}");
}

#[test]
fn a_clock_that_is_told_before_the_first_packet_or_jumps_harms_nobody() {
    with_seeds(0..4, |seed| {
        let (world, since) = tell_lies(seed, |world, random, n| {
            let ssrcs = streams(world, LIAR);
            if n == 0 {
                world.with_client(LIAR, |_, client| {
                    let publisher = client.publisher.as_mut().expect("it sends");
                    (publisher.has_microphone, publisher.has_camera) = (false, false);
                });
            }
            // Of streams that are still, of none that is known, and again when they flow.
            let ssrc = ssrcs[n as usize % ssrcs.len()];
            send_rtcp(world, &sender_report(ssrc, random.next_u64(), random.next_u64() as u32));
            send_rtcp(world, &sender_report(Ssrc(random.next_u64() as u32), 0, 0));
            if n == 1_000 {
                world.with_client(LIAR, |_, client| {
                    let publisher = client.publisher.as_mut().expect("it sends");
                    (publisher.has_microphone, publisher.has_camera) = (true, true);
                });
            }
        });
        for receiver in [1, 3] {
            let late = since + seconds(2);
            assert_eq!(world.person(receiver).client.seen_since(late), others(3, receiver));
            assert_eq!(world.person(receiver).client.heard_since(late), others(3, receiver));
        }
        assert_sound(&world);
    });
}

#[test]
fn reports_before_the_first_packet_of_a_newcomer_do_not_hold_it_up() {
    with_seeds(0..4, |seed| {
        let mut world = browsers(seed);
        world.join(ROOM, 4, Shape::BROWSER);
        let sends = |world: &World| world.person(4).client.publisher.is_some();
        assert!(world.run_until(seconds(5), sends), "a newcomer gets keys");
        let ssrcs = streams(&world, 4);
        world.with_client(4, |_, client| {
            for ssrc in ssrcs {
                client.send_rtcp(&sender_report(ssrc, 1 << 40, 1));
                client.send_rtcp(&rtcp(203, 1, &words(&[ssrc.0])));
            }
        });
        world.run_for(seconds(2));
        let since = world.now();
        world.run_for(seconds(1));
        for number in 1..=4 {
            assert_eq!(world.person(number).client.seen_since(since), others(4, number));
        }
        let heard = |number: u32| world.person(number).client.heard_since(since).len();
        assert!((1..=4).all(|number| heard(number) == 3), "everybody hears three others");
        assert_sound(&world);
    });
}
