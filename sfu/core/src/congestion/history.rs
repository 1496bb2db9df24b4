//! The packets that were sent lately, so that a report about a number says something.
//!
//! A ring of 4 096 entries of 12 bytes: 4 s at 10 Mb/s. It knows a packet by the distance of its
//! number from the last one sent, so a number that was never given, or was given too long ago, is
//! not found.

use protocol::Instant;

use super::ProbeId;

/// Packets that are remembered; a power of two, far below 2¹⁶ so that numbers are unambiguous.
const LENGTH: usize = 4_096;

/// See the module.
#[derive(Debug)]
pub(super) struct History {
    entries: Box<[Entry]>,
    /// Packets sent so far.
    count: u64,
    next_seq: u16,
    /// Index of the first packet after all that were reported.
    told_until: u64,
}

/// A packet that was sent.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Low bits of the time of sending: unambiguous for an hour.
    sent_us: u32,
    bytes: u16,
    probe: Option<ProbeId>,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Untold,
    Lost,
    Received,
}

/// What a report was about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) sent: Instant,
    pub(super) bytes: u32,
    pub(super) probe: Option<ProbeId>,
    /// It had not been reported before.
    pub(super) is_first: bool,
    /// Bytes sent before it about which reports say nothing: their feedback was lost.
    pub(super) untold_bytes: u32,
}

/// Why a report has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Never sent, or forgotten.
    Unknown,
    /// It adds nothing to an earlier report.
    Repeated,
}

impl History {
    pub(super) fn new(first_seq: u16) -> Self {
        let empty = Entry { sent_us: 0, bytes: 0, probe: None, fate: Fate::Untold };
        History {
            entries: vec![empty; LENGTH].into_boxed_slice(),
            count: 0,
            next_seq: first_seq,
            told_until: 0,
        }
    }

    pub(super) const fn next_seq(&self) -> u16 {
        self.next_seq
    }

    /// Whether packets are under way of which nothing is known.
    pub(super) const fn has_untold(&self) -> bool {
        self.told_until < self.count
    }

    pub(super) fn push(&mut self, now: Instant, bytes: usize, probe: Option<ProbeId>) -> u16 {
        self.entries[place(self.count)] = Entry {
            sent_us: now.as_micros() as u32,
            bytes: u16::try_from(bytes).unwrap_or(u16::MAX),
            probe,
            fate: Fate::Untold,
        };
        self.count += 1;
        let seq = self.next_seq;
        self.next_seq = seq.wrapping_add(1);
        seq
    }

    /// Notes the fate of the packet with number `seq`.
    pub(super) fn tell(
        &mut self,
        now: Instant,
        seq: u16,
        is_received: bool,
    ) -> Result<Told, Refused> {
        let age = u64::from(self.next_seq.wrapping_sub(1).wrapping_sub(seq));
        if age >= self.count.min(LENGTH as u64) {
            return Err(Refused::Unknown);
        }
        let index = self.count - 1 - age;
        let entry = &mut self.entries[place(index)];
        let before = entry.fate;
        match (before, is_received) {
            (Fate::Received, _) | (Fate::Lost, false) => return Err(Refused::Repeated),
            (Fate::Untold | Fate::Lost, true) => entry.fate = Fate::Received,
            (Fate::Untold, false) => entry.fate = Fate::Lost,
        }
        let sent_ago = (now.as_micros() as u32).wrapping_sub(entry.sent_us);
        let (bytes, probe) = (u32::from(entry.bytes), entry.probe);
        Ok(Told {
            sent: Instant::from_micros(now.as_micros().saturating_sub(u64::from(sent_ago))),
            bytes,
            probe,
            is_first: before == Fate::Untold,
            untold_bytes: self.pass(index),
        })
    }

    /// Moves the end of what was told behind `index`; returns the bytes that were passed over.
    fn pass(&mut self, index: u64) -> u32 {
        let from = self.told_until.max(self.count.saturating_sub(LENGTH as u64));
        if index < from {
            return 0;
        }
        self.told_until = index + 1;
        let passed = (from..index).map(|index| self.entries[place(index)]);
        let untold = passed.filter(|entry| entry.fate == Fate::Untold);
        untold.map(|entry| u32::from(entry.bytes)).sum()
    }
}

const fn place(index: u64) -> usize {
    index as usize & (LENGTH - 1)
}

#[cfg(test)]
mod tests;
