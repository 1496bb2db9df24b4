//! What a model client makes of the packets in a slot: whether numbers fit, what is to be asked for
//! again, and what it could decode.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::{
    Duration, Instant,
    media::{MediaKind, RtpTime, SeqNo, Ssrc},
    rtp::RtpHeader,
};

use super::{
    media::Tag,
    offer::{Kit, RED_PT},
    pictures::PictureNumbers,
    playout::{Playout, Shown},
    sound::{self, Gaps, Sound},
};

/// A picture that cannot go on waits this long for what was only late, then asks for a keyframe,
/// and again after this long.
const KEYFRAME_PATIENCE: Duration = Duration::from_millis(100);
const KEYFRAME_REPEAT: Duration = Duration::from_millis(1_000);

/// Longer where lost packets can come again.
const KEYFRAME_PATIENCE_WITH_NACK: Duration = Duration::from_millis(400);

/// A packet may be late by this much before it counts as lost, is asked for this often at most,
/// and is given up after this long (libwebrtc `modules/video_coding/nack_requester.cc` has 10 tries
/// and as many packets as this before a keyframe is cheaper).
const NACK_PATIENCE: Duration = Duration::from_millis(10);
const NACK_TRIES: u8 = 10;
const NACK_LIST_MAX: usize = 500;

/// Frames that wait for packets, and decoded ones that others may need.
const PARTIAL_MAX: usize = 64;
const DECODED_MAX: usize = 64;

/// Author, encoding and number of a frame.
type FrameKey = (u32, u8, u32);

/// One slot's packets.
#[derive(Clone, Debug)]
pub struct Reception {
    kind: MediaKind,
    kit: Kit,
    /// Extended sequence numbers received.
    seen: BTreeSet<u64>,
    highest: Option<u64>,
    newest_timestamp: Option<u32>,
    /// Numbers that are asked for again.
    lost: BTreeMap<u64, Ask>,
    /// Frames being put together, oldest first.
    partial: VecDeque<Partial>,
    /// Frames that could be decoded, newest last.
    decoded: VecDeque<FrameKey>,
    /// When a picture that cannot go on asks for a keyframe.
    keyframe_due: Option<Instant>,
    playout: Playout,
    sound: Sound,
    /// What the last receiver report said: the highest number, and how many had come.
    reported: (u64, u64),
    /// Packets received.
    pub packets: u64,
    /// Bytes of them, headers included.
    pub bytes: u64,
    /// Packets that came again because they were asked for, and what was only padding.
    pub repairs: u64,
    /// Bytes of them.
    pub repair_bytes: u64,
    /// Repairs of packets that had come.
    pub needless_repairs: u64,
    /// Packets that came after they had been asked for, on their own stream.
    pub copies: u64,
    /// Sequence numbers that came twice. Must stay 0 on a link that does not duplicate.
    pub duplicates: u64,
    /// Packets that came behind younger ones, on their own stream.
    pub overtaken: u64,
    /// Packets whose timestamp was behind an older packet's.
    pub backward_timestamps: u64,
    /// Packets whose CSRC was not the author of their payload.
    pub wrong_csrc: u64,
    /// Whether picture ids and TL0PICIDX fit the frames.
    pub numbers: PictureNumbers,
    /// Frames that could be decoded, in order.
    pub frames: Vec<DecodedFrame>,
}

#[derive(Clone, Copy, Debug)]
struct Ask {
    due: Instant,
    tries: u8,
}

#[derive(Clone, Debug)]
struct Partial {
    tag: Tag,
    timestamp: u32,
    parts: BTreeSet<u8>,
}

impl Partial {
    fn key(&self) -> FrameKey {
        (self.tag.author, self.tag.layer, self.tag.frame)
    }

    fn is_whole(&self) -> bool {
        self.parts.len() == usize::from(self.tag.parts)
    }
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
    /// The temporal layer.
    pub temporal: u8,
    /// Its number at its author's, without holes.
    pub frame: u32,
    /// Its time in the slot.
    pub timestamp: RtpTime,
    /// Whether it is a keyframe.
    pub is_key: bool,
    /// Whether it is a picture; else it is a packet of sound.
    pub is_picture: bool,
}

/// How a slot was received since the last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReceptionReport {
    /// In 256ths.
    pub(super) fraction_lost: u8,
    pub(super) cumulative_lost: i32,
    pub(super) highest_seq: u32,
}

impl Reception {
    pub(super) fn new(kind: MediaKind, kit: Kit) -> Self {
        Reception {
            kind,
            kit,
            seen: BTreeSet::new(),
            highest: None,
            newest_timestamp: None,
            lost: BTreeMap::new(),
            partial: VecDeque::new(),
            decoded: VecDeque::new(),
            keyframe_due: None,
            playout: Playout::new(),
            sound: Sound::default(),
            reported: (0, 0),
            packets: 0,
            bytes: 0,
            repairs: 0,
            repair_bytes: 0,
            needless_repairs: 0,
            copies: 0,
            duplicates: 0,
            overtaken: 0,
            backward_timestamps: 0,
            wrong_csrc: 0,
            numbers: PictureNumbers::default(),
            frames: Vec::new(),
        }
    }

    /// Sound or picture.
    #[must_use]
    pub fn kind(&self) -> MediaKind {
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

    /// Pictures as they were shown.
    #[must_use]
    pub fn shown(&self) -> &[Shown] {
        &self.playout.shown
    }

    /// Sound that was missing when it was due.
    #[must_use]
    pub fn gaps(&self, since: Instant, until: Instant) -> Gaps {
        self.sound.gaps(since, until)
    }

    /// Packets of sound that were only there as RED.
    #[must_use]
    pub fn recovered(&self) -> u64 {
        self.sound.recovered
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

    /// The newest packet.
    pub(super) fn newest(&self) -> Option<SeqNo> {
        self.highest.map(|highest| SeqNo(highest as u16))
    }

    /// When packets are to be asked for again.
    pub(super) fn nack_due(&self) -> Option<Instant> {
        self.lost.values().map(|ask| ask.due).min()
    }

    /// The packets that are to be asked for at `now`; each again a round trip later.
    pub(super) fn take_nacks(&mut self, now: Instant, rtt: Duration) -> Vec<SeqNo> {
        self.lost.retain(|_, ask| ask.tries < NACK_TRIES);
        let due = self.lost.iter_mut().filter(|(_, ask)| ask.due <= now);
        due.map(|(seq, ask)| {
            ask.tries += 1;
            ask.due = now + rtt.max(Duration::from_millis(20));
            SeqNo(*seq as u16)
        })
        .collect()
    }

    /// What a receiver report says, once anything has come.
    pub(super) fn take_report(&mut self) -> Option<ReceptionReport> {
        let (first, highest) = (*self.seen.first()?, self.highest?);
        let received = self.seen.len() as u64;
        let (highest_before, received_before) =
            if self.reported.0 == 0 { (first - 1, 0) } else { self.reported };
        self.reported = (highest, received);
        let expected = highest.saturating_sub(highest_before);
        let lost = expected.saturating_sub(received - received_before);
        Some(ReceptionReport {
            fraction_lost: (lost * 256).checked_div(expected).unwrap_or(0).min(255) as u8,
            cumulative_lost: self.missing() as i32,
            highest_seq: highest as u32,
        })
    }

    /// Shows what was due.
    pub(super) fn advance(&mut self, now: Instant) {
        self.playout.advance(now);
    }

    /// Takes a packet that is not opened.
    pub(super) fn skim(&mut self, now: Instant, packet: &[u8], header: &RtpHeader) {
        self.note(now, packet, header);
    }

    /// Takes a packet in clear; returns whose it is.
    pub(super) fn take(&mut self, now: Instant, packet: &[u8], header: &RtpHeader) -> Option<u32> {
        self.note(now, packet, header);
        self.read(now, packet, header)
    }

    fn note(&mut self, now: Instant, packet: &[u8], header: &RtpHeader) {
        self.packets += 1;
        self.bytes += packet.len() as u64;
        let extended = self.extended(header.seq);
        let ask = self.lost.get(&extended);
        self.copies += u64::from(ask.is_some_and(|ask| ask.tries > 0));
        let is_late = self.highest.is_some_and(|highest| extended < highest);
        if !self.count_sequence(now, header) {
            self.duplicates += 1;
        } else if is_late {
            self.overtaken += 1;
        }
    }

    /// Takes a packet that came again, as it was at first.
    pub(super) fn take_repair(
        &mut self,
        now: Instant,
        packet: &[u8],
        header: &RtpHeader,
    ) -> Option<u32> {
        if !self.count_sequence(now, header) {
            self.needless_repairs += 1;
            return None;
        }
        self.read(now, packet, header)
    }

    fn read(&mut self, now: Instant, packet: &[u8], header: &RtpHeader) -> Option<u32> {
        let payload = header.payload(packet)?;
        let tag = Tag::read(payload)?;
        let csrc = packet.get(12..16).filter(|_| packet[0] & 0x0F == 1);
        if csrc != Some(&tag.author.to_be_bytes()[..]) {
            self.wrong_csrc += 1;
        }
        match self.kind {
            MediaKind::Audio => {
                let red = if header.pt.0 == RED_PT { sound::read_red(payload) } else { None };
                let seq = self.extended(header.seq);
                self.sound.take(now, seq, header.timestamp.0, &red.unwrap_or_default());
                self.frames.push(DecodedFrame::of(tag, now, header.timestamp.0, false));
            }
            MediaKind::Video => {
                self.numbers.note(payload, &tag);
                self.assemble(now, tag, header.timestamp.0);
            }
        }
        Some(tag.author)
    }

    /// The number without wraps; below the first cycle nothing is lost to a late first packet.
    fn extended(&self, seq: SeqNo) -> u64 {
        let highest = self.highest.unwrap_or(u64::from(seq.0) + (1 << 16));
        highest.wrapping_add_signed(i64::from(seq.distance_from(SeqNo(highest as u16))))
    }

    /// Notes a number; `false` if it has come before.
    fn count_sequence(&mut self, now: Instant, header: &RtpHeader) -> bool {
        let extended = self.extended(header.seq);
        if !self.seen.insert(extended) {
            return false;
        }
        self.lost.remove(&extended);
        if self.highest.is_none_or(|highest| extended > highest) {
            let timestamp = header.timestamp.0;
            let behind = |newest: u32| (timestamp.wrapping_sub(newest) as i32) < 0;
            self.backward_timestamps += u64::from(self.newest_timestamp.is_some_and(behind));
            self.newest_timestamp = Some(timestamp);
            if let Some(highest) = self.highest {
                self.note_hole(now, highest + 1..extended);
            }
            self.highest = Some(extended);
        }
        true
    }

    fn note_hole(&mut self, now: Instant, hole: std::ops::Range<u64>) {
        if self.kind == MediaKind::Audio || self.kit == Kit::Plain {
            return;
        }
        let ask = Ask { due: now + NACK_PATIENCE, tries: 0 };
        self.lost.extend(hole.map(|seq| (seq, ask)));
        if self.lost.len() > NACK_LIST_MAX {
            self.lost.clear();
            self.keyframe_due.get_or_insert(now);
        }
    }

    /// A frame is decodable if it is whole, and a keyframe or the frame that it needs was decoded.
    fn assemble(&mut self, now: Instant, tag: Tag, timestamp: u32) {
        let key = (tag.author, tag.layer, tag.frame);
        if self.decoded.contains(&key) {
            return;
        }
        if !self.has_reference(&tag) {
            let patience = match self.kit {
                Kit::Plain => KEYFRAME_PATIENCE,
                Kit::Remb | Kit::Nack | Kit::Browser => KEYFRAME_PATIENCE_WITH_NACK,
            };
            self.keyframe_due.get_or_insert(now + patience);
        }
        let place = self.partial.iter().position(|partial| partial.key() == key);
        let place = place.unwrap_or_else(|| {
            if self.partial.len() == PARTIAL_MAX {
                self.partial.pop_front();
            }
            self.partial.push_back(Partial { tag, timestamp, parts: BTreeSet::new() });
            self.partial.len() - 1
        });
        self.partial[place].parts.insert(tag.part);
        while let Some(place) = self.partial.iter().position(|partial| self.can_decode(partial)) {
            if let Some(partial) = self.partial.remove(place) {
                self.decode(now, &partial);
            }
        }
    }

    fn has_reference(&self, tag: &Tag) -> bool {
        let needed = (tag.author, tag.layer, tag.frame.wrapping_sub(u32::from(tag.back)));
        tag.is_key || self.decoded.contains(&needed)
    }

    fn can_decode(&self, partial: &Partial) -> bool {
        partial.is_whole() && self.has_reference(&partial.tag)
    }

    fn decode(&mut self, now: Instant, partial: &Partial) {
        if self.decoded.len() == DECODED_MAX {
            self.decoded.pop_front();
        }
        self.decoded.push_back(partial.key());
        self.keyframe_due = None;
        self.frames.push(DecodedFrame::of(partial.tag, now, partial.timestamp, true));
        self.playout.take(now, partial.timestamp, partial.tag);
    }
}

impl DecodedFrame {
    fn of(tag: Tag, at: Instant, timestamp: u32, is_picture: bool) -> Self {
        let Tag { author, layer, temporal, frame, is_key, .. } = tag;
        let timestamp = RtpTime(timestamp);
        DecodedFrame { at, author, layer, temporal, frame, timestamp, is_key, is_picture }
    }
}
