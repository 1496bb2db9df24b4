//! What a model client publishes: Opus with levels, VP8 in three encodings, a shared screen, and in
//! each payload the words by which a receiver knows what it got.

use std::{collections::VecDeque, ops::Range};

use protocol::{
    Duration, Instant,
    media::{SeqNo, Source, Ssrc},
};

use super::{
    encoder::{Encoder, Frame, Pace},
    offer::{
        Kit, LEVEL_ID, MID_ID, OPUS_PT, REPAIRED_RID_ID, RID_ID, RIDS, TRANSPORT_ID, VP8_PT,
        VP8_RTX_PT,
    },
};
use crate::random::Random;

pub use super::marks::{Stamp, Tag};

/// Opus packets last 20 ms, 960 ticks of 48 kHz.
const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const AUDIO_TICKS: u32 = 960;

/// MID and RID stand in the first packets of a stream, as browsers write them.
const NAMED_PACKETS: u32 = 50;

/// Bytes of an audio packet's payload beside the tag: 32 kb/s with the tag.
const AUDIO_BYTES: usize = 66;

/// The longest video payload, and the payload of a plain client's packets, beside the tag.
const VIDEO_BYTES_MAX: usize = 1_100;
const PLAIN_BYTES: usize = 900;

/// Packets that are kept for retransmission: a second of the largest camera and more.
const HISTORY: usize = 1_024;

/// Frames and packets of sound whose capture is remembered: more than five seconds.
const CAPTURES: usize = 1_024;

/// The place of the shared screen among the video streams, and its layer in tags.
pub const SCREEN: usize = 3;

/// One outgoing RTP stream.
#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    seq: u16,
    timestamp: u32,
    sent: u32,
    octets: u32,
    frame: u32,
}

impl Stream {
    /// Frames are numbered from the time on, so that a later session of the same author does not
    /// begin among the numbers of the one before.
    fn new(begin: Instant, random: &mut Random) -> Self {
        Stream {
            ssrc: random.next_u64() as u32 | 1,
            seq: random.next_u64() as u16,
            timestamp: random.next_u64() as u32,
            sent: 0,
            octets: 0,
            frame: (begin.as_micros() / 1_000) as u32,
        }
    }

    /// A packet in clear: fixed header, one-byte extensions, payload.
    fn packet(
        &mut self,
        pt: u8,
        marker: bool,
        extensions: &[(u8, &[u8])],
        payload: &[u8],
    ) -> Vec<u8> {
        let mut packet = vec![0x90, u8::from(marker) << 7 | pt];
        packet.extend(self.seq.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        let mut block = Vec::new();
        for (id, value) in extensions {
            block.push(id << 4 | (value.len() as u8 - 1));
            block.extend(*value);
        }
        block.resize(block.len().next_multiple_of(4), 0);
        packet.extend([0xBE, 0xDE]);
        packet.extend(((block.len() / 4) as u16).to_be_bytes());
        packet.extend(block);
        packet.extend(payload);
        self.seq = self.seq.wrapping_add(1);
        self.sent += 1;
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        packet
    }
}

/// One encoding of a camera, or a screen.
#[derive(Clone, Debug)]
struct Video {
    stream: Stream,
    repair: Stream,
    encoder: Encoder,
    picture_id: u16,
    tl0_picture: u8,
    key_index: u8,
    keyframe_wanted: bool,
    is_active: bool,
    next: Instant,
}

/// When something was captured.
#[derive(Clone, Copy, Debug)]
struct Capture {
    ssrc: u32,
    frame: u32,
    at: Instant,
}

/// A packet that can be sent again.
#[derive(Clone, Debug)]
struct Sent {
    place: usize,
    seq: u16,
    timestamp: u32,
    payload: Vec<u8>,
}

/// What a sender report says of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// The stream.
    pub ssrc: Ssrc,
    /// The timestamp of the present moment.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// A microphone, a camera and, if there is an m-line for one, a screen.
#[derive(Clone, Debug)]
pub struct Publisher {
    author: u32,
    kit: Kit,
    /// 0 is loudest, 127 silence (RFC 6464 §3).
    pub level: u8,
    /// Whether the microphone sends.
    pub has_microphone: bool,
    /// Whether the camera sends.
    pub has_camera: bool,
    /// Whether the screen does.
    pub has_screen: bool,
    /// Names of the m-lines of camera and screen.
    mids: [String; 2],
    audio: Stream,
    video: Vec<Video>,
    transport_seq: Option<u16>,
    history: VecDeque<Sent>,
    captures: VecDeque<Capture>,
    /// How long pictures take from the lens to the network, beyond what sound takes.
    pub picture_delay: Duration,
    random: Random,
    /// When the node asked for a keyframe, and of which encoding.
    pub keyframes_asked: Vec<(Instant, u8)>,
    /// Packets that the node asked for again.
    pub retransmitted: u64,
    next_audio: Instant,
    /// The time of the turn.
    now: Instant,
}

impl Publisher {
    /// `mids` name the m-lines of the camera and of the screen, empty without one.
    pub(super) fn new(
        author: u32,
        kit: Kit,
        mids: [String; 2],
        begin: Instant,
        random: &mut Random,
    ) -> Self {
        let offset = Duration::from_micros(random.below(20_000));
        let audio = Stream::new(begin, random);
        let has_screen = !mids[1].is_empty();
        let paces = Pace::camera(kit).into_iter().chain(has_screen.then_some(Pace::SCREEN));
        let video = paces.map(|pace| Video {
            stream: Stream::new(begin, random),
            repair: Stream::new(begin, random),
            encoder: Encoder::new(pace),
            picture_id: random.next_u64() as u16 & 0x7FFF,
            tl0_picture: random.next_u64() as u8,
            key_index: random.next_u64() as u8 & 0x1F,
            keyframe_wanted: true,
            is_active: true,
            next: begin + offset,
        });
        Publisher {
            author,
            kit,
            level: 40,
            has_microphone: true,
            has_camera: true,
            has_screen,
            mids,
            audio,
            video: video.collect(),
            transport_seq: None,
            history: VecDeque::new(),
            captures: VecDeque::new(),
            picture_delay: Duration::ZERO,
            random: Random::new(u64::from(author)),
            keyframes_asked: Vec::new(),
            retransmitted: 0,
            next_audio: begin + offset,
            now: begin,
        }
    }

    /// From here on each packet has a transport-wide number.
    pub(super) fn number_transport(&mut self) {
        self.transport_seq.get_or_insert(0);
    }

    /// The stream of its microphone.
    #[must_use]
    pub fn audio_ssrc(&self) -> Ssrc {
        Ssrc(self.audio.ssrc)
    }

    /// The stream of an encoding, 0 the smallest.
    #[must_use]
    pub fn video_ssrc(&self, layer: usize) -> Ssrc {
        Ssrc(self.video[layer].stream.ssrc)
    }

    /// Calls its streams as another publisher calls its own.
    pub fn take_ssrcs_of(&mut self, other: &Publisher) {
        self.audio.ssrc = other.audio.ssrc;
        for (own, theirs) in self.video.iter_mut().zip(&other.video) {
            (own.stream.ssrc, own.repair.ssrc) = (theirs.stream.ssrc, theirs.repair.ssrc);
        }
    }

    /// Whether an encoding is sent.
    #[must_use]
    pub fn is_active(&self, layer: usize) -> bool {
        self.video[layer].is_active
    }

    /// Frames that an encoding has sent.
    #[must_use]
    pub fn frames_sent(&self, layer: usize) -> u64 {
        self.video[layer].encoder.frames
    }

    /// Packets that it has sent on all streams.
    #[must_use]
    pub fn packets_sent(&self) -> u64 {
        let video = self.video.iter().flat_map(|video| [&video.stream, &video.repair]);
        video.chain([&self.audio]).map(|stream| u64::from(stream.sent)).sum()
    }

    /// Turns an encoding on or off, as `RTCRtpSender.setParameters` does; it begins anew with a
    /// keyframe.
    pub fn set_active(&mut self, layer: usize, is_active: bool) {
        let video = &mut self.video[layer];
        video.keyframe_wanted |= is_active && !video.is_active;
        video.is_active = is_active;
    }

    /// Which encodings are of a source.
    pub(super) fn layers_of(&self, source: Source) -> Range<usize> {
        match source {
            Source::Camera => 0..SCREEN,
            Source::Screen => SCREEN..self.video.len(),
            Source::Microphone | Source::ScreenAudio => 0..0,
        }
    }

    /// Changes what an encoding costs and how it moves.
    pub fn set_pace(&mut self, layer: usize, pace: Pace) {
        self.video[layer].encoder = Encoder::new(pace);
        self.video[layer].keyframe_wanted = true;
    }

    pub(super) fn next_due(&self) -> Instant {
        let video = self.video.iter().map(|video| video.next).min();
        video.map_or(self.next_audio, |next| next.min(self.next_audio))
    }

    /// Takes a keyframe request for one of its streams.
    pub(super) fn handle_keyframe_request(&mut self, now: Instant, ssrc: u32) {
        if let Some(layer) = self.video.iter().position(|video| video.stream.ssrc == ssrc) {
            self.video[layer].keyframe_wanted = true;
            self.keyframes_asked.push((now, layer as u8));
        }
    }

    /// The packets that are due at `now`, in clear.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.now = now;
        let mut packets = Vec::new();
        while self.next_audio <= now {
            self.next_audio = self.next_audio + AUDIO_INTERVAL;
            self.audio.timestamp = self.audio.timestamp.wrapping_add(AUDIO_TICKS);
            if self.has_microphone {
                packets.push(self.audio_packet());
                self.note_capture(self.audio.ssrc, self.audio.frame, now);
            }
        }
        for place in 0..self.video.len() {
            while self.video[place].next <= now {
                let is_on = if place == SCREEN { self.has_screen } else { self.has_camera };
                let video = &mut self.video[place];
                let pace = video.encoder.pace();
                video.next = video.next + pace.interval;
                video.stream.timestamp = video.stream.timestamp.wrapping_add(pace.ticks());
                if is_on && video.is_active {
                    packets.extend(self.video_frame(place));
                    let Stream { ssrc, frame, .. } = self.video[place].stream;
                    self.note_capture(ssrc, frame, before(now, self.picture_delay));
                }
            }
        }
        packets
    }

    fn note_capture(&mut self, ssrc: u32, frame: u32, at: Instant) {
        if self.captures.len() == CAPTURES {
            self.captures.pop_front();
        }
        self.captures.push_back(Capture { ssrc, frame, at });
    }

    /// Packets of the smallest encoding, one frame each, without regard to time.
    pub(super) fn flood(&mut self, packets: usize) -> Vec<Vec<u8>> {
        let tick = |publisher: &mut Publisher| {
            let stream = &mut publisher.video[0].stream;
            stream.timestamp = stream.timestamp.wrapping_add(3_000);
        };
        (0..packets)
            .flat_map(|_| {
                tick(self);
                self.video_frame(0)
            })
            .collect()
    }

    /// A packet once more, on the repair stream (RFC 4588 §4).
    pub(super) fn retransmit(&mut self, ssrc: Ssrc, seq: SeqNo) -> Option<Vec<u8>> {
        let place = self.video.iter().position(|video| video.stream.ssrc == ssrc.0)?;
        let is_it = |sent: &&Sent| sent.place == place && sent.seq == seq.0;
        let sent = self.history.iter().find(is_it)?;
        let payload = [&seq.0.to_be_bytes()[..], &sent.payload].concat();
        let timestamp = sent.timestamp;
        self.retransmitted += 1;
        self.video[place].repair.timestamp = timestamp;
        Some(self.video_packet(place, true, false, &payload))
    }

    /// What sender reports say at `now`: the timestamps run on from those of the last frames.
    pub(super) fn infos(&self, now: Instant) -> Vec<StreamInfo> {
        let sound = (&self.audio, self.next_audio, AUDIO_INTERVAL, 48);
        let pictures = self.video.iter().map(|video| {
            let age = video.encoder.pace().interval + self.picture_delay;
            (&video.stream, video.next, age, 90)
        });
        let flowing = [sound].into_iter().chain(pictures).filter(|(stream, ..)| stream.sent > 0);
        let info = |(stream, next, age, ticks_per_ms): (&Stream, Instant, Duration, u64)| {
            let since = (now + age).saturating_duration_since(next);
            let ticks = since.as_micros() as u64 * ticks_per_ms / 1_000;
            StreamInfo {
                ssrc: Ssrc(stream.ssrc),
                timestamp: stream.timestamp.wrapping_add(ticks as u32),
                packets: stream.sent,
                octets: stream.octets,
            }
        };
        flowing.map(info).collect()
    }

    /// When the frame or the packet of sound was captured, if it was lately.
    #[must_use]
    pub fn captured_at(&self, ssrc: Ssrc, frame: u32) -> Option<Instant> {
        let is_it = |capture: &&Capture| capture.ssrc == ssrc.0 && capture.frame == frame;
        self.captures.iter().rev().find(is_it).map(|capture| capture.at)
    }

    fn audio_packet(&mut self) -> Vec<u8> {
        self.audio.frame += 1;
        let tag = Tag {
            author: self.author,
            layer: 0,
            is_key: true,
            part: 0,
            parts: 1,
            frame: self.audio.frame,
            back: 0,
            temporal: 0,
        };
        let mut media = [0x78; AUDIO_BYTES];
        Stamp::write(self.now, &mut media);
        let payload = [&media[..], &tag.write()].concat();
        let level = [self.level];
        let number = self.next_transport_seq();
        let mut extensions: Vec<(u8, &[u8])> = vec![(LEVEL_ID, &level)];
        if self.audio.sent < NAMED_PACKETS {
            extensions.push((MID_ID, b"0"));
        }
        extensions.extend(number.as_ref().map(|number| (TRANSPORT_ID, &number[..])));
        self.audio.packet(OPUS_PT, false, &extensions, &payload)
    }

    fn video_frame(&mut self, place: usize) -> Vec<Vec<u8>> {
        let video = &mut self.video[place];
        let is_key = std::mem::take(&mut video.keyframe_wanted);
        let frame = video.encoder.encode(is_key, &mut self.random);
        video.stream.frame += 1;
        video.picture_id = (video.picture_id + 1) & 0x7FFF;
        video.tl0_picture = video.tl0_picture.wrapping_add(u8::from(frame.temporal == 0));
        video.key_index = (video.key_index + u8::from(is_key)) & 0x1F;
        let (parts, bytes) = self.split(place, &frame);
        (0..parts)
            .map(|part| {
                let payload = self.video_payload(place, &frame, part, parts, bytes);
                self.video_packet(place, false, part + 1 == parts, &payload)
            })
            .collect()
    }

    /// How many packets a frame has, and of how many bytes.
    fn split(&self, place: usize, frame: &Frame) -> (u8, usize) {
        match self.kit {
            // A keyframe is some times a delta frame; a larger picture has more packets.
            Kit::Plain => (((place + 1) * if frame.is_key { 4 } else { 1 }) as u8, PLAIN_BYTES),
            Kit::Remb | Kit::Nack | Kit::Browser => {
                let parts = frame.bytes.div_ceil(VIDEO_BYTES_MAX).clamp(1, 255);
                (parts as u8, frame.bytes / parts)
            }
        }
    }

    fn video_payload(
        &self,
        place: usize,
        frame: &Frame,
        part: u8,
        parts: u8,
        bytes: usize,
    ) -> Vec<u8> {
        let video = &self.video[place];
        let [high, low] = (0x8000 | video.picture_id).to_be_bytes();
        // RFC 7741 §4.2: X, N where nothing needs it, and S on the first packet; then I with 15
        // bits of picture id, and where there are temporal layers L, T and K.
        let starts = u8::from(part == 0) << 4;
        let mut payload = if self.kit == Kit::Plain {
            vec![0x80 | starts, 0x80, high, low]
        } else {
            let is_unneeded = u8::from(frame.temporal == 2) << 5;
            let layer = frame.temporal << 6 | u8::from(frame.back == 1) << 5 | video.key_index;
            vec![0x80 | is_unneeded | starts, 0xF0, high, low, video.tl0_picture, layer]
        };
        // RFC 6386 §9.1: bit 0 is clear in a keyframe, which then has the start code.
        payload.extend(if frame.is_key {
            [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01]
        } else {
            [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        });
        let tag = Tag {
            author: self.author,
            layer: place as u8,
            is_key: frame.is_key,
            part,
            parts,
            frame: video.stream.frame,
            back: frame.back,
            temporal: frame.temporal,
        };
        let head = payload.len();
        payload.resize(head + bytes, 0x55);
        Stamp::write(self.now, &mut payload[head..]);
        payload.extend(tag.write());
        payload
    }

    /// A packet of a video stream or, if it `is_repair`, of the stream that repairs it.
    fn video_packet(
        &mut self,
        place: usize,
        is_repair: bool,
        marker: bool,
        payload: &[u8],
    ) -> Vec<u8> {
        let number = self.next_transport_seq();
        let mid = &self.mids[usize::from(place == SCREEN)];
        let video = &mut self.video[place];
        let (stream, pt, rid_id) = if is_repair {
            (&mut video.repair, VP8_RTX_PT, REPAIRED_RID_ID)
        } else {
            (&mut video.stream, VP8_PT, RID_ID)
        };
        let mut extensions: Vec<(u8, &[u8])> = Vec::new();
        if stream.sent < NAMED_PACKETS {
            extensions.push((MID_ID, mid.as_bytes()));
            extensions.extend(RIDS.get(place).map(|rid| (rid_id, rid.as_bytes())));
        }
        extensions.extend(number.as_ref().map(|number| (TRANSPORT_ID, &number[..])));
        if !is_repair && self.kit == Kit::Browser {
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            let (seq, timestamp) = (stream.seq, stream.timestamp);
            self.history.push_back(Sent { place, seq, timestamp, payload: payload.to_vec() });
        }
        stream.packet(pt, marker, &extensions, payload)
    }

    fn next_transport_seq(&mut self) -> Option<[u8; 2]> {
        let seq = self.transport_seq.as_mut()?;
        *seq = seq.wrapping_add(1);
        Some(seq.to_be_bytes())
    }
}

fn before(at: Instant, time: Duration) -> Instant {
    Instant::from_micros(at.as_micros().saturating_sub(time.as_micros() as u64))
}
