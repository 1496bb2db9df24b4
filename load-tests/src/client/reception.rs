//! What a model client makes of the packets in a slot: whether numbers fit, and what it could
//! decode.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    Duration, Instant,
    media::{MediaKind, SeqNo, Ssrc},
    rtp::RtpHeader,
};

use super::media::Tag;

/// A picture that cannot go on waits this long for what was only late, then asks for a keyframe,
/// and again after this long.
const KEYFRAME_PATIENCE: Duration = Duration::from_millis(100);
const KEYFRAME_REPEAT: Duration = Duration::from_millis(1_000);

/// Author, encoding and number of a frame.
type FrameKey = (u32, u8, u32);

/// One slot's packets.
#[derive(Clone, Debug)]
pub struct Reception {
    kind: MediaKind,
    /// Extended sequence numbers received.
    seen: BTreeSet<u64>,
    highest: Option<u64>,
    newest_timestamp: Option<u32>,
    /// Frames being put together, with the parts that came, and whole ones that wait for an older.
    partial: BTreeMap<FrameKey, BTreeSet<u8>>,
    /// The last whole frame that could be decoded.
    decoded: Option<Tag>,
    /// When a picture that cannot go on asks for a keyframe.
    keyframe_due: Option<Instant>,
    /// Packets received.
    pub packets: u64,
    /// Sequence numbers that came twice. Must stay 0 on a link that does not duplicate.
    pub duplicates: u64,
    /// Packets whose timestamp was behind an older packet's.
    pub backward_timestamps: u64,
    /// Packets whose CSRC was not the author of their payload.
    pub wrong_csrc: u64,
    /// Frames that could be decoded, in order.
    pub frames: Vec<DecodedFrame>,
}

/// A frame that could be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodedFrame {
    /// When its last packet came.
    pub at: Instant,
    /// Whose it is.
    pub author: u32,
    /// The encoding.
    pub layer: u8,
    /// Whether it is a keyframe.
    pub is_key: bool,
    /// Whether it is a picture; else it is a packet of sound.
    pub is_picture: bool,
}

impl Reception {
    pub(super) fn new(kind: MediaKind) -> Self {
        Reception {
            kind,
            seen: BTreeSet::new(),
            highest: None,
            newest_timestamp: None,
            partial: BTreeMap::new(),
            decoded: None,
            keyframe_due: None,
            packets: 0,
            duplicates: 0,
            backward_timestamps: 0,
            wrong_csrc: 0,
            frames: Vec::new(),
        }
    }

    pub(super) fn kind(&self) -> MediaKind {
        self.kind
    }

    /// Sequence numbers between the first and the highest that never came.
    #[must_use]
    pub fn missing(&self) -> u64 {
        let (Some(first), Some(highest)) = (self.seen.first(), self.highest) else { return 0 };
        highest - first + 1 - self.seen.len() as u64
    }

    /// The author of the last decoded frame.
    #[must_use]
    pub fn author(&self) -> Option<u32> {
        self.frames.last().map(|frame| frame.author)
    }

    /// The longest time without a decodable frame from `since` on.
    #[must_use]
    pub fn longest_gap(&self, since: Instant, until: Instant) -> Duration {
        let inside = self.frames.iter().map(|frame| frame.at).filter(|at| *at >= since);
        let times: Vec<Instant> = [since].into_iter().chain(inside).chain([until]).collect();
        let gaps = times.windows(2).map(|pair| pair[1].saturating_duration_since(pair[0]));
        gaps.max().unwrap_or_default()
    }

    /// When the picture, which cannot go on, needs a keyframe.
    pub(super) fn keyframe_due(&self) -> Option<Instant> {
        self.keyframe_due
    }

    /// One is asked for; hands back `ssrc`.
    pub(super) fn note_keyframe_asked(&mut self, now: Instant, ssrc: Ssrc) -> Ssrc {
        self.keyframe_due = Some(now + KEYFRAME_REPEAT);
        ssrc
    }

    /// Takes a packet in clear; returns whose it is.
    pub(super) fn take(&mut self, now: Instant, packet: &[u8], header: &RtpHeader) -> Option<u32> {
        self.packets += 1;
        self.count_sequence(header);
        let tag = header.payload(packet).and_then(Tag::read)?;
        let csrc = packet.get(12..16).filter(|_| packet[0] & 0x0F == 1);
        if csrc != Some(&tag.author.to_be_bytes()[..]) {
            self.wrong_csrc += 1;
        }
        match self.kind {
            MediaKind::Audio => self.frames.push(DecodedFrame::of(tag, now, false)),
            MediaKind::Video => self.assemble(now, tag),
        }
        Some(tag.author)
    }

    fn count_sequence(&mut self, header: &RtpHeader) {
        let seq = u64::from(header.seq.0);
        let highest = self.highest.unwrap_or(seq + (1 << 16));
        let step = header.seq.distance_from(SeqNo(highest as u16));
        let extended = highest.wrapping_add_signed(i64::from(step));
        if !self.seen.insert(extended) {
            self.duplicates += 1;
            return;
        }
        if self.highest.is_none_or(|highest| extended > highest) {
            let timestamp = header.timestamp.0;
            let behind = |newest: u32| (timestamp.wrapping_sub(newest) as i32) < 0;
            self.backward_timestamps += u64::from(self.newest_timestamp.is_some_and(behind));
            self.newest_timestamp = Some(timestamp);
            self.highest = Some(extended);
        }
    }

    /// A frame is decodable if it is whole, and a keyframe or the next after a decoded one.
    fn assemble(&mut self, now: Instant, tag: Tag) {
        let key = (tag.author, tag.layer, tag.frame);
        let is_past = self.decoded.is_some_and(|last| {
            (last.author, last.layer) == (tag.author, tag.layer) && tag.frame <= last.frame
        });
        if is_past {
            return;
        }
        let goes_on = |last: &Tag| {
            (last.author, last.layer) == (tag.author, tag.layer) && tag.frame == last.frame + 1
        };
        if !tag.is_key && !self.decoded.as_ref().is_some_and(goes_on) {
            self.keyframe_due.get_or_insert(now + KEYFRAME_PATIENCE);
        }
        let parts = self.partial.entry(key).or_default();
        parts.insert(tag.part);
        if parts.len() < usize::from(tag.parts) {
            return;
        }
        if tag.is_key || self.decoded.as_ref().is_some_and(goes_on) {
            self.decode(now, tag);
        }
    }

    /// Decodes a frame, and those behind it that came whole before it.
    fn decode(&mut self, now: Instant, tag: Tag) {
        self.decoded = Some(tag);
        self.keyframe_due = None;
        self.frames.push(DecodedFrame::of(tag, now, true));
        let next = (tag.author, tag.layer, tag.frame + 1);
        // Delta frames of an encoding have as many parts as the encoding has number.
        let is_whole = |parts: &BTreeSet<u8>| parts.len() == usize::from(tag.layer) + 1;
        let waits = self.partial.get(&next).is_some_and(is_whole);
        self.partial.retain(|key, _| *key >= next);
        if waits {
            self.decode(now, Tag { is_key: false, frame: tag.frame + 1, ..tag });
        }
    }
}

impl DecodedFrame {
    fn of(tag: Tag, at: Instant, is_picture: bool) -> Self {
        DecodedFrame { at, author: tag.author, layer: tag.layer, is_key: tag.is_key, is_picture }
    }
}
