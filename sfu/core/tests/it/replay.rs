//! Streams of every codec through a room, with layers, sources and limits changing at random: what
//! a receiver gets must be decodable throughout.
//!
//! Two people send the same stream in three encodings each, every one at another place of it. What
//! arrives is traced back to what was sent: a frame that goes has all that it refers to, numbers
//! have no hole but for losses, and libwebrtc's own rules (`finders`) find every reference at once.
//! None of it takes memory from the heap.

mod check;
mod finders;
mod streams;

use std::collections::HashSet;

use protocol::{
    EndpointIndex,
    media::{Codec, ExtensionIds, Mid, Payload, Pt, SessionPlan, SlotKind, Source},
};
use sfu_core::{ForwardDrop, Limits, codec::LayerLimit};

use self::{check::check, streams::Stream};
use crate::scene::{
    Arrived, PUBLISHER_IDS, Person, RECEIVER_IDS, RIDS, Scene, plan, slot_ssrc, tile,
};

const PUBLISHERS: Person = 2;
const RECEIVER: Person = PUBLISHERS;
const BYSTANDER: Person = PUBLISHERS + 1;
const SENT_PT: u8 = 96;
const RECEIVED_PT: u8 = 120;

/// Extension ids of the descriptor.
const SENT_DESCRIPTOR: u8 = 8;
const RECEIVED_DESCRIPTOR: u8 = 12;

impl Stream {
    /// What six plays show at least. Captures have few keyframes, and a switch waits for one.
    fn switches_min(&self) -> usize {
        if self.name.ends_with(".pcap") { 6 } else { 40 }
    }
}

/// One packet on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Origin {
    publisher: Person,
    layer: u8,
    /// On a scale that does not wrap.
    seq: i64,
    frame: usize,
    packet: usize,
}

/// One packet that arrived in the receiver's picture slot.
#[derive(Clone, Debug)]
struct Output {
    arrived: Arrived,
    origin: Origin,
}

/// What was played and what came of it.
struct Play {
    outputs: Vec<Output>,
    lost: HashSet<Origin>,
    /// Came after the next picture.
    late: HashSet<Origin>,
}

/// What may happen to packets.
#[derive(Clone, Copy, Debug)]
struct Fate {
    lost_percent: u64,
    late_percent: u64,
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }

    fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// One encoding of one publisher, which plays the stream round and round.
struct Encoding {
    publisher: Person,
    layer: u8,
    /// The next frame.
    frame: usize,
    seq: i64,
    /// What is added to the stream's times.
    time: u32,
}

impl Encoding {
    /// The next picture's packets.
    fn picture(&mut self, stream: &Stream) -> Vec<(Origin, Vec<u8>)> {
        let mut packets = Vec::new();
        let time = stream.frames[self.frame].time;
        while let Some(frame) = stream.frames.get(self.frame).filter(|it| it.time == time) {
            for (place, packet) in frame.packets.iter().enumerate() {
                let (publisher, layer, seq) = (self.publisher, self.layer, self.seq);
                let origin = Origin { publisher, layer, seq, frame: self.frame, packet: place };
                let mut extensions =
                    vec![(4, b"1".to_vec()), (10, RIDS[usize::from(layer)].as_bytes().to_vec())];
                extensions.extend(packet.descriptor.clone().map(|it| (SENT_DESCRIPTOR, it)));
                let bytes = rtp(
                    packet.marker,
                    seq as u16,
                    frame.time.wrapping_add(self.time),
                    1_000 + u32::from(layer),
                    &extensions,
                    &packet.payload,
                );
                packets.push((origin, bytes));
                self.seq += 1;
            }
            self.frame += 1;
        }
        if self.frame == stream.frames.len() {
            self.frame = 0;
            self.time = self.time.wrapping_add(time + 3_000);
        }
        packets
    }
}

/// A packet with extensions of the two-byte form (RFC 8285 §4.3), which any length fits.
fn rtp(
    marker: bool,
    seq: u16,
    time: u32,
    ssrc: u32,
    extensions: &[(u8, Vec<u8>)],
    payload: &[u8],
) -> Vec<u8> {
    let mut block = Vec::new();
    for (id, value) in extensions {
        block.extend([*id, value.len() as u8]);
        block.extend_from_slice(value);
    }
    block.resize(block.len().next_multiple_of(4), 0);
    let mut packet = vec![0x90, u8::from(marker) << 7 | SENT_PT];
    packet.extend_from_slice(&seq.to_be_bytes());
    packet.extend_from_slice(&time.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0x10, 0, 0, (block.len() / 4) as u8]);
    packet.extend_from_slice(&block);
    packet.extend_from_slice(payload);
    packet
}

fn plan_for(person: Person, codec: Codec) -> SessionPlan {
    let mut plan = plan(person, 1);
    let payload = |pt: u8| vec![Payload { codec, pt: Pt(pt), rtx: None }];
    for section in &mut plan.publishes {
        if section.source == Source::Camera {
            section.payloads = payload(SENT_PT);
            section.extensions =
                ExtensionIds { dependency_descriptor: Some(SENT_DESCRIPTOR), ..PUBLISHER_IDS };
        }
    }
    for slot in &mut plan.slots {
        if slot.kind == SlotKind::Video {
            slot.payloads = payload(RECEIVED_PT);
            slot.extensions =
                ExtensionIds { dependency_descriptor: Some(RECEIVED_DESCRIPTOR), ..RECEIVER_IDS };
        }
    }
    plan
}

/// Plays `stream` for `pictures` pictures.
fn play(stream: &Stream, seed: u64, pictures: usize, fate: Fate) -> Play {
    let mut random = Random(seed);
    let mut scene = Scene::empty(Limits::default());
    for person in 0..=BYSTANDER {
        scene.join(person, &plan_for(person, stream.codec));
    }
    for person in 0..PUBLISHERS {
        scene.turn_on(person, Source::Camera);
    }
    scene.view(RECEIVER, Some(tile(0, Source::Camera, 360)), &[]);
    scene.view(BYSTANDER, None, &[tile(0, Source::Camera, 0)]);
    let keys: Vec<usize> = (0..stream.frames.len())
        .filter(|&place| stream.frames[place].is_key && stream.frames[place].spatial == 0)
        .collect();
    let mut encodings: Vec<Encoding> = (0..PUBLISHERS)
        .flat_map(|publisher| (0..3).map(move |layer| (publisher, layer)))
        .map(|(publisher, layer)| Encoding {
            publisher,
            layer,
            frame: keys[random.below(keys.len() as u64) as usize],
            seq: random.below(65_536) as i64,
            time: random.next() as u32,
        })
        .collect();
    let mut play = Play { outputs: Vec::new(), lost: HashSet::new(), late: HashSet::new() };
    let mut late: Vec<(Origin, Vec<u8>)> = Vec::new();
    for _ in 0..pictures {
        if random.happens(6) {
            change(&mut scene, &mut random);
        }
        let mut due = std::mem::take(&mut late);
        for encoding in &mut encodings {
            for packet in encoding.picture(stream) {
                if random.happens(fate.lost_percent) {
                    play.lost.insert(packet.0);
                } else if random.happens(fate.late_percent) {
                    play.late.insert(packet.0);
                    late.push(packet);
                } else {
                    due.push(packet);
                }
            }
        }
        for (origin, packet) in due {
            let sent = scene.send_raw(origin.publisher, &packet);
            assert_ne!(sent, Err(ForwardDrop::Malformed), "{}: {origin:?}", stream.name);
            for arrived in scene.take() {
                assert_ne!(arrived.to, BYSTANDER, "who shows nothing gets nothing");
                let is_slot = arrived.header.ssrc == slot_ssrc(RECEIVER, "v0");
                if arrived.to == RECEIVER && is_slot {
                    assert_eq!(arrived.csrc, origin.publisher + 1);
                    play.outputs.push(Output { arrived, origin });
                }
            }
        }
        scene.wait(33);
    }
    assert_eq!(scene.allocations, 0, "{}: packets need no heap", stream.name);
    play
}

/// The receiver shows somebody else, or in another size, or may have other layers.
fn change(scene: &mut Scene, random: &mut Random) {
    if random.happens(50) {
        let publisher = random.below(PUBLISHERS.into()) as Person;
        let height = [100, 360, 720][random.below(3) as usize];
        scene.view(RECEIVER, Some(tile(publisher, Source::Camera, height)), &[]);
        return;
    }
    let limit = LayerLimit {
        spatial: [0, 1, 7, 7][random.below(4) as usize],
        temporal: [0, 1, 2, 7][random.below(4) as usize],
    };
    let mid = Mid::try_new(b"v0").expect("a mid");
    scene.forwarder.set_layer_limit(EndpointIndex(RECEIVER), mid, limit);
}

#[test]
fn every_frame_that_goes_has_all_that_it_refers_to() {
    for stream in streams::all() {
        let (spatial, temporal) = stream.layers();
        let mut figures = check::Figures::default();
        for seed in 0..6 {
            let played = play(&stream, seed, 600, Fate { lost_percent: 0, late_percent: 0 });
            figures.add(&check(&stream, &played));
        }
        println!("{}: {figures:?}", stream.name);
        let has_layers = spatial > 0 || temporal > 0;
        assert!(figures.switches >= stream.switches_min(), "{}: {figures:?}", stream.name);
        assert_eq!(figures.frames_left_out > 50, has_layers, "{}: {figures:?}", stream.name);
    }
}

#[test]
fn losses_and_late_packets_leave_holes_and_nothing_worse() {
    for stream in streams::all() {
        let mut figures = check::Figures::default();
        for seed in 100..106 {
            let played = play(&stream, seed, 600, Fate { lost_percent: 3, late_percent: 3 });
            figures.add(&check(&stream, &played));
        }
        println!("{}: {figures:?}", stream.name);
        assert!(figures.switches >= stream.switches_min(), "{}: {figures:?}", stream.name);
        assert!(figures.holes > 20, "{}: {figures:?}", stream.name);
    }
}
