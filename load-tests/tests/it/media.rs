//! Packets of a voice and of a picture, each with a mark that tells whose and which it is.

use rtc::rtp::{Packet, header::Header};

pub(crate) const OPUS_PT: u8 = 111;
pub(crate) const VP8_PT: u8 = 96;

/// RTP time from packet to packet of a voice: 20 ms at 48 kHz (RFC 7587 §4.1).
const VOICE_STEP: u32 = 960;

/// RTP time from frame to frame: 40 ms at 90 kHz (RFC 7741 §4.1).
const FRAME_STEP: u32 = 3_600;

/// Sizes of marked bytes, in the order of a real voice and a real picture.
const VOICE_BYTES: usize = 60;
const PICTURE_BYTES: usize = 900;

/// RFC 6716 §3.1: configuration 15 (hybrid, full band, 20 ms), mono, one frame.
const OPUS_TOC: u8 = 0x78;

/// RFC 6386 §9.1: a shown keyframe of 640 × 360, with its start code.
const KEYFRAME_HEAD: [u8; 10] = [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01];

/// RFC 6386 §9.1: any other shown frame.
const DELTA_HEAD: [u8; 3] = [0x11, 0x02, 0x00];

/// Who sent a packet, and the how manieth of its stream it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) sender: u32,
    pub(crate) number: u32,
}

impl Mark {
    /// `length` bytes that no other mark gives.
    fn bytes(self, length: usize) -> Vec<u8> {
        let mut bytes = [self.sender.to_be_bytes(), self.number.to_be_bytes()].concat();
        bytes.extend((bytes.len()..length).map(|place| place as u8 ^ self.number as u8));
        bytes
    }

    /// Reads the mark and demands that every byte is as it was sent.
    fn of(bytes: &[u8], length: usize) -> Mark {
        let word = |at: usize| {
            let word = bytes.get(at..at + 4).expect("a marked packet");
            u32::from_be_bytes(word.try_into().expect("four bytes"))
        };
        let mark = Mark { sender: word(0), number: word(4) };
        assert_eq!(bytes, mark.bytes(length), "{mark:?} was changed on the way");
        mark
    }

    /// The mark of a received voice packet.
    pub(crate) fn of_voice(packet: &Packet) -> Mark {
        let (toc, marked) = packet.payload.split_first().expect("a payload");
        assert_eq!(*toc, OPUS_TOC);
        Mark::of(marked, VOICE_BYTES)
    }
}

/// What a received picture packet says of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PicturePacket {
    pub(crate) mark: Mark,
    pub(crate) picture_id: u16,
    pub(crate) is_frame_start: bool,
    pub(crate) is_keyframe: bool,
}

impl PicturePacket {
    /// Reads the descriptor (RFC 7741 §4.2), which the server writes anew, and the rest, which it
    /// must not touch.
    pub(crate) fn of(packet: &Packet) -> PicturePacket {
        let [first, extended, high, low, _tl0, _tid, body @ ..] = &packet.payload[..] else {
            panic!("no room for a descriptor: {packet:?}");
        };
        assert_eq!((first & !START, *extended, high & 0x80), (EXTENDED, FIELDS, 0x80));
        let is_frame_start = first & START != 0;
        let head: &[u8] = match is_frame_start {
            true if body.first().is_some_and(|byte| byte & 1 == 0) => &KEYFRAME_HEAD,
            true => &DELTA_HEAD,
            false => &[],
        };
        let marked = body.strip_prefix(head).expect("a frame's head as it was sent");
        PicturePacket {
            mark: Mark::of(marked, PICTURE_BYTES),
            picture_id: u16::from_be_bytes([high & 0x7f, *low]),
            is_frame_start,
            is_keyframe: head == KEYFRAME_HEAD,
        }
    }
}

/// RFC 7741 §4.2: X, S.
const EXTENDED: u8 = 0x80;
const START: u8 = 0x10;
/// RFC 7741 §4.2: picture id, TL0PICIDX and TID are there.
const FIELDS: u8 = 0xe0;

/// A stream on its way out.
pub(crate) struct Stream {
    sender: u32,
    ssrc: u32,
    pt: u8,
    packets: u32,
    frames: u32,
    timestamp: u32,
}

impl Stream {
    pub(crate) fn voice(sender: u32, ssrc: u32) -> Stream {
        Stream { sender, ssrc, pt: OPUS_PT, packets: 0, frames: 0, timestamp: 48_000 }
    }

    pub(crate) fn picture(sender: u32, ssrc: u32) -> Stream {
        Stream { sender, ssrc, pt: VP8_PT, packets: 0, frames: 0, timestamp: 90_000 }
    }

    /// The next 20 ms of sound.
    pub(crate) fn next_voice(&mut self) -> Packet {
        self.timestamp = self.timestamp.wrapping_add(VOICE_STEP);
        let mut payload = vec![OPUS_TOC];
        payload.extend(self.next_mark().bytes(VOICE_BYTES));
        self.packet(payload, false)
    }

    /// The next frame: one packet, or two of a keyframe.
    pub(crate) fn next_frame(&mut self, is_keyframe: bool) -> Vec<Packet> {
        self.timestamp = self.timestamp.wrapping_add(FRAME_STEP);
        self.frames += 1;
        let first: &[u8] = if is_keyframe { &KEYFRAME_HEAD } else { &DELTA_HEAD };
        let heads: &[&[u8]] = if is_keyframe { &[first, &[]] } else { &[first] };
        let packets = heads.iter().enumerate().map(|(place, head)| {
            let [.., high, low] = self.frames.to_be_bytes();
            let start = if place == 0 { START } else { 0 };
            let mut payload = vec![EXTENDED | start, FIELDS, 0x80 | high, low, low, 0];
            payload.extend_from_slice(head);
            payload.extend(self.next_mark().bytes(PICTURE_BYTES));
            self.packet(payload, place + 1 == heads.len())
        });
        packets.collect()
    }

    fn next_mark(&mut self) -> Mark {
        self.packets += 1;
        Mark { sender: self.sender, number: self.packets }
    }

    fn packet(&self, payload: Vec<u8>, marker: bool) -> Packet {
        // Near the end of its range, so that it wraps within the test (RFC 3550 §5.1).
        let sequence_number = (self.packets as u16).wrapping_add(SEQUENCE_START);
        Packet {
            header: Header {
                version: 2,
                marker,
                payload_type: self.pt,
                sequence_number,
                timestamp: self.timestamp,
                ssrc: self.ssrc,
                ..Header::default()
            },
            payload: payload.into(),
        }
    }
}

const SEQUENCE_START: u16 = u16::MAX - 20;
