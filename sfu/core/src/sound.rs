//! One published sound on its way in, before it is shared by its receivers.
//!
//! Whatever its sender speaks, Opus or Opus with redundancy (RFC 2198), what comes out is *frames*:
//!
//! * A frame that was lost and that a later packet repeats comes before that packet, once.
//! * Silence (RFC 6464 level 127) is three packets, so that the receiver's decoder settles, and
//!   then nothing.
//! * Empty packets and duplicates are nothing.
//!
//! What is left out leaves no gap in the numbers of the frames, so that no receiver takes it for
//! loss; a true loss stays a hole. The timestamps are the sender's own, so they run on over pauses
//! and DTX. All of it is done once for each packet that comes, not for each that goes; for
//! receivers with redundancy the two frames before are kept ([`Recent`]), 1 KiB a sound.
//!
//! Tests: `tests/it/redundancy.rs` and `tests/it/silence.rs`.

use protocol::{
    media::{Codec, Pt, RtpTime, SeqNo, Ssrc},
    rtp::RtpHeader,
};

use crate::{
    counters::ForwardDrop,
    publication::SourcePacket,
    red::{Blocks, DISTANCE, Recent},
    sequence::{Placed, Sequence},
};

/// Packets of silence that are forwarded before it is left out; Jitsi's JVB does the same.
const SILENCE_PACKETS: u8 = 3;

/// The level of digital silence (RFC 6464 §3).
const SILENCE: u8 = 127;

/// A frame later than this after the one before begins a talkspurt: the longest Opus packet.
const TALKSPURT_GAP: i32 = 120 * 48;

/// Frames of one packet.
const FRAMES_MAX: usize = DISTANCE + 1;

/// A frame of Opus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'p> {
    /// The sound's own numbers, without gaps for what was left out.
    pub(crate) seq: SeqNo,
    pub(crate) time: RtpTime,
    /// Whether it is newer than all before.
    pub(crate) newest: bool,
    /// RFC 3551 §4.1: it is the first after a pause.
    pub(crate) begins_talkspurt: bool,
    /// Whether its own packet was lost.
    pub(crate) recovered: bool,
    pub(crate) payload: &'p [u8],
}

/// The frames of one packet, the oldest first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frames<'p> {
    frames: [Option<Frame<'p>>; FRAMES_MAX],
    count: usize,
}

impl<'p> Frames<'p> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Frame<'p>> + '_ {
        self.frames[..self.count].iter().flatten().copied()
    }

    fn push(&mut self, frame: Frame<'p>) {
        if let Some(place) = self.frames.get_mut(self.count) {
            *place = Some(frame);
            self.count += 1;
        }
    }
}

/// A published sound; see the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sound {
    ssrc: Option<Ssrc>,
    sequence: Sequence,
    /// Packets of silence since the last that was none, at most one above [`SILENCE_PACKETS`].
    silent: u8,
    /// Timestamp of the newest frame that came out.
    last_time: RtpTime,
    pub(crate) recent: Recent,
}

impl Sound {
    pub(crate) const NEW: Sound = Sound {
        ssrc: None,
        sequence: Sequence::new(SeqNo(0)),
        silent: 0,
        last_time: RtpTime(0),
        recent: Recent::NONE,
    };

    /// Takes a packet; `opus` is what its redundancy must be.
    pub(crate) fn receive<'p>(
        &mut self,
        packet: &SourcePacket<'p>,
        opus: Option<Pt>,
    ) -> Result<Frames<'p>, ForwardDrop> {
        let header = &packet.header;
        if self.ssrc != Some(header.ssrc) {
            self.begin(header);
        }
        if packet.payload.is_empty() {
            self.sequence.skip(header.seq);
            return Err(ForwardDrop::Empty);
        }
        let is_silent = packet.extension.is_some_and(|level| level & 0x7F == SILENCE);
        self.silent = if is_silent { self.silent.saturating_add(1) } else { 0 };
        if self.silent > SILENCE_PACKETS {
            self.silent = SILENCE_PACKETS + 1;
            self.sequence.skip(header.seq);
            return Err(ForwardDrop::Silence);
        }
        let mut frames = Frames::default();
        let primary = match packet.codec {
            Codec::Red => self.recover(packet, opus, &mut frames)?,
            Codec::Opus | Codec::Vp8 | Codec::Vp9 | Codec::H264 | Codec::Av1 => packet.payload,
        };
        match self.place(header.seq, header.timestamp, primary, header.marker) {
            Ok(frame) => frames.push(frame),
            // What it repeats is worth having all the same.
            Err(reason) if frames.count == 0 => return Err(reason),
            Err(_) => {}
        }
        Ok(frames)
    }

    /// Another stream takes the place of the one before.
    fn begin(&mut self, header: &RtpHeader) {
        self.ssrc = Some(header.ssrc);
        self.sequence.restart(header.seq);
        self.silent = 0;
        self.last_time = header.timestamp;
        self.recent.forget();
    }

    /// Takes what a packet with redundancy repeats and was never seen; returns its own frame.
    fn recover<'p>(
        &mut self,
        packet: &SourcePacket<'p>,
        opus: Option<Pt>,
        frames: &mut Frames<'p>,
    ) -> Result<&'p [u8], ForwardDrop> {
        let blocks = Blocks::parse(packet.payload).ok_or(ForwardDrop::Malformed)?;
        if blocks.clone().any(|block| Some(block.pt) != opus) {
            return Err(ForwardDrop::UnknownPayloadType);
        }
        let count = blocks.block_count();
        let mut primary: &[u8] = &[];
        for (place, block) in blocks.enumerate() {
            // Each earlier frame was a packet of its own: one block further back, one number less.
            let age = (count - 1 - place) as u16;
            if age == 0 {
                primary = block.payload;
            } else if usize::from(age) <= DISTANCE && !block.payload.is_empty() {
                let header = &packet.header;
                let seq = SeqNo(header.seq.0.wrapping_sub(age));
                let time = RtpTime(header.timestamp.0.wrapping_sub(u32::from(block.offset)));
                if block.offset > 0
                    && let Ok(frame) = self.place(seq, time, block.payload, false)
                {
                    frames.push(Frame { recovered: true, ..frame });
                }
            }
        }
        if primary.is_empty() {
            self.sequence.skip(packet.header.seq);
            return Err(ForwardDrop::Empty);
        }
        Ok(primary)
    }

    /// Gives a frame its number.
    fn place<'p>(
        &mut self,
        seq: SeqNo,
        time: RtpTime,
        payload: &'p [u8],
        marker: bool,
    ) -> Result<Frame<'p>, ForwardDrop> {
        let placed = self.sequence.place(seq)?;
        let newest = matches!(placed, Placed::Newest(_));
        let (Placed::Newest(seq) | Placed::Late(seq)) = placed;
        let since_last = time.distance_from(self.last_time);
        if newest {
            self.last_time = time;
        }
        let begins_talkspurt = marker || newest && since_last > TALKSPURT_GAP;
        Ok(Frame { seq, time, newest, begins_talkspurt, recovered: false, payload })
    }
}
