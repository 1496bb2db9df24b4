//! How one stream is received: what a report block says of it (RFC 3550 appendices A.1, A.3, A.8).

use protocol::{
    Duration, Instant,
    media::{RtpTime, SeqNo, Ssrc},
};
use serde::{Deserialize, Serialize};

use super::{CUMULATIVE_LOST_MAX, CUMULATIVE_LOST_MIN, NtpTime, ReportBlock};

/// Packets that may be missing in a row (RFC 3550 §A.1, MAX_DROPOUT): 3 000, a minute of sound.
const DROPOUT_MAX: u16 = 3000;

/// Packets by which one may come late (RFC 3550 §A.1, MAX_MISORDER).
const MISORDER_MAX: u16 = 100;

/// Counts and times of one incoming stream. Only authentic packets are told to it, so there is no
/// probation of new sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceptionStats {
    clock_rate: u32,
    /// `None` before the first packet.
    progress: Option<Progress>,
    last_sender_report: Option<(NtpTime, Instant)>,
}

/// What is known from the first packet on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// Cycles and sequence number of the first packet; cycles begin at 0.
    base: u32,
    /// The same of the highest.
    highest: u32,
    /// Where the stream would go on if it has begun anew.
    restart_at: Option<SeqNo>,
    received: u32,
    expected_prior: u32,
    received_prior: u32,
    /// Sixteen times the mean deviation (RFC 3550 §A.8), in ticks.
    jitter_times_16: u32,
    /// The last packet's arrival less its timestamp, in ticks; wraps.
    transit: u32,
}

impl ReceptionStats {
    /// Begins with a stream of `clock_rate` ticks a second.
    #[must_use]
    pub const fn new(clock_rate: u32) -> Self {
        ReceptionStats { clock_rate, progress: None, last_sender_report: None }
    }

    /// Counts a packet that was delivered.
    pub fn handle_packet(&mut self, now: Instant, seq: SeqNo, timestamp: RtpTime) {
        let arrival = self.ticks(now);
        let transit = arrival.wrapping_sub(timestamp.0);
        let Some(progress) = &mut self.progress else {
            self.progress = Some(Progress::starting_at(seq, transit));
            return;
        };
        if progress.advance(seq, transit) {
            progress.received = progress.received.wrapping_add(1);
            progress.update_jitter(transit);
        }
    }

    /// Notes a sender report of the stream.
    pub fn handle_sender_report(&mut self, now: Instant, ntp: NtpTime) {
        self.last_sender_report = Some((ntp, now));
    }

    /// Makes the block of the next report and begins a new interval; `None` before the first
    /// packet.
    pub fn report_block(&mut self, now: Instant, ssrc: Ssrc) -> Option<ReportBlock> {
        let progress = self.progress.as_mut()?;
        let (last_sender_report, delay_since_sender_report) = match self.last_sender_report {
            Some((ntp, at)) => (ntp.middle(), in_65536ths(now.saturating_duration_since(at))),
            None => (0, 0),
        };
        let lost = progress.expected().wrapping_sub(progress.received) as i32;
        Some(ReportBlock {
            ssrc,
            fraction_lost: progress.end_interval(),
            cumulative_lost: lost.clamp(CUMULATIVE_LOST_MIN, CUMULATIVE_LOST_MAX),
            highest_seq: progress.highest,
            jitter: progress.jitter_times_16 >> 4,
            last_sender_report,
            delay_since_sender_report,
        })
    }

    /// The stream's clock at `now`, from an origin of its own; wraps.
    fn ticks(&self, now: Instant) -> u32 {
        let ticks = u128::from(now.as_micros()) * u128::from(self.clock_rate) / 1_000_000;
        ticks as u32
    }
}

impl Progress {
    fn starting_at(seq: SeqNo, transit: u32) -> Self {
        Progress {
            base: u32::from(seq.0),
            highest: u32::from(seq.0),
            restart_at: None,
            received: 1,
            expected_prior: 0,
            received_prior: 0,
            jitter_times_16: 0,
            transit,
        }
    }

    /// RFC 3550 §A.1, `update_seq`: takes the packet's place in the stream. `false` if it is so far
    /// off that it does not count.
    fn advance(&mut self, seq: SeqNo, transit: u32) -> bool {
        let ahead = seq.0.wrapping_sub(self.highest as u16);
        if ahead < DROPOUT_MAX {
            // In order, with a gap at most.
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        } else if ahead <= u16::MAX - MISORDER_MAX {
            if self.restart_at != Some(seq) {
                self.restart_at = Some(seq.add(1));
                return false;
            }
            // Two in a row from there: the stream has begun anew.
            *self = Progress { received: 0, ..Progress::starting_at(seq, transit) };
        }
        // Else late or twice.
        self.restart_at = None;
        true
    }

    /// RFC 3550 §A.8, in its whole-number form.
    fn update_jitter(&mut self, transit: u32) {
        let deviation = (transit.wrapping_sub(self.transit) as i32).unsigned_abs();
        self.transit = transit;
        let fading = self.jitter_times_16.saturating_add(8) >> 4;
        self.jitter_times_16 = self.jitter_times_16.saturating_add(deviation) - fading;
    }

    fn expected(&self) -> u32 {
        self.highest.wrapping_sub(self.base).wrapping_add(1)
    }

    /// RFC 3550 §A.3: the fraction lost since the last call, 0 if duplicates outweigh losses.
    fn end_interval(&mut self) -> u8 {
        let expected = self.expected().wrapping_sub(self.expected_prior);
        let received = self.received.wrapping_sub(self.received_prior);
        self.expected_prior = self.expected();
        self.received_prior = self.received;
        let lost = u64::from(expected.saturating_sub(received));
        // All lost is 256 of 256ths, which a byte does not hold.
        (lost * 256).checked_div(u64::from(expected)).unwrap_or(0).min(255) as u8
    }
}

fn in_65536ths(time: Duration) -> u32 {
    u32::try_from((time.as_micros() << 16) / 1_000_000).unwrap_or(u32::MAX)
}
