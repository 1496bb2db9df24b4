//! What the packets to one receiver pass on their way out, and what may be sent again.
//!
//! All of it is reserved when the endpoint is built: 64 KiB of history, 48 KiB of estimator and
//! 8 KiB of queues, resident as far as they are used.

use protocol::{Bitrate, Duration, Instant, media::SeqNo};

use crate::{
    congestion::{Congestion, CongestionConfig, ProbeCluster, SentKind},
    endpoint::SLOTS_MAX,
    packet::OutgoingPacket,
    rate::{Bucket, Rate},
    recovery::{History, Lane, Pacer},
};

/// Numbers that one receiver may name in NACKs: ten times what the loss of a tenth of 2 000
/// packets/s needs, and a lost keyframe of a thousand packets at once.
pub(crate) const NACK_RATE: Rate = Rate::new(2_000, 1_000);

/// How long a line is left alone that cannot be filled.
const PADDING_PAUSE: Duration = Duration::from_millis(200);

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
            line: Line {
                pacer: Pacer::new(),
                congestion: Congestion::new(config),
                probe: None,
                padding_paid_at: Instant::ZERO,
            },
            repairs: RepairBudget::default(),
            nacks: Bucket::default(),
            reported: vec![None; SLOTS_MAX].into_boxed_slice(),
            may_copy: false,
            is_listed: false,
        }
    }
}

impl Sending {
    /// Withdraws what waits of a slot.
    pub(crate) fn withdraw(&mut self, slot: u8, lane: Lane) {
        let Sending { history, line, .. } = self;
        let is_of_slot = |id| history.packet(id).is_some_and(|(sent, _)| sent.slot == slot);
        line.pacer.withdraw(lane, is_of_slot);
    }
}

/// What is known of the line to one receiver.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) pacer: Pacer,
    pub(crate) congestion: Box<Congestion>,
    /// What is tried at present.
    pub(crate) probe: Option<ProbeRun>,
    /// When all that was sent is worth the padding rate.
    padding_paid_at: Instant,
}

/// A probe while it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeRun {
    cluster: ProbeCluster,
    began_at: Instant,
    bytes: u64,
    packets: u32,
}

impl ProbeRun {
    fn is_done(&self) -> bool {
        let ProbeCluster { bytes_min, packets_min, .. } = self.cluster;
        self.bytes >= u64::from(bytes_min) && self.packets >= packets_min
    }

    /// Whether less has been sent than the rate wants.
    fn is_behind(&self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.began_at);
        self.bytes <= self.cluster.rate.bytes_in(elapsed)
    }
}

impl Line {
    /// The packet leaves `now`: it is counted and gets the number by which it is reported.
    pub(crate) fn leave(&mut self, now: Instant, packet: &mut OutgoingPacket<'_>, kind: SentKind) {
        let bytes = packet.length();
        let probe = self.probe.as_mut().map(|run| {
            run.bytes += bytes as u64;
            run.packets += 1;
            run.cluster.id
        });
        let padding_rate = self.congestion.padding_rate().as_bps();
        if let Some(micros) = (bytes as u64 * 8_000_000).checked_div(padding_rate) {
            let worth = Duration::from_micros(micros);
            self.padding_paid_at = self.padding_paid_at.max(now) + worth;
        }
        packet.set_transport_number(self.congestion.sent(now, bytes, kind, probe));
        self.pacer.count(now, bytes);
    }

    /// Takes over what the estimator says; nothing is held back while nobody makes an estimate.
    pub(crate) fn follow_estimate(&mut self, now: Instant) {
        let rate = self.congestion.estimate().map(|_| self.congestion.pacing_rate().as_bps());
        let probe = self.probe.as_ref().map(|run| run.cluster.rate.as_bps());
        self.pacer.set_rate(now, rate.map(|rate| rate.max(probe.unwrap_or(0))));
    }

    /// Begins the probe that the estimator wants, if any.
    pub(crate) fn start_probe(&mut self, now: Instant) {
        if self.probe.is_some() {
            return;
        }
        let cluster = self.congestion.poll_probe(now);
        self.probe =
            cluster.map(|cluster| ProbeRun { cluster, began_at: now, bytes: 0, packets: 0 });
        self.follow_estimate(now);
    }

    /// Ends the probe once enough of it has been sent.
    pub(crate) fn end_probe_if_done(&mut self, now: Instant) {
        if self.probe.as_ref().is_some_and(ProbeRun::is_done) {
            self.probe = None;
            self.follow_estimate(now);
        }
    }

    /// Nothing can be sent that fills.
    pub(crate) fn give_up_filling(&mut self, now: Instant) {
        self.probe = None;
        self.padding_paid_at = now + PADDING_PAUSE;
        self.follow_estimate(now);
    }

    /// Whether the estimator wants the line filled up to some rate, probes apart.
    pub(crate) fn wants_padding(&self) -> bool {
        self.congestion.padding_rate() > Bitrate::ZERO
    }

    /// Whether a packet that only fills is to be sent `now`.
    pub(crate) fn wants_filling(&self, now: Instant) -> bool {
        match &self.probe {
            Some(run) => !run.is_done() && run.is_behind(now),
            None => self.wants_padding() && self.pacer.is_empty() && self.padding_paid_at <= now,
        }
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
