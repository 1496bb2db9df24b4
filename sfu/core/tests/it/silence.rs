//! Silence, pauses and DTX: what is not sent leaves no trace, and time runs on.

use protocol::media::{Pt, Source};
use sfu_core::ForwardDrop;

use crate::scene::{Arrived, OPUS, Outgoing, Scene};

const SPEECH: u8 = 30;
const SILENCE: u8 = 127;

fn packet(seq: u16, time: u32, level: u8) -> Vec<u8> {
    Outgoing {
        pt: OPUS,
        marker: false,
        seq,
        time,
        ssrc: 9,
        extensions: vec![(4, b"0".to_vec()), (1, vec![level])],
        payload: vec![0xF8, 1, 2],
    }
    .bytes()
}

fn room(people: u32) -> Scene {
    let mut scene = Scene::new(people, 0);
    scene.turn_on(0, Source::Microphone);
    scene
}

/// How far each packet's timestamp is from the time at which it came, in ticks, to the first's.
fn drifts(packets: &[Arrived]) -> Vec<i32> {
    let first = &packets[0];
    let drift = |packet: &Arrived| {
        let elapsed = packet.at.saturating_duration_since(first.at).as_micros() as i32;
        packet.time().distance_from(first.time()) - elapsed * 6 / 125
    };
    packets.iter().map(drift).collect()
}

fn assert_no_holes(packets: &[Arrived]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].seq().distance_from(pair[0].seq()), 1, "{pair:?}");
    }
}

#[test]
fn three_packets_of_silence_are_heard_and_no_more() {
    let mut scene = room(3);
    for _ in 0..5 {
        assert_eq!(scene.speak(0, SPEECH), Ok(()));
        scene.wait(20);
    }
    for n in 0..100 {
        let expected = if n < 3 { Ok(()) } else { Err(ForwardDrop::Silence) };
        assert_eq!(scene.speak(0, SILENCE), expected, "packet {n}");
        scene.wait(20);
    }
    assert_eq!(scene.take_counts(), [0, 8, 8]);
    assert_eq!(scene.forwarder.counters().drops(ForwardDrop::Silence), 97);
    assert_eq!(scene.speak(0, 126), Ok(()), "the softest sound is one");
}

#[test]
fn a_silence_leaves_no_hole_in_the_numbers_and_its_length_in_the_timestamps() {
    let mut scene = room(2);
    for round in 0..20 {
        for _ in 0..10 + round {
            assert_eq!(scene.speak(0, SPEECH), Ok(()));
            scene.wait(20);
        }
        for _ in 0..4 + 7 * round {
            let _ = scene.speak(0, SILENCE);
            scene.wait(20);
        }
    }
    let arrived = scene.take();
    assert_no_holes(&arrived);
    assert!(drifts(&arrived).iter().all(|drift| drift.abs() < 48), "the clock holds");
    let steps: Vec<_> =
        arrived.windows(2).map(|pair| pair[1].time().distance_from(pair[0].time())).collect();
    assert!(steps.iter().all(|step| step % 960 == 0));
    for (pair, step) in arrived.windows(2).zip(steps) {
        // RFC 3551 §4.1.
        assert_eq!(pair[1].header.marker, step > 6 * 960, "after {step} ticks");
    }
}

#[test]
fn a_true_loss_stays_a_hole_beside_silence() {
    let mut scene = room(2);
    let mut numbers = Vec::new();
    for seq in 0..60_u16 {
        let level = if (10..30).contains(&seq) { SILENCE } else { SPEECH };
        if seq != 40 && seq != 41 && seq != 20 {
            let _ = scene.send_raw(0, &packet(seq, u32::from(seq) * 960, level));
        }
        scene.wait(20);
    }
    for arrived in scene.take() {
        numbers.push(arrived.seq());
    }
    let holes: Vec<i16> =
        numbers.windows(2).map(|pair| pair[1].distance_from(pair[0]) - 1).collect();
    assert_eq!(holes.iter().filter(|&&hole| hole > 0).count(), 2, "{holes:?}");
    assert_eq!(holes.iter().sum::<i16>(), 3);
}

#[test]
fn discontinuous_transmission_crosses_silence_without_a_fault() {
    let mut scene = room(2);
    let (mut seq, mut time) = (60_000_u16, 4_294_000_000_u32);
    for _ in 0..10 {
        for _ in 0..25 {
            assert_eq!(scene.send_raw(0, &packet(seq, time, SPEECH)), Ok(()));
            seq = seq.wrapping_add(1);
            time = time.wrapping_add(960);
            scene.wait(20);
        }
        // DTX: one packet each 400 ms says how the silence sounds.
        for _ in 0..4 {
            time = time.wrapping_add(19 * 960);
            scene.wait(19 * 20);
            assert_eq!(scene.send_raw(0, &packet(seq, time, 95)), Ok(()));
            seq = seq.wrapping_add(1);
            time = time.wrapping_add(960);
            scene.wait(20);
        }
    }
    let arrived = scene.take();
    assert_eq!(arrived.len(), 290);
    assert_no_holes(&arrived);
    assert!(drifts(&arrived).iter().all(|drift| drift.abs() < 48));
    assert!(arrived.iter().all(|packet| packet.header.pt == Pt(100)));
    let begin_again =
        arrived.windows(2).filter(|pair| pair[1].time().distance_from(pair[0].time()) > 6 * 960);
    for pair in begin_again {
        assert!(pair[1].header.marker);
    }
}

#[test]
fn a_microphone_that_stood_still_catches_up_with_the_clock() {
    let mut scene = room(2);
    let mut time = 0;
    let mut seq = 0;
    let mut send = |scene: &mut Scene, packets: u32, gap_ms: u64| {
        for _ in 0..packets {
            assert_eq!(scene.send_raw(0, &packet(seq, time, SPEECH)), Ok(()));
            seq += 1;
            time += 960;
            scene.wait(gap_ms);
        }
    };
    send(&mut scene, 50, 20);
    // Two seconds in which its own clock stood still too.
    scene.wait(2_000);
    send(&mut scene, 200, 20);
    let arrived = scene.take();
    assert_no_holes(&arrived);
    let drift = drifts(&arrived);
    assert!(drift[60] < -1_900 * 48, "{}", drift[60]);
    assert!(drift[249].abs() <= 480, "{}", drift[249]);
    assert!(
        arrived.windows(2).all(|pair| { pair[1].time().distance_from(pair[0].time()) % 960 == 0 })
    );
}

#[test]
fn a_line_that_held_packets_up_does_not_move_the_clock() {
    let mut scene = room(2);
    let mut time = 0;
    for seq in 0..500_u16 {
        // Between 2 s and 3 s everything waits, then comes at once.
        if !(100..150).contains(&seq) {
            scene.wait(20);
        } else if seq == 100 {
            scene.wait(1_020);
        }
        assert_eq!(scene.send_raw(0, &packet(seq, time, SPEECH)), Ok(()));
        time += 960;
    }
    let arrived = scene.take();
    assert_no_holes(&arrived);
    assert!(arrived.windows(2).all(|pair| pair[1].time().distance_from(pair[0].time()) == 960));
}

#[test]
fn empty_packets_are_counted_once_and_reach_nobody() {
    let mut scene = room(9);
    assert_eq!(scene.speak(0, SPEECH), Ok(()));
    scene.take();
    let drops = |scene: &Scene| scene.forwarder.counters().drops(ForwardDrop::Empty);
    for n in 0..10_u64 {
        let mut packet = scene.sound_packet(0, Source::Microphone, SPEECH);
        packet.truncate(packet.len() - 3);
        // RFC 3550 §5.1: a packet of nothing but padding.
        packet[0] |= 0x20;
        packet.extend_from_slice(&[0, 0, 3]);
        assert_eq!(scene.send_raw(0, &packet), Err(ForwardDrop::Empty));
        assert_eq!(drops(&scene), n + 1, "not once for each receiver");
    }
    assert!(scene.take().is_empty());
    assert_eq!(scene.speak(0, SPEECH), Ok(()));
    assert_eq!(scene.take().len(), 8);
}

#[test]
fn muted_people_cost_nothing_and_the_one_who_speaks_is_heard_with_the_first_packet() {
    let mut scene = Scene::new(30, 0);
    for person in 0..30 {
        scene.turn_on(person, Source::Microphone);
    }
    for _ in 0..100 {
        for person in 0..30 {
            let _ = scene.speak(person, SILENCE);
        }
        scene.wait(20);
    }
    scene.take();
    for _ in 0..50 {
        for person in 0..30 {
            assert_eq!(scene.speak(person, SILENCE), Err(ForwardDrop::Silence));
        }
        scene.wait(20);
    }
    assert!(scene.take().is_empty());
    for speaker in [3, 29, 17, 11, 20] {
        let first = scene.speak(speaker, SPEECH);
        assert_eq!(first, Ok(()), "{speaker}");
        let heard = scene.take();
        assert_eq!(heard.len(), 29, "everybody else hears the first packet of {speaker}");
        scene.wait(600);
    }
}
