//! What a receiver sees of one slot, over any remaps, losses, reordering and layer switches.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use protocol::media::{MediaKind, Source, Ssrc};

use crate::scene::{Arrived, Person, Scene, tile};

const PUBLISHERS: Person = 3;
const RECEIVER: Person = PUBLISHERS;
const BYSTANDER: Person = PUBLISHERS + 1;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The receiver puts somebody on stage.
    Stage { person: Person, height: u16 },
    /// A camera goes off and on.
    Blink { person: Person },
    /// Everybody sends a frame in every layer and a packet of sound.
    Media { keyframes: bool, fate: u32 },
    /// Nobody sends.
    Silence { millis: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = 0..PUBLISHERS;
    let height = prop_oneof![Just(100_u16), Just(360), Just(720)];
    let step = prop_oneof![
        2 => (person.clone(), height).prop_map(|(person, height)| Step::Stage { person, height }),
        1 => person.prop_map(|person| Step::Blink { person }),
        12 => (prop::bool::weighted(0.3), any::<u32>())
            .prop_map(|(keyframes, fate)| Step::Media { keyframes, fate }),
        1 => (0..3_000_u64).prop_map(|millis| Step::Silence { millis }),
    ];
    prop::collection::vec(step, 1..120)
}

/// Plays the steps; some packets are lost, some doubled, some come after the next.
fn play(steps: &[Step]) -> (Vec<Arrived>, HashSet<(Person, Source)>) {
    let mut scene = Scene::new(PUBLISHERS + 2, 1);
    for person in 0..PUBLISHERS {
        scene.turn_on(person, Source::Camera);
        scene.turn_on(person, Source::Microphone);
    }
    scene.view(RECEIVER, Some(tile(0, Source::Camera, 360)), &[]);
    scene.view(BYSTANDER, None, &[tile(0, Source::Camera, 0)]);
    let mut staged = HashSet::from([(0, Source::Camera)]);
    for &step in steps {
        match step {
            Step::Stage { person, height } => {
                staged.insert((person, Source::Camera));
                scene.view(RECEIVER, Some(tile(person, Source::Camera, height)), &[]);
            }
            Step::Blink { person } => {
                scene.turn_off(person, Source::Camera);
                scene.turn_on(person, Source::Camera);
            }
            Step::Media { keyframes, fate } => {
                let mut packets = Vec::new();
                for person in 0..PUBLISHERS {
                    for layer in 0..3 {
                        let frame = scene.frame_packets(person, Source::Camera, layer, keyframes);
                        packets.extend(frame.map(|packet| (person, packet)));
                    }
                    let sound = scene.sound_packet(person, Source::Microphone, 40);
                    packets.push((person, sound));
                }
                deliver(&mut scene, packets, fate);
                scene.wait(20);
            }
            Step::Silence { millis } => scene.wait(millis),
        }
    }
    (scene.take(), staged)
}

fn deliver(scene: &mut Scene, mut packets: Vec<(Person, Vec<u8>)>, fate: u32) {
    let count = packets.len();
    if fate & 1 != 0 {
        packets.swap((fate >> 8) as usize % count, 0);
    }
    if fate & 2 != 0 {
        packets.remove((fate >> 16) as usize % count);
    }
    if fate & 4 != 0 {
        let doubled = packets[(fate >> 24) as usize % packets.len()].clone();
        packets.push(doubled);
    }
    for (person, packet) in packets {
        let _ = scene.send_raw(person, &packet);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_slot_is_one_stream_whatever_it_carries(steps in steps()) {
        let (arrived, staged) = play(&steps);
        let mut slots: HashMap<Ssrc, Vec<&Arrived>> = HashMap::new();
        for packet in &arrived {
            let kind = if packet.header.pt.0 == 120 { MediaKind::Video } else { MediaKind::Audio };
            let whose = packet.csrc - 1;
            prop_assert_ne!(whose, packet.to, "nobody gets their own");
            if packet.to == BYSTANDER {
                prop_assert_eq!(kind, MediaKind::Audio, "the bystander shows nothing");
            }
            if packet.to == RECEIVER && kind == MediaKind::Video {
                prop_assert!(staged.contains(&(whose, Source::Camera)), "only who was on stage");
                prop_assert_eq!(packet.names().0, whose, "the CSRC is true");
            }
            slots.entry(packet.header.ssrc).or_default().push(packet);
        }
        for packets in slots.values() {
            check_slot(packets)?;
        }
    }
}

fn check_slot(packets: &[&Arrived]) -> Result<(), TestCaseError> {
    let is_video = packets[0].header.pt.0 == 120;
    // Numbers of the slot on a scale that does not wrap.
    let mut number = 100_000_i64;
    let mut numbered: Vec<(i64, &Arrived)> = Vec::new();
    let mut last = packets[0].seq();
    for &packet in packets {
        number += i64::from(packet.seq().distance_from(last));
        last = packet.seq();
        numbered.push((number, packet));
    }
    numbered.sort_by_key(|(number, _)| *number);
    for pair in numbered.windows(2) {
        let ((before, a), (after, b)) = (pair[0], pair[1]);
        prop_assert!(before < after, "no number twice");
        let step = b.time().distance_from(a.time());
        if is_video {
            prop_assert!(step >= 0, "time goes on: {step}");
            let pictures = b.picture().wrapping_sub(a.picture()) & 0x7FFF;
            let same_frame = step == 0;
            prop_assert!(same_frame == (pictures == 0), "a picture id per frame");
            prop_assert!(pictures < 0x4000, "picture ids go on");
        } else {
            prop_assert!(step > 0 && step % 960 == 0, "whole steps: {step}");
        }
        let switched = a.csrc != b.csrc || is_video && a.names() != b.names();
        if switched && is_video {
            prop_assert!(b.payload[4] == 0x10 || a.at == b.at, "a switch begins with a keyframe");
        }
        // One loss in a round of media, so a hole is of one packet for each round in between.
        let rounds = b.at.saturating_duration_since(a.at).as_millis() / 20 + 1;
        prop_assert!(i128::from(after - before - 1) <= rounds as i128 * 2, "only losses are holes");
    }
    Ok(())
}
