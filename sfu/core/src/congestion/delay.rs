//! What delay says: groups, trend, queue and rate control together.
//!
//! Overuse counts only while packets really wait, so jitter alone lowers nothing, and longer from
//! one moment to the next, so a way that has become longer lowers nothing either; a queue that
//! stands without growing, which no slope can show, counts too (see [`standing`](super::standing));
//! and what stands in the queue is drained by pacing, not by a lower estimate.

use protocol::{Duration, Instant};

use super::{
    aimd::{Aimd, Sight},
    grouping::{Grouped, Grouping},
    queueing::Queueing,
    standing::{self, STANDS, Standing, Verdict},
    trendline::{Trendline, Usage},
};

/// Waiting that confirms a slope; or one packet's time at the present rate if that is more.
const CONFIRMS_US: f64 = 10_000.0;
/// The same while the sender limits, or a probe has just filled the queue itself.
const CONFIRMS_LIMITED_US: f64 = 50_000.0;
/// What waits so long, and ever longer, has kept the line busy while it arrived.
const BUSY_US: i64 = 100_000;
/// Waiting above which nothing grows.
const HOLDS_US: f64 = 15_000.0;
/// The rate is lowered if it is below this part of what it was while nothing waited; and waiting is
/// tried by pacing no more than this.
const LOWERED: f64 = 0.8;
/// A queue is to be gone in this time…
const DRAIN_TIME_US: f64 = 500_000.0;
/// … but this part of the rate is always sent.
const DRAIN_MIN: f64 = 0.3;
const PACKET_BITS: f64 = 1_200.0 * 8.0;

/// See the module.
#[derive(Debug)]
pub(super) struct DelayBased {
    grouping: Grouping,
    trendline: Trendline,
    queueing: Queueing,
    pub(super) aimd: Aimd,
    standing: Standing,
    /// The rate while nothing waited.
    calm_rate: f64,
    /// Feedback to a probe came until here: its own queue is no overuse.
    probe_until: Option<Instant>,
    usage: Usage,
}

/// What the rest of the estimator knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) throughput: Option<f64>,
    pub(super) recent: Option<f64>,
    pub(super) is_limited: bool,
    /// It has been limited while `throughput` was measured.
    pub(super) was_limited: bool,
    pub(super) rtt: Duration,
    /// The loss is more than the way's own.
    pub(super) is_losing: bool,
}

impl DelayBased {
    pub(super) fn new(start: f64, min: f64, max: f64) -> Self {
        DelayBased {
            grouping: Grouping::default(),
            trendline: Trendline::default(),
            queueing: Queueing::default(),
            aimd: Aimd::new(start, min, max),
            standing: Standing::default(),
            calm_rate: start,
            probe_until: None,
            usage: Usage::Normal,
        }
    }

    /// Feedback begins; `true` if all that was known about delay is worth nothing.
    pub(super) fn hear(&mut self, now: Instant) -> bool {
        let is_stale = self.grouping.hear(now);
        if is_stale {
            self.reset();
        }
        is_stale
    }

    /// Takes a packet that arrived; `false` if the receiver's clock has jumped.
    pub(super) fn add(&mut self, now: Instant, sent: Instant, arrived_us: i64) -> bool {
        self.queueing.add(sent.as_micros() as i64, arrived_us);
        match self.grouping.add(now, sent, arrived_us) {
            Grouped::Open => true,
            Grouped::Complete(deltas) => {
                self.trendline.add(deltas);
                true
            }
            Grouped::Reset => {
                self.reset();
                false
            }
        }
    }

    /// A packet of a probe was reported.
    pub(super) fn note_probe(&mut self, now: Instant, rtt: Duration) {
        self.probe_until = Some(now + rtt + STANDS);
    }

    /// Lets the rate follow; `true` if it was lowered.
    pub(super) fn update(&mut self, now: Instant, context: &Context) -> bool {
        if !self.waits_longer_than(CONFIRMS_US) {
            self.calm_rate = self.aimd.rate();
        }
        let usage = self.confirmed_usage(now, context);
        self.usage = usage;
        let sight = Sight {
            usage,
            throughput: context.throughput,
            recent: context.recent,
            is_limited: context.is_limited,
            was_limited: context.was_limited,
            is_busy: self.queueing.rising_us() > BUSY_US,
            is_held: self.waits_longer_than(HOLDS_US),
            rtt: context.rtt,
        };
        self.aimd.update(now, &sight)
    }

    pub(super) const fn usage(&self) -> Usage {
        self.usage
    }

    /// How long the packets that arrived last have waited.
    pub(super) fn queue(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.queueing.delay_us()).unwrap_or(0))
    }

    /// How much the delay of one packet differs from that of the next.
    pub(super) fn jitter(&self) -> Duration {
        Duration::from_micros(self.queueing.jitter_us() as u64)
    }

    /// The queue is as good as empty.
    pub(super) fn is_drained(&self) -> bool {
        !self.waits_longer_than(CONFIRMS_US)
    }

    /// Which part of the rate may be sent, so that the queue goes.
    pub(super) fn drain(&self) -> f64 {
        if !self.waits_longer_than(HOLDS_US) {
            return 1.0;
        }
        let drain = (1.0 - self.queueing.delay_us() as f64 / DRAIN_TIME_US).max(DRAIN_MIN);
        if self.standing.is_on_trial() { drain.min(LOWERED) } else { drain }
    }

    fn confirmed_usage(&mut self, now: Instant, context: &Context) -> Usage {
        let is_probed = self.probe_until.is_some_and(|until| now < until);
        let is_weak = (context.is_limited || is_probed) && !context.is_losing;
        let confirms_us = if is_weak { CONFIRMS_LIMITED_US } else { CONFIRMS_US };
        let is_standing = self.is_standing(now, context) && !is_probed;
        let mut rising_us = self.queueing.rising_us();
        if context.is_losing {
            rising_us = rising_us.max(self.queueing.delay_us());
        }
        match self.trendline.usage() {
            Usage::Overuse if self.is_longer(rising_us, confirms_us) => Usage::Overuse,
            Usage::Overuse | Usage::Normal if is_standing => Usage::Overuse,
            Usage::Overuse | Usage::Normal => Usage::Normal,
            Usage::Underuse => Usage::Underuse,
        }
    }

    fn is_standing(&mut self, now: Instant, context: &Context) -> bool {
        let sight = standing::Sight {
            delay_us: self.queueing.delay_us(),
            jitter_us: self.queueing.jitter_us() as i64,
            rtt: context.rtt,
            is_lowered: self.aimd.rate() < LOWERED * self.calm_rate,
            is_losing: context.is_losing,
        };
        match self.standing.judge(now, &sight) {
            Verdict::Open => false,
            // On a thin line a single packet takes as long.
            Verdict::Stands => self.waits_longer_than(0.0),
            Verdict::Own => {
                self.queueing.rebase();
                self.aimd.set(now, self.calm_rate.max(self.aimd.rate()));
                false
            }
            Verdict::Lasting => {
                self.queueing.rebase();
                false
            }
        }
    }

    /// Whether packets wait longer than `limit_us` and than one takes at the present rate.
    fn waits_longer_than(&self, limit_us: f64) -> bool {
        self.is_longer(self.queueing.delay_us(), limit_us)
    }

    fn is_longer(&self, wait_us: i64, limit_us: f64) -> bool {
        let packet_us = PACKET_BITS * 1e6 / self.aimd.rate();
        wait_us as f64 > limit_us.max(packet_us)
    }

    fn reset(&mut self) {
        self.trendline = Trendline::default();
        self.queueing = Queueing::default();
        self.standing = Standing::default();
    }
}
