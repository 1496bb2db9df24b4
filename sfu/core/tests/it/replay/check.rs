//! What must hold of a slot's packets, traced back to what was sent.

use std::collections::{HashMap, HashSet};

use protocol::media::Codec;
use sfu_core::codec::dependency::Dependencies;

use super::{
    Origin, Output, Play, RECEIVED_DESCRIPTOR,
    finders::{Unwrapped, Vp8Finder, Vp8Frame, Vp9Finder, Vp9Frame},
    streams::Stream,
};

/// Frames at the end of a stream's stretch that a switch may cut.
const CUT_FRAMES: usize = 4;

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) packets: usize,
    pub(super) frames: usize,
    pub(super) frames_left_out: usize,
    pub(super) switches: usize,
    pub(super) holes: usize,
    pub(super) fillers: usize,
    pub(super) longest_header: usize,
}

impl Figures {
    pub(super) fn add(&mut self, other: &Figures) {
        self.packets += other.packets;
        self.frames += other.frames;
        self.frames_left_out += other.frames_left_out;
        self.switches += other.switches;
        self.holes += other.holes;
        self.fillers += other.fillers;
        self.longest_header = self.longest_header.max(other.longest_header);
    }
}

/// A stretch of one encoding in the slot, its packets in the order of their numbers.
type Stretch<'p> = Vec<&'p Output>;

pub(super) fn check(stream: &Stream, play: &Play) -> Figures {
    let numbered = number(&play.outputs);
    let mut figures = Figures { packets: numbered.len(), ..Figures::default() };
    check_numbers(play, &numbered, &mut figures);
    check_times(stream, &numbered);
    let stretches = stretches(&numbered);
    figures.switches = stretches.len();
    for stretch in &stretches {
        check_frames(stream, play, stretch, &mut figures);
    }
    if play.lost.is_empty() {
        if !stream.name.ends_with(".pcap") {
            // A capture may begin and end in the middle of a picture.
            check_markers(stream, &numbered);
        }
        check_finders(stream, &numbered);
    }
    if stream.is_described {
        check_descriptors(stream, play, &numbered);
    }
    figures
}

/// Packets by their number, which nobody else has.
fn number(outputs: &[Output]) -> Vec<(i64, &Output)> {
    let mut numbers = Unwrapped::default();
    let mut numbered: Vec<(i64, &Output)> =
        outputs.iter().map(|output| (numbers.next(output.arrived.seq().0, 16), output)).collect();
    numbered.sort_by_key(|(number, _)| *number);
    for pair in numbered.windows(2) {
        assert!(pair[0].0 < pair[1].0, "number {} twice: {:?}", pair[0].0, pair);
    }
    numbered
}

/// Holes are losses of the same encoding.
fn check_numbers(play: &Play, numbered: &[(i64, &Output)], figures: &mut Figures) {
    for pair in numbered.windows(2) {
        let [(before, a), (after, b)] = [pair[0], pair[1]];
        let hole = after - before - 1;
        if hole == 0 {
            continue;
        }
        figures.holes += 1;
        let (a, b) = (a.origin, b.origin);
        assert_eq!((a.publisher, a.layer), (b.publisher, b.layer), "a hole at a switch");
        let is_between = |lost: &&Origin| {
            (lost.publisher, lost.layer) == (a.publisher, a.layer)
                && (a.seq..b.seq).contains(&lost.seq)
        };
        // What came late may have come after the switch to another encoding.
        let lost = play.lost.iter().chain(&play.late).filter(is_between).count() as i64;
        assert!(hole <= lost, "a hole of {hole} for {lost} losses between {a:?} and {b:?}");
    }
}

/// Time goes on from picture to picture and stands within one.
fn check_times(stream: &Stream, numbered: &[(i64, &Output)]) {
    for pair in numbered.windows(2) {
        let [(_, a), (_, b)] = [pair[0], pair[1]];
        let step = b.arrived.time().distance_from(a.arrived.time());
        let picture = |output: &Output| {
            let Origin { publisher, layer, frame, .. } = output.origin;
            (publisher, layer, stream.frames[frame].time)
        };
        assert!(step >= 0, "time goes back by {step}: {:?} {:?}", a.origin, b.origin);
        assert_eq!(step == 0, picture(a) == picture(b), "{:?} {:?}", a.origin, b.origin);
    }
}

/// Cuts the packets where another encoding takes over.
fn stretches<'p>(numbered: &[(i64, &'p Output)]) -> Vec<Stretch<'p>> {
    let mut stretches: Vec<Stretch<'p>> = Vec::new();
    for &(_, output) in numbered {
        let of = |output: &Output| (output.origin.publisher, output.origin.layer);
        let goes_on = stretches
            .last()
            .and_then(|stretch| stretch.last())
            .is_some_and(|last| of(last) == of(output));
        match stretches.last_mut() {
            Some(stretch) if goes_on => stretch.push(output),
            _ => stretches.push(vec![output]),
        }
    }
    stretches
}

/// Frames go whole, and with all that they refer to.
fn check_frames(stream: &Stream, play: &Play, stretch: &Stretch<'_>, figures: &mut Figures) {
    let first = stretch[0].origin;
    assert!(stream.frames[first.frame].is_key, "begins in the middle: {first:?}");
    // A stream is played over and over, so a frame is named by the number of its first packet too.
    let name = |origin: &Origin| (origin.seq - origin.packet as i64, origin.frame);
    let mut gone: HashMap<(i64, usize), HashSet<usize>> = HashMap::new();
    for output in stretch.iter().filter(|output| !output.arrived.payload.is_empty()) {
        gone.entry(name(&output.origin)).or_default().insert(output.origin.packet);
    }
    figures.fillers += stretch.iter().filter(|it| it.arrived.payload.is_empty()).count();
    figures.frames += gone.len();
    let mut names: Vec<_> = gone.keys().copied().collect();
    names.sort_unstable();
    let is_lost = |(begin, frame): (i64, usize), packet: usize| {
        let (publisher, layer) = (first.publisher, first.layer);
        play.lost.contains(&Origin { publisher, layer, seq: begin + packet as i64, frame, packet })
    };
    for (place, &(begin, frame)) in names.iter().enumerate() {
        let packets = stream.frames[frame].packets.len();
        let whole = (0..packets).all(|packet| {
            gone[&(begin, frame)].contains(&packet) || is_lost((begin, frame), packet)
        });
        let is_cut = place + CUT_FRAMES >= names.len() && !play.lost.is_empty();
        // Without descriptors the second packet of an AV1 frame does not say its layer; and where
        // one stream holds two pictures, the slot changes within their instant.
        let holds_two = stream.layers() == (1, 0);
        let is_vague = stream.codec == Codec::Av1 && (!stream.is_described || holds_two);
        let is_vague = is_vague && !play.late.is_empty();
        assert!(
            whole || is_cut || is_vague,
            "{}: frame {frame} of {first:?} is in pieces",
            stream.name
        );
        for &reference in &stream.frames[frame].references {
            let back: usize =
                stream.frames[reference..frame].iter().map(|it| it.packets.len()).sum();
            let reference = (begin - back as i64, reference);
            let count = stream.frames[reference.1].packets.len();
            let is_damaged = (0..count).any(|packet| is_lost(reference, packet));
            assert!(
                gone.contains_key(&reference) || is_damaged,
                "{}: frame {frame} goes without frame {}, to which it refers ({first:?})",
                stream.name,
                reference.1,
            );
        }
    }
    let between = frames_between(stream, names[0], names[names.len() - 1]);
    figures.frames_left_out += between - names.len();
}

/// How many frames there are from one to the other.
fn frames_between(stream: &Stream, first: (i64, usize), last: (i64, usize)) -> usize {
    let (mut begin, mut frame) = first;
    let mut count = 1;
    while begin < last.0 {
        begin += stream.frames[frame].packets.len() as i64;
        frame = (frame + 1) % stream.frames.len();
        count += 1;
    }
    count
}

/// The marker is on the last packet of each picture that goes on, and on no other. Where one stream
/// holds two pictures of the same instant, both go when the slot changes from one to the other.
fn check_markers(stream: &Stream, numbered: &[(i64, &Output)]) {
    for pair in numbered.windows(2) {
        let [(_, a), (_, b)] = [pair[0], pair[1]];
        let is_last = a.arrived.time() != b.arrived.time();
        let same = a.origin.publisher == b.origin.publisher && a.origin.layer == b.origin.layer;
        let next = &stream.frames[b.origin.frame];
        let is_other_picture = next.is_key && next.spatial > 0 && next.references.is_empty();
        if (same || !is_last) && !is_other_picture {
            assert_eq!(a.arrived.header.marker, is_last, "{:?} {:?}", a.origin, b.origin);
        }
    }
}

/// The first packets of the frames, in the order of their numbers.
fn first_packets<'p>(numbered: &[(i64, &'p Output)]) -> Vec<&'p Output> {
    let outputs = numbered.iter().map(|(_, output)| *output);
    outputs.filter(|output| output.origin.packet == 0).collect()
}

/// Nothing has to wait for a frame that was left out on purpose.
fn check_finders(stream: &Stream, numbered: &[(i64, &Output)]) {
    if stream.is_described {
        return;
    }
    let mut vp8 = Vp8Finder::default();
    let mut vp9 = Vp9Finder::default();
    let mut pictures = Unwrapped::default();
    let mut last: Option<i64> = None;
    for output in first_packets(numbered) {
        let payload = &output.arrived.payload;
        let decodes = match stream.codec {
            Codec::Vp8 => {
                let frame = read_vp8(payload);
                let picture = pictures.next(frame.picture, 15);
                assert_eq!(picture - last.replace(picture).unwrap_or(picture - 1), 1, "ids");
                vp8.decodes(&frame)
            }
            // Without layers there are no bases to go by, and libwebrtc takes no such stream.
            Codec::Vp9 if payload[0] & 0x20 == 0 => true,
            Codec::Vp9 => vp9.decodes(&read_vp9(payload)),
            // References by sequence number: a whole frame behind a whole frame.
            Codec::H264 | Codec::Av1 | Codec::Opus | Codec::Red => true,
        };
        assert!(decodes, "{}: waits: {:?}", stream.name, output.origin);
    }
}

fn read_vp8(payload: &[u8]) -> Vp8Frame {
    assert_eq!((payload[1], payload[2] & 0x80), (0xE0, 0x80), "as it was sent");
    Vp8Frame {
        is_key: payload[6] & 1 == 0,
        picture: u16::from_be_bytes([payload[2] & 0x7F, payload[3]]),
        tl0: payload[4],
        temporal: usize::from(payload[5] >> 6),
        sync: payload[5] & 0x20 != 0,
    }
}

fn read_vp9(payload: &[u8]) -> Vp9Frame {
    let flags = payload[0];
    let is_inter = flags & 0x40 != 0;
    assert_eq!(payload[1] & 0x80, 0x80, "a wide picture id");
    let layer = payload[3];
    let mut rest = &payload[4..];
    let mut byte = || {
        let (first, after) = rest.split_first().expect("a whole descriptor");
        rest = after;
        *first
    };
    let is_flexible = flags & 0x10 != 0;
    let tl0 = (!is_flexible).then(&mut byte);
    let mut diffs = Vec::new();
    let mut refers_on = is_flexible && is_inter;
    while refers_on {
        let diff = byte();
        diffs.push(i64::from(diff >> 1));
        refers_on = diff & 1 != 0;
    }
    let group = (flags & 0x02 != 0).then(|| {
        assert_eq!(byte() & 0x18, 0x08, "a group and no sizes");
        (0..byte())
            .map(|_| {
                let of = byte();
                (of >> 5, (0..of >> 2 & 3).map(|_| i64::from(byte())).collect())
            })
            .collect()
    });
    Vp9Frame {
        is_inter,
        picture: u16::from_be_bytes([payload[1] & 0x7F, payload[2]]),
        tl0,
        temporal: layer >> 5,
        spatial: layer >> 1 & 7,
        group,
        diffs,
    }
}

/// A receiver that has nothing but the descriptors understands all of them.
fn check_descriptors(stream: &Stream, play: &Play, numbered: &[(i64, &Output)]) {
    let mut dependencies = Dependencies::default();
    let mut numbers = Unwrapped::default();
    let mut gone = HashSet::new();
    let mut newest = i64::MIN;
    for (_, output) in numbered {
        if output.arrived.payload.is_empty() {
            continue;
        }
        let own = |(id, _): &&(u8, Vec<u8>)| *id == RECEIVED_DESCRIPTOR;
        let (_, bytes) = output.arrived.extensions.iter().find(own).expect("a descriptor");
        let descriptor = dependencies.read(bytes).expect("well-formed");
        let number = numbers.next(descriptor.frame_number, 16);
        assert!(number >= newest, "frame numbers go back: {:?}", output.origin);
        newest = number;
        let Some(frame) = descriptor.frame else {
            // Its structure was lost.
            assert!(!play.lost.is_empty(), "{}: {:?}", stream.name, output.origin);
            continue;
        };
        gone.insert(number);
        let sent = &stream.frames[output.origin.frame];
        assert_eq!((frame.spatial, frame.temporal), (sent.spatial, sent.temporal));
        for &diff in frame.frame_diffs.as_slice() {
            let has = gone.contains(&(number - i64::from(diff)));
            assert!(has || !play.lost.is_empty(), "{}: {:?}", stream.name, output.origin);
        }
    }
}
