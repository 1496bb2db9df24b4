//! What a receiver report says of one incoming stream (RFC 3550 §6.4.1, A.3, A.8).

use protocol::{
    Instant,
    media::{RtpTime, SeqNo},
};
use serde::{Deserialize, Serialize};

/// A jump further than this is a stream that began anew (RFC 3550 A.1, `MAX_DROPOUT`).
const DROPOUT_MAX: i16 = 3_000;

/// Counts one incoming stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reception {
    /// The highest sequence number, wraps counted above its 16 bits.
    highest: u64,
    /// The first sequence number since the stream began, on the same scale.
    base: u64,
    received: u64,
    /// Lost before the stream last began anew.
    lost_before: u64,
    expected_reported: u64,
    received_reported: u64,
    /// Transit time of the last packet, in ticks.
    transit: Option<u32>,
    /// Interarrival jitter in ticks, times 16.
    jitter: u32,
}

impl Reception {
    /// Counts a packet that arrived at `now`, `ticks_per_ms` of its clock in a millisecond.
    pub(crate) fn count(
        &mut self,
        now: Instant,
        seq: SeqNo,
        timestamp: RtpTime,
        ticks_per_ms: u32,
    ) {
        let step = seq.distance_from(SeqNo(self.highest as u16));
        if self.received == 0 || step.saturating_abs() > DROPOUT_MAX {
            self.lost_before += self.lost();
            // One cycle up, so that no number of the new beginning is below one of the old.
            let cycle = if self.received == 0 { 0 } else { (self.highest >> 16) + 1 };
            self.highest = cycle << 16 | u64::from(seq.0);
            self.base = self.highest;
            self.received = 0;
            self.expected_reported = 0;
            self.received_reported = 0;
        } else if step > 0 {
            self.highest += step.unsigned_abs() as u64;
        }
        self.received += 1;
        let arrival = now.as_micros().wrapping_mul(u64::from(ticks_per_ms)) / 1_000;
        let transit = (arrival as u32).wrapping_sub(timestamp.0);
        if let Some(last) = self.transit.replace(transit) {
            let difference = (transit.wrapping_sub(last) as i32).unsigned_abs();
            self.jitter =
                self.jitter.saturating_add(difference).saturating_sub((self.jitter + 8) >> 4);
        }
    }

    /// What a report says, which begins a new interval; `None` if nothing came since the last.
    pub(crate) fn report(&mut self) -> Option<ReceptionFigures> {
        if self.received == self.received_reported {
            return None;
        }
        let expected = self.expected();
        let expected_interval = expected - self.expected_reported;
        let received_interval = self.received - self.received_reported;
        self.expected_reported = expected;
        self.received_reported = self.received;
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = (lost_interval << 8).checked_div(expected_interval);
        Some(ReceptionFigures {
            fraction_lost: fraction.unwrap_or(0).min(255) as u8,
            // RFC 3550 §6.4.1: 24 bits, signed; duplicates do not make it negative here.
            cumulative_lost: (self.lost_before + self.lost()).min(0x007F_FFFF) as u32,
            highest_seq: self.highest as u32,
            jitter: self.jitter >> 4,
        })
    }

    fn expected(&self) -> u64 {
        if self.received == 0 { 0 } else { self.highest - self.base + 1 }
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }
}

/// The reception fields of a report block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptionFigures {
    /// Lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the stream began.
    pub cumulative_lost: u32,
    /// The highest sequence number, with the count of wraps in the upper 16 bits.
    pub highest_seq: u32,
    /// Interarrival jitter in ticks of the stream's clock.
    pub jitter: u32,
}

#[cfg(test)]
mod tests;
