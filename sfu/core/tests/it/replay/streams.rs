//! Streams to play: what browsers sent, and what encoders with layers would send.

use protocol::media::Codec;

use crate::{
    captures::captured,
    descriptors::{self, Descriptor, Structure},
};

/// Keyframes of made streams come this often, in pictures.
const KEYFRAME_PERIOD: usize = 24;

/// One layer's frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Refers to nothing before its picture.
    pub(crate) is_key: bool,
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
    /// 90 kHz, from the beginning of the stream.
    pub(crate) time: u32,
    /// Places of frames in the stream.
    pub(crate) references: Vec<usize>,
    pub(crate) packets: Vec<Packet>,
}

#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) marker: bool,
    pub(crate) descriptor: Option<Vec<u8>>,
    pub(crate) payload: Vec<u8>,
}

/// A whole stream.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) codec: Codec,
    pub(crate) frames: Vec<Frame>,
    /// Receivers find references by dependency descriptors.
    pub(crate) is_described: bool,
}

impl Stream {
    fn new(name: &'static str, codec: Codec) -> Self {
        Stream { name, codec, frames: Vec::new(), is_described: false }
    }

    /// Adds a frame of `payloads`; the last packet bears the marker if the picture `ends`.
    fn push(&mut self, frame: Frame, payloads: Vec<Vec<u8>>, ends: bool) {
        let count = payloads.len();
        let packets = payloads.into_iter().enumerate().map(|(place, payload)| Packet {
            marker: ends && place + 1 == count,
            descriptor: None,
            payload,
        });
        self.frames.push(Frame { packets: packets.collect(), ..frame });
    }

    fn next(&self) -> usize {
        self.frames.len()
    }

    /// The highest layers of any frame.
    pub(crate) fn layers(&self) -> (u8, u8) {
        let spatial = self.frames.iter().map(|frame| frame.spatial).max();
        let temporal = self.frames.iter().map(|frame| frame.temporal).max();
        (spatial.unwrap_or(0), temporal.unwrap_or(0))
    }
}

/// A frame without packets.
fn frame(is_key: bool, spatial: u8, temporal: u8, picture: usize, references: Vec<usize>) -> Frame {
    let time = 3_000 * picture as u32;
    Frame { is_key, spatial, temporal, time, references, packets: Vec::new() }
}

/// Every stream that can be played.
pub(crate) fn all() -> Vec<Stream> {
    let mut streams = vec![
        vp8(240),
        vp9_grouped(240),
        vp9_flexible(240),
        vp9_spatial(240),
        h264(240),
        av1(240),
        described("VP8 L1T3 with descriptors", Codec::Vp8, &descriptors::l1t3(), 240),
        described("AV1 L1T3, encrypted", Codec::Av1, &descriptors::l1t3(), 240),
        described("AV1 L2T2, encrypted", Codec::Av1, &descriptors::l2t2(), 240),
        described("AV1 L2T2_KEY, encrypted", Codec::Av1, &descriptors::l2t2_key(), 240),
        described("AV1 S2T1, encrypted", Codec::Av1, &descriptors::s2t1(), 240),
    ];
    let captures = [
        ("vp8.pcap", Codec::Vp8),
        ("vp9.pcap", Codec::Vp9),
        ("h264.pcap", Codec::H264),
        ("av1.pcap", Codec::Av1),
    ];
    streams.extend(captures.into_iter().filter_map(|(name, codec)| capture(name, codec, 6)));
    streams
}

/// The temporal layers of three, two or one layers, picture by picture.
fn temporal(layers: u8, picture: usize) -> u8 {
    match layers {
        1 => 0,
        2 => [0, 1][picture % 2],
        _ => [0, 2, 1, 2][picture % 4],
    }
}

fn body(first: &[u8], place: usize) -> Vec<u8> {
    let mut body = first.to_vec();
    body.extend_from_slice(&(place as u32).to_be_bytes());
    body.resize(body.len() + 20 + place % 7, 0x5A);
    body
}

/// The VP8 payloads of one frame.
fn vp8_payloads(place: usize, is_key: bool, layer: u8, sync: bool, tl0: u8) -> Vec<Vec<u8>> {
    let [high, low] = (place as u16 & 0x7FFF).to_be_bytes();
    let count = if is_key { 3 } else { 1 + usize::from(layer == 0) };
    let packet = |number: usize| {
        let start = if number == 0 { 0x10 } else { 0 };
        let head = [0x80 | start, 0xE0, 0x80 | high, low, tl0, layer << 6 | u8::from(sync) << 5];
        let frame: &[u8] = match (number, is_key) {
            (0, true) => &[0x10, 2, 0, 0x9D, 0x01, 0x2A, 0x80, 2, 0x68, 1],
            (0, false) => &[0x11, 2, 0, 0, 0, 0, 0, 0, 0, 0],
            _ => &[0x77],
        };
        body(&[&head, frame].concat(), place)
    };
    (0..count).map(packet).collect()
}

fn vp8(pictures: usize) -> Stream {
    let mut stream = Stream::new("VP8 L1T3", Codec::Vp8);
    let mut newest = [0; 3];
    let mut tl0 = 250_u8;
    for picture in 0..pictures {
        let is_key = picture % KEYFRAME_PERIOD == 0;
        let layer = temporal(3, picture);
        let sync = layer > 0 && picture % 4 != 3;
        let references = match layer {
            _ if is_key => vec![],
            0 => vec![newest[0]],
            _ if sync => vec![newest[0]],
            _ => newest.to_vec(),
        };
        tl0 = tl0.wrapping_add(u8::from(layer == 0));
        let place = stream.next();
        newest[usize::from(layer)] = place;
        let payloads = vp8_payloads(place, is_key, layer, sync, tl0);
        stream.push(frame(is_key, 0, layer, picture, references), payloads, true);
    }
    stream
}

/// Without flexible mode: references follow from the place in a group of four pictures.
fn vp9_grouped(pictures: usize) -> Stream {
    let mut stream = Stream::new("VP9 L1T3, not flexible", Codec::Vp9);
    let mut tl0 = 9_u8;
    for picture in 0..pictures {
        let is_key = picture % KEYFRAME_PERIOD == 0;
        let layer = temporal(3, picture);
        tl0 = tl0.wrapping_add(u8::from(layer == 0));
        let [high, low] = ((picture as u16 + 32_700) & 0x7FFF).to_be_bytes();
        let payloads = (0..2).map(|number| {
            let begins = if number == 0 { 0x08 } else { 0x04 };
            let inter = if is_key { 0 } else { 0x40 };
            let with_structure = is_key && number == 0;
            let flags = 0xA0 | begins | inter | u8::from(with_structure) << 1;
            let mut head = vec![flags, 0x80 | high, low, layer << 5 | 0x10, tl0];
            if with_structure {
                // Four pictures: TID, U and R of each, and its references.
                head.extend([0x08, 4, 0x14, 4, 0x54, 1, 0x34, 2, 0x54, 1]);
            }
            body(&head, picture)
        });
        let back = [4, 1, 2, 1][picture % 4];
        let references = if is_key { vec![] } else { vec![picture - back] };
        stream.push(frame(is_key, 0, layer, picture, references), payloads.collect(), true);
    }
    stream
}

fn vp9_flexible(pictures: usize) -> Stream {
    let mut stream = Stream::new("VP9 L1T2, flexible", Codec::Vp9);
    for picture in 0..pictures {
        let is_key = picture % KEYFRAME_PERIOD == 0;
        let layer = temporal(2, picture);
        let back = 2 - layer;
        let inter = if is_key { 0 } else { 0x40 };
        // Picture ids of 7 bits, which wrap often.
        let mut head = vec![0xBC | inter, picture as u8 & 0x7F, layer << 5 | 0x10];
        if !is_key {
            head.push(back << 1);
        }
        let references = if is_key { vec![] } else { vec![picture - usize::from(back)] };
        let payloads = vec![body(&head, picture)];
        stream.push(frame(is_key, 0, layer, picture, references), payloads, true);
    }
    stream
}

/// Three spatial layers that predict each other.
fn vp9_spatial(pictures: usize) -> Stream {
    let mut stream = Stream::new("VP9 L3T1", Codec::Vp9);
    let mut tl0 = 0_u8;
    for picture in 0..pictures {
        let is_key = picture % KEYFRAME_PERIOD == 0;
        tl0 = tl0.wrapping_add(1);
        for spatial in 0..3_u8 {
            let place = stream.next();
            let mut references = if is_key { vec![] } else { vec![place - 3] };
            references.extend((spatial > 0).then(|| place - 1));
            let [high, low] = (picture as u16).to_be_bytes();
            let payloads = (0..2).map(|number| {
                let begins = if number == 0 { 0x08 } else { 0x04 };
                let inter = if is_key { 0 } else { 0x40 };
                let with_structure = is_key && spatial == 0 && number == 0;
                let flags = 0xA0 | begins | inter | u8::from(with_structure) << 1;
                let layer = spatial << 1 | u8::from(spatial > 0);
                let mut head = vec![flags, 0x80 | high, low, layer, tl0];
                if with_structure {
                    // Three layers; every picture refers to the one before.
                    head.extend([0x48, 1, 0x04, 1]);
                }
                body(&head, place)
            });
            let ends = spatial == 2;
            stream.push(frame(is_key, spatial, 0, picture, references), payloads.collect(), ends);
        }
    }
    stream
}

/// Every other frame is one that no other refers to.
fn h264(pictures: usize) -> Stream {
    let mut stream = Stream::new("H264 with discardable frames", Codec::H264);
    for picture in 0..pictures {
        let is_key = picture % KEYFRAME_PERIOD == 0;
        let layer = temporal(2, picture);
        let payloads = if is_key {
            vec![
                vec![0x78, 0, 3, 0x67, 0x42, 0xC0, 0, 2, 0x68, 0xCE],
                body(&[0x7C, 0x85, 0x88], picture),
                body(&[0x7C, 0x45], picture),
            ]
        } else if layer == 0 {
            vec![body(&[0x61, 0x9A], picture)]
        } else {
            vec![body(&[0x1C, 0x81, 0x9A], picture), body(&[0x1C, 0x41], picture)]
        };
        let back = 2 - usize::from(layer);
        let references = if is_key { vec![] } else { vec![picture - back] };
        stream.push(frame(is_key, 0, layer, picture, references), payloads, true);
    }
    stream
}

/// Layers in the OBUs alone.
fn av1(pictures: usize) -> Stream {
    let mut stream = Stream::new("AV1 L1T2, no descriptors", Codec::Av1);
    for picture in 0..pictures {
        let is_key = picture % KEYFRAME_PERIOD == 0;
        let layer = temporal(2, picture);
        let obu = [0x34, layer << 5];
        let first = if is_key {
            [&[0x68, 2, 0x08, 0x00], &obu[..]].concat()
        } else {
            [&[0x50], &obu[..]].concat()
        };
        let payloads = vec![body(&first, picture), body(&[0x90], picture)];
        let back = 2 - usize::from(layer);
        let references = if is_key { vec![] } else { vec![picture - back] };
        stream.push(frame(is_key, 0, layer, picture, references), payloads, true);
    }
    stream
}

/// The kinds of frames of one picture of `structure`, and its temporal layer.
fn kinds(structure: &Structure, picture: usize, is_key: bool) -> Vec<usize> {
    match (structure.protected_by.len(), structure.kinds[0].indications) {
        (3, _) if is_key => vec![0],
        (3, _) => vec![[1, 3, 2, 4][picture % 4]],
        (4, _) if is_key => vec![0, 3],
        (4, _) => [[1, 4], [2, 5]][picture % 2].to_vec(),
        (_, _) if is_key => vec![1, 3],
        (_, _) => vec![0, 2],
    }
}

/// A stream of which every packet has a descriptor. Its payload says nothing, or in VP8 what the
/// payload descriptor has to say.
fn described(name: &'static str, codec: Codec, structure: &Structure, pictures: usize) -> Stream {
    let mut stream = Stream { is_described: true, ..Stream::new(name, codec) };
    let mut tl0 = 0_u8;
    for picture in 0..pictures {
        let is_key = picture % KEYFRAME_PERIOD == 0;
        let kinds = kinds(structure, picture, is_key);
        for (number, &kind) in kinds.iter().enumerate() {
            let place = stream.next();
            let of = &structure.kinds[kind];
            let references: Vec<_> =
                of.diffs.iter().map(|&diff| place - usize::from(diff)).collect();
            let sync = of.temporal > 0 && picture % 4 != 3;
            tl0 = tl0.wrapping_add(u8::from(of.temporal == 0));
            let payloads = match codec {
                Codec::Vp8 => vp8_payloads(place, is_key, of.temporal, sync, tl0),
                Codec::Opus | Codec::Red | Codec::Vp9 | Codec::H264 | Codec::Av1 => {
                    vec![body(&[0xFF, 0xFF, 0xFF], place), body(&[0xFF, 0xFF], place)]
                }
            };
            let ends = number + 1 == kinds.len();
            let is_key = of.diffs.is_empty();
            let frame = frame(is_key, of.spatial, of.temporal, picture, references);
            stream.push(frame, payloads, ends);
            let packets = &mut stream.frames[place].packets;
            let count = packets.len();
            for (number_in_frame, packet) in packets.iter_mut().enumerate() {
                let brings = is_key && number == 0 && number_in_frame == 0;
                let descriptor = Descriptor {
                    starts_frame: number_in_frame == 0,
                    ends_frame: number_in_frame + 1 == count,
                    kind,
                    number: (place as u16).wrapping_add(65_000),
                    structure: brings.then_some(structure),
                    ..Descriptor::default()
                };
                packet.descriptor = Some(descriptor.bytes(structure));
            }
        }
    }
    stream
}

/// A browser's stream, `times` over; `None` without vectors.
fn capture(name: &'static str, codec: Codec, times: usize) -> Option<Stream> {
    let packets = captured(name)?;
    let mut stream = Stream::new(name, codec);
    let mut time = 0;
    for _ in 0..times {
        let first = stream.next();
        let mut last_timestamp = None;
        // Newest frame of each temporal layer, and of each TL0PICIDX its base.
        let mut newest: [Option<usize>; 4] = [None; 4];
        for (_, packet) in &packets {
            let header = protocol::rtp::RtpHeader::parse(packet).expect("RTP");
            let payload = header.payload(packet).expect("no lie about padding").to_vec();
            if last_timestamp.replace(header.timestamp) != Some(header.timestamp) {
                let place = stream.next();
                time += 3_000;
                let (is_key, layer, sync) = seen(codec, &payload, place == first);
                let references = match layer {
                    _ if is_key => vec![],
                    _ if sync => newest[..1].iter().flatten().copied().collect(),
                    layer => newest[..=usize::from(layer)].iter().flatten().copied().collect(),
                };
                newest[usize::from(layer)] = Some(place);
                let packets = Vec::new();
                let frame =
                    Frame { is_key, spatial: 0, temporal: layer, time, references, packets };
                stream.frames.push(frame);
            }
            let packets = &mut stream.frames.last_mut().expect("a frame").packets;
            packets.push(Packet { marker: header.marker, descriptor: None, payload });
        }
    }
    Some(stream)
}

/// Whether a frame of a capture is a keyframe, its temporal layer, and whether it is a layer sync.
fn seen(codec: Codec, payload: &[u8], is_first: bool) -> (bool, u8, bool) {
    match codec {
        // 90 E0, picture id of two bytes, TL0PICIDX, TID and Y; then the frame tag.
        Codec::Vp8 => {
            assert_eq!(payload[1], 0xE0, "as browsers write it");
            (payload[6] & 1 == 0, payload[5] >> 6, payload[5] & 0x20 != 0)
        }
        Codec::Vp9 => (payload[0] & 0x40 == 0, 0, false),
        Codec::H264 => (payload[0] == 0x78 && payload[3] == 0x67, 0, false),
        Codec::Av1 => (payload[0] & 0x08 != 0, 0, false),
        Codec::Opus | Codec::Red => (is_first, 0, false),
    }
}
