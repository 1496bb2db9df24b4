//! Redundant sound: made for who has negotiated it, taken apart for who has not.

use protocol::media::{Codec, Payload, Pt, SessionPlan, SlotKind, Source};
use sfu_core::{ForwardDrop, red::Blocks};

use crate::scene::{Arrived, OPUS, Outgoing, Scene, plan};

/// What publishers and receivers call it.
const RED: u8 = 63;
const RECEIVERS_RED: Pt = Pt(101);
const RECEIVERS_OPUS: Pt = Pt(100);

/// The payload of a person's frame `number`.
fn frame(number: u16) -> Vec<u8> {
    let mut payload = vec![0xF8];
    payload.extend_from_slice(&number.to_be_bytes());
    payload.resize(3 + usize::from(number) % 5, 0xAA);
    payload
}

/// A session that has negotiated redundancy, in front of Opus as browsers do.
fn with_red(mut plan: SessionPlan) -> SessionPlan {
    for section in plan.publishes.iter_mut().filter(|it| it.source == Source::Microphone) {
        section.payloads.insert(0, Payload { codec: Codec::Red, pt: Pt(RED), rtx: None });
    }
    for slot in plan.slots.iter_mut().filter(|it| it.kind == SlotKind::Voice) {
        slot.payloads.insert(0, Payload { codec: Codec::Red, pt: RECEIVERS_RED, rtx: None });
    }
    plan
}

/// Person 0 sends; 1 has negotiated redundancy, 2 has not.
fn room() -> Scene {
    let mut scene = Scene::new(0, 0);
    let limits = sfu_core::Limits {
        endpoints: 8,
        rooms: 1,
        participants_per_room: 8,
        slots_per_endpoint: 53,
        ..sfu_core::Limits::default()
    };
    scene.forwarder = Scene::empty(limits).forwarder;
    scene.join(0, &with_red(plan(0, 0)));
    scene.join(1, &with_red(plan(1, 0)));
    scene.join(2, &plan(2, 0));
    scene.turn_on(0, Source::Microphone);
    scene
}

/// Frame `number` with the `distance` frames before it repeated, 20 ms each.
fn packet(number: u16, distance: u16) -> Vec<u8> {
    let payload = if distance == 0 {
        frame(number)
    } else {
        let mut headers = Vec::new();
        let mut blocks = Vec::new();
        for age in (1..=distance).rev() {
            let block = frame(number.wrapping_sub(age));
            let header =
                u32::from(0x80 | OPUS) << 24 | (u32::from(age) * 960) << 10 | block.len() as u32;
            headers.extend_from_slice(&header.to_be_bytes());
            blocks.extend_from_slice(&block);
        }
        [&headers[..], &[OPUS], &blocks, &frame(number)].concat()
    };
    raw(number, if distance == 0 { OPUS } else { RED }, payload)
}

fn raw(number: u16, pt: u8, payload: Vec<u8>) -> Vec<u8> {
    Outgoing {
        pt,
        marker: false,
        seq: number,
        time: u32::from(number).wrapping_mul(960),
        ssrc: 7,
        extensions: vec![(4, b"0".to_vec()), (1, vec![30])],
        payload,
    }
    .bytes()
}

fn send(scene: &mut Scene, packets: impl IntoIterator<Item = Vec<u8>>) -> Vec<Arrived> {
    for packet in packets {
        let _ = scene.send_raw(0, &packet);
        scene.wait(20);
    }
    scene.take()
}

fn of(arrived: &[Arrived], person: u32) -> Vec<&Arrived> {
    arrived.iter().filter(|a| a.to == person).collect()
}

/// Offsets and frames of what a receiver with redundancy got.
fn blocks(arrived: &Arrived) -> Vec<(u16, Vec<u8>)> {
    assert_eq!(arrived.header.pt, RECEIVERS_RED);
    let blocks = Blocks::parse(&arrived.payload).expect("it can be read");
    let blocks: Vec<_> = blocks.collect();
    assert!(blocks.iter().all(|block| block.pt == RECEIVERS_OPUS), "the receiver's own number");
    blocks.into_iter().map(|block| (block.offset, block.payload.to_vec())).collect()
}

/// Sequence numbers without holes, timestamps in whole frames of 20 ms.
fn assert_steady(packets: &[&Arrived]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].seq().distance_from(pair[0].seq()), 1);
        assert_eq!(pair[1].time().distance_from(pair[0].time()), 960);
    }
}

#[test]
fn plain_opus_becomes_redundant_for_who_negotiated_it_after_the_first_two_packets() {
    let mut scene = room();
    let arrived = send(&mut scene, (100..110).map(|number| packet(number, 0)));
    let (red, plain) = (of(&arrived, 1), of(&arrived, 2));
    assert_eq!((red.len(), plain.len()), (10, 10));
    for (number, packet) in (100..).zip(&plain) {
        assert_eq!((packet.header.pt, &packet.payload), (RECEIVERS_OPUS, &frame(number)));
    }
    for (number, packet) in (100..).zip(&red).take(2) {
        assert_eq!((packet.header.pt, &packet.payload), (RECEIVERS_OPUS, &frame(number)));
    }
    for (number, packet) in (100_u16..).zip(&red).skip(2) {
        let expected = [(1_920, frame(number - 2)), (960, frame(number - 1)), (0, frame(number))];
        assert_eq!(blocks(packet), expected);
    }
    assert_steady(&red);
    assert_steady(&plain);
}

#[test]
fn redundancy_is_taken_off_for_who_has_not_negotiated_it() {
    let mut scene = room();
    let arrived = send(&mut scene, (100..110).map(|number| packet(number, 1)));
    let plain = of(&arrived, 2);
    assert_eq!(plain.len(), 10);
    for (number, packet) in (100..).zip(&plain) {
        assert_eq!((packet.header.pt, &packet.payload), (RECEIVERS_OPUS, &frame(number)));
    }
    let red = of(&arrived, 1);
    assert_eq!(blocks(red[9]).len(), 3, "two frames are repeated whatever the sender does");
    assert_steady(&red);
}

#[test]
fn what_was_lost_comes_from_the_redundancy_once() {
    for lost in [vec![104], vec![104, 107], vec![104, 105], vec![103, 104, 106]] {
        let mut scene = room();
        let numbers = (100..110).filter(|number| !lost.contains(number));
        let arrived = send(&mut scene, numbers.map(|number| packet(number, 2)));
        for person in [1, 2] {
            assert_eq!(of(&arrived, person).len(), 10, "{lost:?}");
            assert_steady(&of(&arrived, person));
        }
        for (number, packet) in (100..).zip(of(&arrived, 2)) {
            assert_eq!(packet.payload, frame(number), "{lost:?}");
        }
        assert_eq!(scene.forwarder.counters().recovered_frames, lost.len() as u64);
        // They were only late.
        for number in lost {
            assert_eq!(scene.send_raw(0, &packet(number, 2)), Err(ForwardDrop::Duplicate));
        }
        assert!(scene.take().is_empty());
    }
}

#[test]
fn a_longer_loss_stays_a_hole_of_its_width() {
    let mut scene = room();
    let numbers = (100..104).chain(108..112);
    let arrived = send(&mut scene, numbers.map(|number| packet(number, 1)));
    let plain = of(&arrived, 2);
    assert_eq!(plain.len(), 9, "the last of the four is repeated");
    assert_eq!(plain[4].payload, frame(107));
    assert_eq!(plain[4].seq().distance_from(plain[3].seq()), 4);
    assert_eq!(plain[4].time().distance_from(plain[3].time()), 4 * 960);
    // The loss is older than what is repeated after it.
    assert_eq!(
        blocks(of(&arrived, 1)[5]),
        [(4_800, frame(103)), (960, frame(107)), (0, frame(108))]
    );
}

#[test]
fn a_new_voice_in_a_slot_repeats_nothing_of_the_one_before() {
    let mut scene = room();
    scene.join(3, &plan(3, 0));
    scene.turn_on(3, Source::Microphone);
    send(&mut scene, (100..110).map(|number| packet(number, 0)));
    scene.turn_off(0, Source::Microphone);
    for _ in 0..5 {
        assert_eq!(scene.speak(3, 30), Ok(()));
        scene.wait(20);
    }
    let slot = of(&scene.take(), 1)[0].header.ssrc;
    scene.turn_on(0, Source::Microphone);
    scene.turn_off(3, Source::Microphone);
    let arrived = send(&mut scene, (110..116).map(|number| packet(number, 0)));
    let red: Vec<_> = of(&arrived, 1);
    assert!(red.iter().all(|packet| packet.header.ssrc == slot || packet.csrc == 1));
    let first: Vec<_> = red.iter().map(|packet| packet.header.pt).collect();
    assert_eq!(first[..2], [RECEIVERS_OPUS; 2]);
    assert_eq!(first[2..], vec![RECEIVERS_RED; first.len() - 2]);
    let oldest = blocks(red[2])[0].1.clone();
    assert!(oldest == frame(110) || oldest == frame(111), "{oldest:?}");
}

#[test]
fn late_packets_and_packets_of_other_lengths_go_as_they_are() {
    let mut scene = room();
    let order = [100, 101, 102, 104, 103, 105];
    let arrived = send(&mut scene, order.map(|number| packet(number, 0)));
    let red = of(&arrived, 1);
    assert_eq!(red[4].header.pt, RECEIVERS_OPUS, "a late one");
    assert_eq!(red[4].payload, frame(103));
    assert_eq!(red[4].seq().distance_from(red[3].seq()), -1);
    assert_eq!(blocks(red[5])[2].1, frame(105));
    // Music at 510 kb/s does not fit twice.
    let long = raw(106, OPUS, vec![0xFC; 1_275]);
    let arrived = send(&mut scene, [long, packet(107, 0), packet(108, 0)]);
    for packet in &arrived {
        assert!(packet.payload.len() <= 1_275);
    }
    let red = of(&arrived, 1);
    assert_eq!(red[0].header.pt, RECEIVERS_OPUS);
    assert_eq!(red[1].header.pt, RECEIVERS_OPUS, "what was too long is not repeated");
    assert_eq!(blocks(red[2]).len(), 2);
}

#[test]
fn redundancy_that_lies_is_dropped_and_a_bystander_feels_nothing() {
    let mut scene = room();
    scene.turn_on(2, Source::Microphone);
    send(&mut scene, (100..103).map(|number| packet(number, 1)));
    let bad = [
        (vec![0x80 | OPUS, 0x0F, 0x03, 0xFF, OPUS, 1, 2], ForwardDrop::Malformed),
        (vec![0xFF; 1_200], ForwardDrop::Malformed),
        (vec![0x80 | OPUS], ForwardDrop::Malformed),
        (vec![96, 1, 2, 3], ForwardDrop::UnknownPayloadType),
        (vec![0x80 | 96, 0x0F, 0, 1, OPUS, 1, 2, 3], ForwardDrop::UnknownPayloadType),
        (vec![0x80 | RED, 0x0F, 0, 1, RED, 1, 2, 3], ForwardDrop::UnknownPayloadType),
        (vec![OPUS], ForwardDrop::Empty),
    ];
    for (number, (payload, reason)) in (103..).zip(bad) {
        assert_eq!(scene.send_raw(0, &raw(number, RED, payload)), Err(reason));
        assert_eq!(scene.speak(2, 30), Ok(()));
        scene.wait(20);
    }
    let arrived = scene.take();
    assert!(arrived.iter().all(|packet| packet.csrc == 3), "nothing of the liar");
    let heard: Vec<_> = of(&arrived, 1);
    assert_eq!(heard.len(), 7);
    assert_steady(&heard);
    // An earlier frame that claims to be of now, or to be empty, is none.
    let odd = vec![0x80 | OPUS, 0, 0, 1, 0x80 | OPUS, 0x0F, 0, 0, OPUS, 7, 1, 2, 3];
    assert_eq!(scene.send_raw(0, &raw(112, RED, odd)), Ok(()));
    let arrived = scene.take();
    assert_eq!(of(&arrived, 2).len(), 1);
    assert_eq!(of(&arrived, 2)[0].payload, [1, 2, 3]);
}
