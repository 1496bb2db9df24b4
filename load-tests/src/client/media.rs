//! What a model client publishes: Opus with levels, VP8 in three encodings, and in each payload the
//! words by which a receiver knows what it got.

use protocol::{Duration, Instant, media::Ssrc};

use super::offer::{LEVEL_ID, MID_ID, OPUS_PT, RID_ID, RIDS, VP8_PT};
use crate::random::Random;

/// Opus packets last 20 ms, 960 ticks of 48 kHz.
const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const AUDIO_TICKS: u32 = 960;

/// 15 pictures a second, 6 000 ticks of 90 kHz.
const VIDEO_INTERVAL: Duration = Duration::from_micros(66_667);
const VIDEO_TICKS: u32 = 6_000;

/// MID and RID stand in the first packets of a stream, as browsers write them.
const NAMED_PACKETS: u32 = 50;

/// Bytes of a packet's payload beside the tag.
const AUDIO_BYTES: usize = 60;
const VIDEO_BYTES: usize = 900;

/// What a payload says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Who sent it: a number of the test's choice.
    pub author: u32,
    /// The encoding, 0 the smallest.
    pub layer: u8,
    /// Whether its frame is a keyframe.
    pub is_key: bool,
    /// The part of the frame, and how many there are.
    pub part: u8,
    /// See `part`.
    pub parts: u8,
    /// The frame, counted without holes.
    pub frame: u32,
}

impl Tag {
    const LENGTH: usize = 12;

    fn write(self) -> [u8; Tag::LENGTH] {
        let mut out = [0; Tag::LENGTH];
        out[..4].copy_from_slice(&self.author.to_be_bytes());
        out[4..8].copy_from_slice(&[self.layer, u8::from(self.is_key), self.part, self.parts]);
        out[8..].copy_from_slice(&self.frame.to_be_bytes());
        out
    }

    /// Reads the tag at the end of a payload.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Tag> {
        let tag = payload.last_chunk::<{ Tag::LENGTH }>()?;
        Some(Tag {
            author: u32::from_be_bytes([tag[0], tag[1], tag[2], tag[3]]),
            layer: tag[4],
            is_key: tag[5] != 0,
            part: tag[6],
            parts: tag[7],
            frame: u32::from_be_bytes([tag[8], tag[9], tag[10], tag[11]]),
        })
    }
}

/// One outgoing RTP stream.
#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    seq: u16,
    timestamp: u32,
    sent: u32,
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
        packet
    }
}

/// A microphone and a camera.
#[derive(Clone, Debug)]
pub struct Publisher {
    author: u32,
    /// 0 is loudest, 127 silence (RFC 6464 §3).
    pub level: u8,
    /// Whether the camera sends.
    pub has_camera: bool,
    audio: Stream,
    video: [Stream; 3],
    picture_id: [u16; 3],
    keyframe_wanted: [bool; 3],
    /// When the node asked for a keyframe, and of which encoding.
    pub keyframes_asked: Vec<(Instant, u8)>,
    next_audio: Instant,
    next_video: Instant,
}

impl Publisher {
    pub(super) fn new(author: u32, begin: Instant, random: &mut Random) -> Self {
        let offset = Duration::from_micros(random.below(20_000));
        Publisher {
            author,
            level: 40,
            has_camera: true,
            audio: Stream::new(begin, random),
            video: std::array::from_fn(|_| Stream::new(begin, random)),
            picture_id: std::array::from_fn(|_| random.next_u64() as u16 & 0x7FFF),
            keyframe_wanted: [true; 3],
            keyframes_asked: Vec::new(),
            next_audio: begin + offset,
            next_video: begin + offset,
        }
    }

    /// The stream of its microphone.
    #[must_use]
    pub fn audio_ssrc(&self) -> Ssrc {
        Ssrc(self.audio.ssrc)
    }

    /// The stream of an encoding, 0 the smallest.
    #[must_use]
    pub fn video_ssrc(&self, layer: usize) -> Ssrc {
        Ssrc(self.video[layer].ssrc)
    }

    pub(super) fn next_due(&self) -> Instant {
        self.next_audio.min(self.next_video)
    }

    /// Takes a keyframe request for one of its streams.
    pub(super) fn handle_keyframe_request(&mut self, now: Instant, ssrc: u32) {
        if let Some(layer) = self.video.iter().position(|stream| stream.ssrc == ssrc) {
            self.keyframe_wanted[layer] = true;
            self.keyframes_asked.push((now, layer as u8));
        }
    }

    /// The packets that are due at `now`, in clear.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        while self.next_audio <= now {
            self.next_audio = self.next_audio + AUDIO_INTERVAL;
            packets.push(self.audio_packet());
        }
        while self.next_video <= now {
            self.next_video = self.next_video + VIDEO_INTERVAL;
            if self.has_camera {
                for layer in 0..RIDS.len() {
                    packets.extend(self.video_frame(layer));
                }
            }
        }
        packets
    }

    /// Packets of the smallest encoding, one frame each, without regard to time.
    pub(super) fn flood(&mut self, packets: usize) -> Vec<Vec<u8>> {
        (0..packets).flat_map(|_| self.video_frame(0)).collect()
    }

    fn audio_packet(&mut self) -> Vec<u8> {
        self.audio.frame += 1;
        self.audio.timestamp = self.audio.timestamp.wrapping_add(AUDIO_TICKS);
        let tag = Tag {
            author: self.author,
            layer: 0,
            is_key: true,
            part: 0,
            parts: 1,
            frame: self.audio.frame,
        };
        let payload = [&[0x78; AUDIO_BYTES][..], &tag.write()].concat();
        let level = [self.level];
        let mut extensions: Vec<(u8, &[u8])> = vec![(LEVEL_ID, &level)];
        if self.audio.sent < NAMED_PACKETS {
            extensions.push((MID_ID, b"0"));
        }
        self.audio.packet(OPUS_PT, false, &extensions, &payload)
    }

    fn video_frame(&mut self, layer: usize) -> Vec<Vec<u8>> {
        let is_key = std::mem::take(&mut self.keyframe_wanted[layer]);
        // A keyframe is some times a delta frame; a larger picture has more packets.
        let parts = (layer as u8 + 1) * if is_key { 4 } else { 1 };
        let stream = &mut self.video[layer];
        stream.frame += 1;
        stream.timestamp = stream.timestamp.wrapping_add(VIDEO_TICKS);
        self.picture_id[layer] = (self.picture_id[layer] + 1) & 0x7FFF;
        let [high, low] = (0x8000 | self.picture_id[layer]).to_be_bytes();
        let packets = (0..parts).map(|part| {
            // RFC 7741 §4.2: X, and S on the first packet; I with 15 bits of picture id.
            let descriptor = [0x80 | u8::from(part == 0) << 4, 0x80, high, low];
            // RFC 6386 §9.1: bit 0 is clear in a keyframe, which then has the start code.
            let frame_head = if is_key {
                [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01]
            } else {
                [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            };
            let tag = Tag {
                author: self.author,
                layer: layer as u8,
                is_key,
                part,
                parts,
                frame: stream.frame,
            };
            let body = vec![0x55; VIDEO_BYTES];
            let payload = [&descriptor[..], &frame_head, &body, &tag.write()].concat();
            let named: [(u8, &[u8]); 2] = [(MID_ID, b"1"), (RID_ID, RIDS[layer].as_bytes())];
            let extensions = if stream.sent < NAMED_PACKETS { &named[..] } else { &[] };
            stream.packet(VP8_PT, part + 1 == parts, extensions, &payload)
        });
        packets.collect()
    }
}
