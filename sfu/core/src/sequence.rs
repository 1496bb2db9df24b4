//! Outgoing sequence numbers of one slot.
//!
//! While one stream flows, a packet's number is its own plus an offset, so a loss stays a hole of
//! the same width and a late packet lands in its place. A packet that is left out on purpose closes
//! the gap, and a new stream goes on at the last number plus one.
//!
//! The window is two 128-bit sets beside the newest number: which of the last 128 packets were
//! seen, and which were left out. The number of a late packet is the newest one less the packets
//! between the two that were not left out: one `popcount`, no table. A packet that its publisher
//! had to send again is 50 packets late where the way there and back takes 200 ms.

use protocol::media::SeqNo;
use serde::{Deserialize, Serialize};

use crate::counters::ForwardDrop;

/// A jump further than this is a stream that began anew, not loss (RFC 3550 A.1, `MAX_DROPOUT`).
const DROPOUT_MAX: i16 = 3_000;

/// Packets that are remembered.
const WINDOW: i16 = 128;

/// Rewrites sequence numbers; see the module.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Sequence {
    newest_in: SeqNo,
    newest_out: SeqNo,
    /// The newest number that a packet got: behind it there may be holes for what was lost.
    given: SeqNo,
    /// Bit n: the packet n before the newest was seen, or is older than the stream.
    seen: u128,
    /// Bit n: the packet n before the newest was left out.
    skipped: u128,
}

/// The outgoing number of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// Newer than all before.
    Newest(SeqNo),
    /// In a hole that was left for it.
    Late(SeqNo),
}

impl Sequence {
    /// The first packet will get the number after `last`.
    #[must_use]
    pub const fn new(last: SeqNo) -> Self {
        let newest_in = SeqNo(0);
        Sequence { newest_in, newest_out: last, given: last, seen: u128::MAX, skipped: 0 }
    }

    /// The newest number given out.
    #[must_use]
    pub const fn last(&self) -> SeqNo {
        self.given
    }

    /// Another stream begins with the packet `first`. What was lost of the one before is no longer
    /// waited for, so holes at its end close.
    pub const fn restart(&mut self, first: SeqNo) {
        *self = Sequence::new(self.given);
        self.newest_in = SeqNo(first.0.wrapping_sub(1));
    }

    /// Gives the packet `seq` its number.
    ///
    /// # Errors
    /// [`ForwardDrop::Duplicate`] if it had one, [`ForwardDrop::TooLate`] behind the window.
    pub const fn place(&mut self, seq: SeqNo) -> Result<Placed, ForwardDrop> {
        let step = self.step_to(seq);
        if step > 0 {
            self.advance(seq, step);
            self.newest_out = self.newest_out.add(step as u16);
            self.given = self.newest_out;
            return Ok(Placed::Newest(self.newest_out));
        }
        let Some(bit) = self.late_bit(step) else {
            return Err(ForwardDrop::TooLate);
        };
        if self.seen & bit != 0 {
            return Err(ForwardDrop::Duplicate);
        }
        if self.skipped & bit != 0 {
            return Err(ForwardDrop::TooLate);
        }
        Ok(Placed::Late(self.fill_hole(step, bit)))
    }

    /// The number of the hole that is `step` packets back, which has the place `bit`.
    const fn fill_hole(&mut self, step: i16, bit: u128) -> SeqNo {
        self.seen |= bit;
        let skipped_since = (self.skipped & (bit - 1)).count_ones() as u16;
        let back = step.unsigned_abs() - skipped_since;
        let number = SeqNo(self.newest_out.0.wrapping_sub(back));
        if number.distance_from(self.given) > 0 {
            self.given = number;
        }
        number
    }

    /// Whether the packet `seq` is newer than all before.
    #[must_use]
    pub const fn is_newest(&self, seq: SeqNo) -> bool {
        let step = seq.distance_from(self.newest_in);
        step > 0 || step < -DROPOUT_MAX
    }

    /// Leaves the packet `seq` out: the next one takes its number. If it came late, a hole was left
    /// for it; the number of the hole is returned, once.
    pub const fn skip(&mut self, seq: SeqNo) -> Option<SeqNo> {
        let step = self.step_to(seq);
        if step > 0 {
            self.advance(seq, step);
            self.skipped |= 1;
            self.newest_out = self.newest_out.add(step as u16 - 1);
            return None;
        }
        match self.late_bit(step) {
            Some(bit) if (self.seen | self.skipped) & bit == 0 => Some(self.fill_hole(step, bit)),
            Some(_) | None => None,
        }
    }

    /// As [`Sequence::skip`], where the packet is of the same frame as the newest: if that one was
    /// left out, what was lost between the two would have been left out too, and leaves no hole.
    pub const fn skip_on(&mut self, seq: SeqNo) -> Option<SeqNo> {
        let step = self.step_to(seq);
        if step <= 0 || self.skipped & 1 == 0 {
            return self.skip(seq);
        }
        self.advance(seq, step);
        self.skipped |= if step < WINDOW { (1 << step) - 1 } else { u128::MAX };
        None
    }

    const fn step_to(&mut self, seq: SeqNo) -> i16 {
        let step = seq.distance_from(self.newest_in);
        if step > DROPOUT_MAX || step < -DROPOUT_MAX {
            self.restart(seq);
            return 1;
        }
        step
    }

    const fn advance(&mut self, seq: SeqNo, step: i16) {
        self.newest_in = seq;
        if step < WINDOW {
            self.seen <<= step;
            self.skipped <<= step;
        } else {
            self.seen = 0;
            self.skipped = 0;
        }
        self.seen |= 1;
    }

    const fn late_bit(&self, step: i16) -> Option<u128> {
        if step > -WINDOW { Some(1 << step.unsigned_abs()) } else { None }
    }
}

#[cfg(test)]
mod tests;
