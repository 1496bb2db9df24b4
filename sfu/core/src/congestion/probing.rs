//! When to try more: a burst at three times the estimate at first, then at twice what was shown
//! for as long as that grows, then now and again while a layer waits (libwebrtc
//! `probe_controller.cc`; what an SFU adds is in `docs/bwe.md`).

use protocol::{Bitrate, Duration, Instant};

use super::{
    ProbeCluster, ProbeId,
    clusters::{Cluster, Outcome},
};

const FIRST_FACTOR: f64 = 3.0;
const FACTOR: f64 = 2.0;
/// A probe that showed this much of what was tried lets the next one try more.
const FURTHER_MIN: f64 = 0.7;
/// A probe that showed less than this above the estimate was in vain.
const GAIN_MIN: f64 = 1.1;
/// No probe for less than this above the estimate.
const GOAL_MIN: f64 = 1.05;
/// Time between series, and round trips.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_RTTS: u32 = 5;
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// Probes in vain are at most this part of the rate in the long run, or one in this time.
const COST: f64 = 0.03;
const COST_MAX: Duration = Duration::from_secs(10);
const PACKET_BYTES: u32 = 1_200;
/// Probes of a series that may fail before it ends.
const FAILURES_MAX: u8 = 3;
/// What a probe takes at least. Where packets get lost it needs more of them, and where they
/// arrive unevenly more time: its ends are off by the jitter.
const LENGTH: Duration = Duration::from_millis(20);
const LENGTH_LOSSY: Duration = Duration::from_millis(40);
const LENGTH_MAX: Duration = Duration::from_millis(100);
const LENGTH_JITTERS: u32 = 4;
const PACKETS_MIN: u32 = 5;
const PACKETS_MIN_LOSSY: u32 = 10;
const LOSSY: f64 = 0.01;
/// A probe of which nothing is sent is given up.
const UNSENT_MAX: Duration = Duration::from_secs(1);
/// Feedback of a probe comes by this and one and a half round trips.
const FEEDBACK_MAX: Duration = Duration::from_millis(250);

/// See the module.
#[derive(Debug)]
pub(super) struct Probing {
    active: Option<Cluster>,
    next_id: u8,
    has_begun: bool,
    /// The series goes on with this rate.
    pending: Option<f64>,
    failures: u8,
    /// When the last series ended.
    ended: Option<Instant>,
    pause: Duration,
    /// So long must pass for the last probe to be a small part of what is sent.
    cost: Duration,
}

/// What probing goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    pub(super) estimate: f64,
    /// The rate beyond which nothing more is wanted.
    pub(super) goal: f64,
    /// What is worth trying after the way was lost: the last proven rate.
    pub(super) proven: f64,
    pub(super) rtt: Duration,
    /// A queue fills or stands.
    pub(super) is_congested: bool,
    pub(super) loss: f64,
    pub(super) jitter: Duration,
}

impl Probing {
    pub(super) const fn new() -> Self {
        Probing {
            active: None,
            next_id: 0,
            has_begun: false,
            pending: None,
            failures: 0,
            ended: None,
            pause: PAUSE_MIN,
            cost: Duration::ZERO,
        }
    }

    pub(super) const fn active_mut(&mut self) -> Option<&mut Cluster> {
        self.active.as_mut()
    }

    /// The next probe, if its time has come.
    pub(super) fn poll(&mut self, now: Instant, situation: &Situation) -> Option<ProbeCluster> {
        if self.active.is_some() || situation.is_congested {
            return None;
        }
        let Situation { estimate, goal, .. } = *situation;
        if goal < estimate * GOAL_MIN {
            self.pending = None;
            return None;
        }
        let wanted = match self.pending {
            Some(rate) => rate,
            None if !self.has_begun => FIRST_FACTOR * estimate,
            None if self.is_due(now, situation.rtt) => {
                (FACTOR * estimate).max(situation.proven.min(2.0 * FACTOR * estimate))
            }
            None => return None,
        };
        let plan = self.plan(wanted.min(goal), situation);
        self.has_begun = true;
        self.pending = None;
        self.active = Some(Cluster::new(plan, now));
        Some(plan)
    }

    /// Lets the next series begin as soon as the least pause allows: more may be there.
    pub(super) const fn encourage(&mut self) {
        self.pause = PAUSE_MIN;
    }

    /// What the probe under way has shown, once that is known; in bits per second.
    pub(super) fn result(&mut self, now: Instant, situation: &Situation) -> Option<f64> {
        let cluster = self.active.as_ref()?;
        if cluster.last_sent().is_none() {
            if now.saturating_duration_since(cluster.began) > UNSENT_MAX {
                self.active = None;
                self.end_series(now);
            }
            return None;
        }
        let deadline = FEEDBACK_MAX + situation.rtt * 3 / 2;
        let plan = cluster.plan;
        match cluster.outcome(now, deadline, situation.loss) {
            Outcome::Open => None,
            Outcome::Failed => {
                self.active = None;
                self.failures += 1;
                if self.failures < FAILURES_MAX {
                    self.pending = Some(plan.rate.as_bps() as f64);
                } else {
                    self.end_series(now);
                }
                None
            }
            Outcome::Shown { rate, is_saturated } => {
                self.active = None;
                self.failures = 0;
                let is_gain = rate > situation.estimate * GAIN_MIN;
                self.pause = if is_gain { PAUSE_MIN } else { (self.pause * 2).min(PAUSE_MAX) };
                let is_further = rate > FURTHER_MIN * plan.rate.as_bps() as f64;
                if is_further && !is_saturated && rate < situation.goal {
                    self.pending = Some(FACTOR * rate);
                } else {
                    self.end_series(now);
                }
                Some(rate)
            }
        }
    }

    fn is_due(&self, now: Instant, rtt: Duration) -> bool {
        let is_vain = self.pause > PAUSE_MIN;
        let cost = if is_vain { self.cost.min(COST_MAX) } else { Duration::ZERO };
        let pause = self.pause.max(rtt * PAUSE_RTTS).max(cost);
        self.ended.is_none_or(|ended| now.saturating_duration_since(ended) >= pause)
    }

    fn end_series(&mut self, now: Instant) {
        self.ended = Some(now);
        self.failures = 0;
    }

    fn plan(&mut self, rate: f64, situation: &Situation) -> ProbeCluster {
        let id = ProbeId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        let rate = Bitrate::from_bps(rate as u64);
        let is_lossy = situation.loss > LOSSY || self.failures > 0;
        let length = if is_lossy { LENGTH_LOSSY } else { LENGTH };
        let length = (length + situation.jitter * LENGTH_JITTERS).min(LENGTH_MAX);
        let packets_min = if is_lossy { PACKETS_MIN_LOSSY } else { PACKETS_MIN };
        let bytes_min = u32::try_from(rate.bytes_in(length)).unwrap_or(u32::MAX);
        let bits = f64::from(bytes_min.max(packets_min * PACKET_BYTES)) * 8.0;
        self.cost = Duration::from_secs_f64((bits / (COST * situation.estimate)).min(1e3));
        ProbeCluster { id, rate, bytes_min, packets_min }
    }
}

#[cfg(test)]
mod tests;
