//! What a probe has shown: how fast its packets arrived (libwebrtc `probe_bitrate_estimator.cc`).
//!
//! A probe counts when all that was sent of it has been reported, or when its time is over, and
//! only if at least 80 % of what was asked for was sent and of that 80 % arrived, less what the way
//! always loses: a starved or a half lost probe says nothing.

use protocol::{Duration, Instant};

use super::{ProbeCluster, ProbeId};

const DELIVERED_MIN: f64 = 0.8;
/// Of what is usually lost, this is taken for the way's own.
const USUAL_MAX: f64 = 0.12;
/// Arriving faster than sent by more than this is no measurement.
const COMPRESSION_MAX: f64 = 2.0;
/// Arriving slower than sent by more than this shows the way's rate…
const UNSATURATED_MIN: f64 = 0.9;
/// … of which this much is used.
const UTILISATION: f64 = 0.97;
const INTERVAL_MAX_US: i64 = 1_000_000;

/// The probe under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cluster {
    pub(super) plan: ProbeCluster,
    pub(super) began: Instant,
    sent_bytes: u64,
    sent_packets: u32,
    last_sent: Option<Instant>,
    told_packets: u32,
    arrived_bytes: u64,
    arrived_packets: u32,
    first: Option<Ends>,
}

/// Outermost times of what arrived, in microseconds of either clock.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first_sent_us: i64,
    last_sent_us: i64,
    last_sent_bytes: u32,
    first_arrived_us: i64,
    first_arrived_bytes: u32,
    last_arrived_us: i64,
}

/// What has become of a probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Not known yet.
    Open,
    /// It showed this rate in bits per second.
    Shown {
        /// What may be used.
        rate: f64,
        /// The way's own rate was reached.
        is_saturated: bool,
    },
    /// It showed nothing.
    Failed,
}

impl Cluster {
    pub(super) const fn new(plan: ProbeCluster, began: Instant) -> Self {
        Cluster {
            plan,
            began,
            sent_bytes: 0,
            sent_packets: 0,
            last_sent: None,
            told_packets: 0,
            arrived_bytes: 0,
            arrived_packets: 0,
            first: None,
        }
    }

    pub(super) fn is(&self, probe: Option<ProbeId>) -> bool {
        probe == Some(self.plan.id)
    }

    /// Everything that was asked for has been sent.
    pub(super) const fn is_sent(&self) -> bool {
        self.sent_bytes >= self.plan.bytes_min as u64 && self.sent_packets >= self.plan.packets_min
    }

    pub(super) const fn last_sent(&self) -> Option<Instant> {
        self.last_sent
    }

    pub(super) fn sent(&mut self, now: Instant, bytes: usize) {
        self.sent_bytes += bytes as u64;
        self.sent_packets += 1;
        self.last_sent = Some(now);
    }

    pub(super) fn told(
        &mut self,
        sent: Instant,
        bytes: u32,
        arrived_us: Option<i64>,
        is_first: bool,
    ) {
        self.told_packets += u32::from(is_first);
        let Some(arrived_us) = arrived_us else { return };
        let sent_us = sent.as_micros() as i64;
        self.arrived_bytes += u64::from(bytes);
        self.arrived_packets += 1;
        let ends = self.first.get_or_insert(Ends {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            last_sent_bytes: bytes,
            first_arrived_us: arrived_us,
            first_arrived_bytes: bytes,
            last_arrived_us: arrived_us,
        });
        ends.first_sent_us = ends.first_sent_us.min(sent_us);
        if sent_us >= ends.last_sent_us {
            (ends.last_sent_us, ends.last_sent_bytes) = (sent_us, bytes);
        }
        if arrived_us < ends.first_arrived_us {
            (ends.first_arrived_us, ends.first_arrived_bytes) = (arrived_us, bytes);
        }
        ends.last_arrived_us = ends.last_arrived_us.max(arrived_us);
    }

    /// What is known by `now`, `deadline` after its last packet at the latest. `usual` is the loss
    /// of the last seconds: so much is lost without the probe.
    pub(super) fn outcome(&self, now: Instant, deadline: Duration, usual: f64) -> Outcome {
        let usual = usual.min(USUAL_MAX);
        let since = now.saturating_duration_since(self.last_sent.unwrap_or(self.began));
        let is_over = since > deadline;
        let is_told = self.is_sent() && self.told_packets >= self.sent_packets;
        if !is_told && !is_over {
            return Outcome::Open;
        }
        let wanted = (f64::from(self.plan.bytes_min) * DELIVERED_MIN) as u64;
        let delivered = self.arrived_bytes as f64 / self.sent_bytes.max(1) as f64;
        if self.sent_bytes < wanted || delivered < DELIVERED_MIN - usual {
            return Outcome::Failed;
        }
        let loss = (1.0 - delivered).min(usual);
        self.measured(1.0 / (1.0 - loss)).unwrap_or(Outcome::Failed)
    }

    fn measured(&self, factor: f64) -> Option<Outcome> {
        let ends = self.first?;
        let sent_us = ends.last_sent_us - ends.first_sent_us;
        let arrived_us = ends.last_arrived_us - ends.first_arrived_us;
        let is_valid = |time_us: i64| time_us > 0 && time_us <= INTERVAL_MAX_US;
        if !is_valid(sent_us) || !is_valid(arrived_us) {
            return None;
        }
        let rate = |bytes: u64, time_us: i64| bytes as f64 * 8e6 / time_us as f64 * factor;
        let sending = rate(self.arrived_bytes - u64::from(ends.last_sent_bytes), sent_us);
        let arriving = rate(self.arrived_bytes - u64::from(ends.first_arrived_bytes), arrived_us);
        if arriving > COMPRESSION_MAX * sending {
            return None;
        }
        let tried = sending.min(self.plan.rate.as_bps() as f64);
        let is_saturated = arriving < UNSATURATED_MIN * tried;
        let shown = if is_saturated { UTILISATION * arriving } else { sending.min(arriving) };
        // A few packets that left or arrived as one show more than was tried.
        let rate = shown.min(self.plan.rate.as_bps() as f64);
        Some(Outcome::Shown { rate, is_saturated })
    }
}

#[cfg(test)]
mod tests;
