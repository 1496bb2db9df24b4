//! Participants who say what is not so, ask for too much or send nonsense under their own keys: a
//! room next door gets the same bytes at the same instants as without them, and in their own room
//! the others see and hear each other.
//!
//! | what comes | where it is told, beside others |
//! |---|---|
//! | floods of keyframe requests | `a_thousand_keyframe_requests…`, `an_honest_keyframe_request…` |
//! | floods of NACKs | `a_flood_of_nacks…`; what work they make in `false_reports` |
//! | ends and clocks of others' streams | `reports_about_others…`; not sealed: `attackers` |
//! | transport feedback that is broken | `broken_transport_feedback…`, `rtcp_of_every_type…` |
//! | feedback that is not true | `who_claims_that_everything_arrived…`, `false_reports` |
//! | headers and extensions that lie | `packets_whose_padding…` |
//! | payloads and descriptors that lie | `payloads_and_descriptors…` |
//! | SSRCs of others | `publishers_with_the_same_ssrcs…` |
//! | more packets than anybody may send | `who_sends_twenty_thousand…` in `crowds` |

use std::collections::BTreeSet;

use load_tests::{
    client::{DEPENDENCY_ID, Shape},
    random::Random,
    sim::World,
};
use protocol::{Instant, media::Ssrc};

use crate::{
    BYSTANDERS, ELSEWHERE, ROOM, assert_sound, millis, others, picture_gap, seconds, with_seeds,
};

/// Who lies; 1 and 3 are in the same room.
pub(crate) const LIAR: u32 = 2;

/// For so long, with one message a millisecond.
const LIES: u32 = 2_000;

/// A call of three browsers and the bystanders' call, in full swing.
pub(crate) fn browsers(seed: u64) -> World {
    let mut world = World::new(seed);
    for number in BYSTANDERS {
        world.join(ELSEWHERE, number, Shape::BROWSER);
    }
    for number in 1..=3 {
        world.join(ROOM, number, Shape::BROWSER);
        world.run_for(millis(50));
    }
    world.run_for(seconds(3));
    world
}

/// Runs a call with and without `lie`, which is told the random numbers of the story and which lie
/// it is; returns the world in which it was told, and when it began.
pub(crate) fn tell_lies(seed: u64, lie: impl Fn(&mut World, &mut Random, u32)) -> (World, Instant) {
    let run = |lies: bool| {
        let mut world = browsers(seed);
        let since = world.now();
        let mut random = Random::new(seed ^ 0x11A5);
        for n in 0..LIES {
            if lies {
                lie(&mut world, &mut random, n);
            }
            world.run_for(millis(1));
        }
        world.run_for(seconds(1));
        (world, since)
    };
    let (calm, (told, since)) = (run(false).0, run(true));
    for number in BYSTANDERS {
        let (before, after) = (calm.person(number), told.person(number));
        assert!(before.received.events > 500);
        assert_eq!(before.received, after.received, "{number}, next door, noticed");
        assert_eq!(before.slot_map, after.slot_map);
    }
    for (receiver, author) in [(1, 3), (3, 1)] {
        let gap = picture_gap(&told, receiver, author, since);
        assert!(gap < millis(150), "{receiver} had no picture of {author} for {gap:?}");
        let heard = told.person(receiver).client.heard_since(since);
        assert!(heard.contains(&author), "{receiver} does not hear {author}");
    }
    // What is under the liar's own name may be as broken as they made it.
    for number in [1, 3] {
        for (ssrc, slot) in &told.person(number).client.slots {
            if slot.frames.iter().all(|frame| frame.author != LIAR) {
                assert_eq!(slot.wrong_csrc, 0, "media under another's name: {number} {ssrc:?}");
                assert_eq!(slot.backward_timestamps, 0, "time went back: {number} {ssrc:?}");
                assert_eq!(slot.duplicates, 0, "a number came twice: {number} {ssrc:?}");
            }
        }
    }
    (told, since)
}

pub(crate) fn send_rtcp(world: &mut World, compound: &[u8]) {
    world.with_client(LIAR, |_, client| client.send_rtcp(compound));
}

fn send_rtp(world: &mut World, packet: Vec<u8>) {
    world.with_client(LIAR, |_, client| client.send_rtp(packet));
}

/// The liar's slots that have carried pictures.
pub(crate) fn picture_slots(world: &World) -> Vec<Ssrc> {
    let slots = world.person(LIAR).client.slots.iter();
    let carrying = slots.filter(|(_, slot)| slot.frames.iter().any(|frame| frame.is_picture));
    carrying.map(|(ssrc, _)| *ssrc).collect()
}

/// A packet of RTCP with this type and count around a body of whole words.
pub(crate) fn rtcp(packet_type: u8, count: u8, body: &[u8]) -> Vec<u8> {
    let words = (body.len() / 4) as u16;
    let [high, low] = words.to_be_bytes();
    [&[0x80 | count, packet_type, high, low], body].concat()
}

pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn random_bytes(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| random.next_u64() as u8).collect()
}

/// Keyframes that `publisher` was asked for from `since` on, by encoding.
fn asked(world: &World, publisher: u32, layer: u8, since: Instant) -> Vec<Instant> {
    let publisher = world.person(publisher).client.publisher.as_ref().expect("it sends");
    let asked = publisher.keyframes_asked.iter();
    let of_layer = asked.filter(|(at, it)| *it == layer && *at >= since);
    of_layer.map(|(at, _)| *at).collect()
}

#[test]
fn a_thousand_keyframe_requests_a_second_cost_a_publisher_two() {
    with_seeds(0..4, |seed| {
        let (world, since) = tell_lies(seed, |world, _, n| {
            for ssrc in picture_slots(world) {
                let pli = rtcp(206, 1, &words(&[LIAR, ssrc.0]));
                let fir = rtcp(206, 4, &words(&[LIAR, 0, ssrc.0, n << 24]));
                send_rtcp(world, &[pli, fir].concat());
            }
        });
        for (publisher, layer) in [(1, 0), (1, 1), (1, 2), (3, 0), (3, 1), (3, 2)] {
            let times = asked(&world, publisher, layer, since);
            let close = times.windows(2).find(|pair| pair[0] + millis(450) > pair[1]);
            assert_eq!(close, None, "{publisher} was asked too often for layer {layer}");
        }
    });
}

#[test]
fn an_honest_keyframe_request_is_served_within_a_second_beside_a_flood() {
    with_seeds(0..4, |seed| {
        let mut world = browsers(seed);
        for _ in 0..1_000 {
            for ssrc in picture_slots(&world) {
                send_rtcp(&mut world, &rtcp(206, 1, &words(&[LIAR, ssrc.0])));
            }
            world.run_for(millis(1));
        }
        let slots = world.person(3).client.slots.iter();
        let slot = slots.filter(|(_, slot)| slot.author() == Some(1));
        let pictures = slot.filter(|(_, slot)| slot.frames.iter().any(|frame| frame.is_picture));
        let ssrc = pictures.map(|(ssrc, _)| *ssrc).next().expect("a slot with 1");
        let since = world.now();
        world.with_client(3, |_, client| client.request_keyframe(ssrc));
        for _ in 0..1_000 {
            for ssrc in picture_slots(&world) {
                send_rtcp(&mut world, &rtcp(206, 1, &words(&[LIAR, ssrc.0])));
            }
            world.run_for(millis(1));
        }
        let slot = &world.person(3).client.slots[&ssrc];
        let served = slot.frames.iter().find(|frame| frame.at >= since && frame.is_key);
        assert!(served.is_some(), "no keyframe within a second");
    });
}

#[test]
fn a_flood_of_nacks_is_answered_within_a_budget() {
    with_seeds(0..4, |seed| {
        let (world, since) = tell_lies(seed, |world, random, _| {
            for ssrc in picture_slots(world) {
                // 100 items of 17 packets each, among them all that were sent lately.
                let first = random.next_u64() as u16;
                let items = (0..100_u16).flat_map(|n| {
                    let pid = first.wrapping_add(n * 17);
                    [pid.to_be_bytes(), [0xFF; 2]].concat()
                });
                let body = [words(&[LIAR, ssrc.0]), items.collect()].concat();
                send_rtcp(world, &rtcp(205, 1, &body));
            }
        });
        let slots = world.person(LIAR).client.slots.values();
        let (media, again) = slots
            .fold((0, 0), |(media, again), slot| (media + slot.bytes, again + slot.repair_bytes));
        let time = world.now().saturating_duration_since(since);
        let media = media * time.as_micros() as u64 / world.now().as_micros();
        // A quarter of its rate, and what one burst may hold.
        assert!(again <= media / 4 + 100_000, "{again} bytes again beside {media}");
    });
}

#[test]
fn reports_about_others_streams_change_nothing() {
    with_seeds(0..4, |seed| {
        let (world, since) = tell_lies(seed, |world, random, n| {
            let ssrcs: Vec<u32> = [1, 3]
                .iter()
                .flat_map(|number| {
                    let client = &world.person(*number).client;
                    let publisher = client.publisher.as_ref().expect("it sends");
                    let slots = client.slots.keys().map(|ssrc| ssrc.0).take(2);
                    let own = [publisher.audio_ssrc().0, publisher.video_ssrc(0).0];
                    own.into_iter().chain(slots).collect::<Vec<_>>()
                })
                .collect();
            let ssrc = ssrcs[n as usize % ssrcs.len()];
            let compound = match n % 4 {
                0 => rtcp(203, 1, &words(&[ssrc])),
                // A sender report with another clock.
                1 => rtcp(200, 0, &words(&[ssrc, random.next_u64() as u32, 0, 1, 1, 1])),
                // All of it lost, a round trip of hours.
                2 => rtcp(201, 1, &words(&[LIAR, ssrc, 0xFF00_FFFF, 7, 9, 0, 0xFFFF_FFFF])),
                _ => rtcp(206, 1, &words(&[LIAR, ssrc])),
            };
            send_rtcp(world, &compound);
        });
        for (publisher, layer) in [(1, 0), (1, 1), (1, 2), (3, 0), (3, 1), (3, 2)] {
            let times = asked(&world, publisher, layer, since);
            assert!(times.len() <= 1, "{publisher} was asked {times:?}");
        }
    });
}

/// Transport-wide feedback of every broken kind.
fn broken_feedback(random: &mut Random) -> Vec<u8> {
    let head = |base: u16, count: u16, reference: u32, number: u8| {
        let mut body = words(&[LIAR, 1]);
        body.extend(base.to_be_bytes());
        body.extend(count.to_be_bytes());
        body.extend(&reference.to_be_bytes()[1..]);
        body.push(number);
        body
    };
    let base = random.next_u64() as u16;
    let reference = random.next_u64() as u32;
    let mut body = match random.below(6) {
        // A status count that no packet can hold, in runs that end nowhere.
        0 => [head(base, 65_535, reference, 1), vec![0x3F, 0xFF, 0x3F, 0xFF]].concat(),
        // Runs of the reserved symbol, and of no length at all.
        1 => [head(base, 100, reference, 2), vec![0x60, 100, 0x20, 0]].concat(),
        // Vectors of the reserved symbol.
        2 => [head(base, 7, reference, 3), vec![0xFF, 0xFF, 0, 0]].concat(),
        // Deltas that are missing.
        3 => [head(base, 14, reference, 4), vec![0xD5, 0x55, 0xEA, 0xAA]].concat(),
        // Deltas that go back and forth by 8 s.
        4 => {
            let deltas = (0..8).flat_map(|n| if n % 2 == 0 { [0x7F, 0xFF] } else { [0x80, 0] });
            let symbols = vec![0xEA, 0xAA, 0xC0 | 0x20, 0];
            [head(base, 8, reference, 5), symbols, deltas.collect()].concat()
        }
        _ => random_bytes(random, 40),
    };
    body.resize(body.len().next_multiple_of(4), 0);
    rtcp(205, 15, &body)
}

#[test]
fn broken_transport_feedback_harms_nobody() {
    with_seeds(0..4, |seed| {
        tell_lies(seed, |world, random, _| {
            let mut compound = broken_feedback(random);
            if random.chance(300) {
                // A length that lies.
                compound[3] = random.next_u64() as u8;
            }
            send_rtcp(world, &compound);
        });
    });
}

#[test]
fn rtcp_of_every_type_with_random_bodies_harms_nobody() {
    with_seeds(0..4, |seed| {
        tell_lies(seed, |world, random, n| {
            let length = random.below(40) as usize * 4;
            let mut compound =
                rtcp(192 + (n % 32) as u8, random.below(32) as u8, &random_bytes(random, length));
            if random.chance(200) {
                let place = random.below(compound.len() as u64) as usize;
                compound[place] ^= 1 << random.below(8);
            }
            if random.chance(200) {
                compound.truncate(random.below(compound.len() as u64) as usize);
            }
            send_rtcp(world, &compound);
        });
    });
}

/// A header of RTP with this payload type, extensions and payload.
fn rtp(first: u8, pt: u8, seq: u16, ssrc: u32, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80 | first, pt];
    packet.extend(seq.to_be_bytes());
    packet.extend(u32::from(seq).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(rest);
    packet
}

#[test]
fn packets_whose_padding_extensions_or_sources_lie_harm_nobody() {
    with_seeds(0..4, |seed| {
        tell_lies(seed, |world, random, n| {
            let publisher = world.person(LIAR).client.publisher.as_ref().expect("it sends");
            let ssrc = match n % 4 {
                0 => publisher.video_ssrc(2).0,
                1 => publisher.audio_ssrc().0,
                2 => 7_000 + n % 8,
                _ => random.next_u64() as u32,
            };
            let seq = random.next_u64() as u16;
            let pt = [96, 97, 111, 63, 0, 127][n as usize % 6];
            let packet = match random.below(8) {
                // More padding than packet, and a count of nothing.
                0 => rtp(0x20, pt, seq, ssrc, &[1, 2, 255]),
                1 => rtp(0x20, pt, seq, ssrc, &[1, 2, 0]),
                // Fifteen sources.
                2 => rtp(0x0F, pt, seq, ssrc, &[9; 64]),
                // One-byte elements that run over the end, and id 15.
                3 => rtp(0x10, pt, seq, ssrc, &[0xBE, 0xDE, 0, 1, 0x1F, 1, 0xF0, 1, 0x90]),
                // A two-byte element of 255 bytes.
                4 => {
                    let head = [0x10, 0x00, 0, 65, 4, 255];
                    rtp(0x10, pt, seq, ssrc, &[&head[..], &[b'x'; 258], &[0x90]].concat())
                }
                // A MID that nobody has, and a RID that nobody has.
                5 => rtp(0x10, pt, seq, ssrc, &[0xBE, 0xDE, 0, 1, 0x40, b'9', 0xA0, b'z', 0x90]),
                // Nothing behind the header.
                6 => rtp(0, pt, seq, ssrc, &[]),
                _ => rtp(0x10, pt, seq, ssrc, &random_bytes(random, 80)),
            };
            send_rtp(world, packet);
        });
    });
}

#[test]
fn payloads_and_descriptors_that_lie_harm_nobody() {
    with_seeds(0..4, |seed| {
        tell_lies(seed, |world, random, n| {
            let publisher = world.person(LIAR).client.publisher.as_ref().expect("it sends");
            let ssrc = publisher.video_ssrc(n as usize % 3).0;
            let seq = random.next_u64() as u16;
            let payload = match random.below(5) {
                // A keyframe in every packet, and layers beyond any.
                0 => {
                    vec![0x90, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 0x10, 0, 0, 0x9D, 1, 0x2A, 0, 0, 0, 0]
                }
                1 => vec![0x9F, 0xFF],
                2 => vec![0x80],
                3 => vec![0x80, 0x80, 0x80],
                _ => random_bytes(random, 30),
            };
            // A dependency descriptor of random bytes, half of which has a structure of its own
            // (bit 7 of the fourth byte) with templates beyond any.
            let mut value = random_bytes(random, 15);
            value[3] |= if n % 2 == 0 { 0x80 } else { 0 };
            let mut rest = vec![0xBE, 0xDE, 0, 4, DEPENDENCY_ID << 4 | 14];
            rest.extend(&value);
            rest.extend(&payload);
            // What a descriptor that is too long is read and rewritten from.
            rest.extend([0x55; 8]);
            // By which the model clients know whose it is; the frame is never whole.
            rest.extend(words(&[LIAR, 0x0700_00FF, n, 0])[..14].iter());
            send_rtp(world, rtp(0x10, 96, seq, ssrc, &rest));
        });
    });
}

#[test]
fn publishers_with_the_same_ssrcs_are_both_seen_and_heard() {
    with_seeds(0..4, |seed| {
        let mut world = World::new(seed);
        for number in 1..=3 {
            world.join(ROOM, number, Shape::BROWSER);
        }
        let has_media =
            |world: &World| (1..=2).all(|number| world.person(number).client.publisher.is_some());
        assert!(world.run_until(seconds(5), has_media), "they send");
        let theirs = world.person(1).client.publisher.clone().expect("it sends");
        world.with_client(LIAR, |_, client| {
            client.publisher.as_mut().expect("it sends").take_ssrcs_of(&theirs);
        });
        world.run_for(seconds(4));
        let since = world.now();
        world.run_for(seconds(2));
        for number in 1..=3 {
            assert_eq!(world.person(number).client.seen_since(since), others(3, number));
            assert_eq!(world.person(number).client.heard_since(since), others(3, number));
        }
        assert_sound(&world);
    });
}

#[test]
fn who_claims_that_everything_arrived_gets_what_the_view_needs_and_no_more() {
    with_seeds(0..4, |seed| {
        let (world, since) = tell_lies(seed, |world, _, n| {
            if n % 50 == 0 {
                // A gigabit: 18 bits of mantissa, exponent 12.
                let ssrcs: Vec<u32> = picture_slots(world).iter().map(|ssrc| ssrc.0).collect();
                let count = (ssrcs.len() as u32) << 24;
                let head = [LIAR, 0, u32::from_be_bytes(*b"REMB"), count | 12 << 18 | 0x3_A352];
                send_rtcp(world, &rtcp(206, 15, &words(&[&head[..], &ssrcs].concat())));
            }
        });
        let time = world.now().saturating_duration_since(since).as_secs_f64();
        let person = world.person(LIAR);
        let whole = world.now().as_micros() as f64 / 1e6;
        let rate = person.sent.1 as f64 * 8.0 * (time / whole) / time;
        // Two cameras and two voices; nothing pushes more.
        assert!(rate < 6_000_000.0, "{rate} bits per second");
        let seen = person.client.seen_since(since);
        assert_eq!(seen, BTreeSet::from([1, 3]));
    });
}
