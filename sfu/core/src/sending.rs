//! What the packets to one receiver pass on their way out, and what may be sent again.
//!
//! All of it is reserved when the endpoint is built: 64 KiB of history, 48 KiB of estimator and
//! 8 KiB of queues, resident as far as they are used.

use protocol::{Bitrate, Duration, Instant, media::SeqNo};

use crate::{
    congestion::{Congestion, CongestionConfig, ProbeId, SentKind},
    endpoint::SLOTS_MAX,
    packet::OutgoingPacket,
    rate::{Bucket, Rate},
    recovery::{History, Pacer},
};

/// Numbers that one receiver may name in NACKs: ten times what the loss of a tenth of 2 000
/// packets/s needs, and a lost keyframe of a thousand packets at once.
pub(crate) const NACK_RATE: Rate = Rate::new(2_000, 1_000);

/// The round trip to a receiver that nobody has measured.
const ROUND_TRIP_UNKNOWN: Duration = Duration::from_millis(100);

/// One receiver's way out.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) history: History,
    pub(crate) line: Line,
    pub(crate) repairs: RepairBudget,
    pub(crate) nacks: Bucket,
    /// The highest number of each slot in the last receiver report.
    pub(crate) reported: Box<[Option<SeqNo>]>,
    /// The cipher may seal a sequence number twice: a packet can be sent again as it was.
    pub(crate) may_copy: bool,
    /// It stands in the list of receivers for whom something waits.
    pub(crate) is_listed: bool,
}

impl Sending {
    /// Takes the memory.
    pub(crate) fn new(config: CongestionConfig) -> Self {
        Sending {
            history: History::new(),
            line: Line { pacer: Pacer::new(), congestion: Congestion::new(config) },
            repairs: RepairBudget::default(),
            nacks: Bucket::default(),
            reported: vec![None; SLOTS_MAX].into_boxed_slice(),
            may_copy: false,
            is_listed: false,
        }
    }
}

/// What is known of the line to one receiver.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) pacer: Pacer,
    pub(crate) congestion: Box<Congestion>,
}

impl Line {
    /// The packet leaves `now`: it is counted and gets the number by which it is reported.
    pub(crate) fn leave(
        &mut self,
        now: Instant,
        packet: &mut OutgoingPacket<'_>,
        kind: SentKind,
        probe: Option<ProbeId>,
    ) {
        let bytes = packet.length();
        packet.set_transport_number(self.congestion.sent(now, bytes, kind, probe));
        self.pacer.count(now, bytes);
    }

    /// Takes over what the estimator says; nothing is held back while nobody makes an estimate.
    pub(crate) fn follow_estimate(&mut self, now: Instant) {
        let rate = self.congestion.estimate().map(|_| self.congestion.pacing_rate().as_bps());
        self.pacer.set_rate(now, rate);
    }

    /// From a packet to what is said about it.
    pub(crate) fn round_trip(&self) -> Duration {
        self.congestion.rtt().unwrap_or(ROUND_TRIP_UNKNOWN)
    }
}

/// How much may be sent again: a share of the estimate, and enough for one keyframe at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RepairBudget {
    /// When all that was taken is paid for.
    paid_at: Instant,
}

impl RepairBudget {
    /// Of what may be sent, a fifth may be sent again: enough for 15 % of loss.
    const SHARE: f64 = 0.2;

    /// What thin lines may have none the less.
    const FLOOR: Bitrate = Bitrate::from_kbps(100);

    /// What may be owed: at the floor 19 packets, at 2 Mb/s 60.
    const CREDIT: Duration = Duration::from_millis(1_500);

    /// Takes `bytes`; `false` if the budget is used up.
    pub(crate) fn take(&mut self, now: Instant, bytes: usize, target: Bitrate) -> bool {
        let paid_at = self.paid_at.max(now);
        if paid_at.saturating_duration_since(now) > Self::CREDIT {
            return false;
        }
        let rate = target.scaled(Self::SHARE).max(Self::FLOOR).as_bps();
        self.paid_at = paid_at + Duration::from_micros(bytes as u64 * 8_000_000 / rate);
        true
    }
}

#[cfg(test)]
mod tests;
