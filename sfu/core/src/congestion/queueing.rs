//! How long packets wait on the way: their delay above the least that was seen.
//!
//! The least delay is that of the last 10 to 20 s, so that a drifting clock or another route is
//! forgotten. What is told is the least of the last 200 ms of arrivals: jitter delays some packets,
//! a queue delays all of them.

use std::ops::Range;

/// How long the least delay is remembered at least.
const BASE_PERIOD_US: i64 = 10_000_000;
const BUCKET_US: i64 = 50_000;
const BUCKETS: usize = 4;
/// A line that gets a twentieth too much makes packets wait 5 ms longer in 100.
const RISES_US: i64 = 2_000;
/// The least of several packets is off by less than one is.
const RISES_JITTERS: f64 = 0.5;
/// RFC 3550 §6.4.1 takes the same mean.
const JITTER_WEIGHT: f64 = 1.0 / 16.0;
const JITTER_MAX_US: i64 = 200_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Queueing {
    /// Least one-way delays, with an unknown offset: of this period and of the one before it.
    base_us: Option<(i64, i64)>,
    period_ends_us: i64,
    /// Least delay of each of the last spans of arrivals, and which span that was.
    recent: [Option<(i64, i64)>; BUCKETS],
    last_us: Option<i64>,
    jitter_us: f64,
}

impl Queueing {
    /// Takes a packet that was sent and arrived, each by its own clock.
    pub(super) fn add(&mut self, sent_us: i64, arrived_us: i64) {
        let delay_us = arrived_us - sent_us;
        if let Some(last_us) = self.last_us.replace(delay_us) {
            let step_us = (delay_us - last_us).abs().min(JITTER_MAX_US) as f64;
            self.jitter_us += JITTER_WEIGHT * (step_us - self.jitter_us);
        }
        self.base_us = Some(match self.base_us {
            None => {
                self.period_ends_us = arrived_us + BASE_PERIOD_US;
                (delay_us, delay_us)
            }
            Some((current, _)) if arrived_us >= self.period_ends_us => {
                self.period_ends_us = arrived_us + BASE_PERIOD_US;
                (delay_us, current)
            }
            Some((current, before)) => (current.min(delay_us), before),
        });
        let span = arrived_us.div_euclid(BUCKET_US);
        let bucket = &mut self.recent[span.rem_euclid(BUCKETS as i64) as usize];
        *bucket = Some(match *bucket {
            Some((known, least)) if known == span => (span, least.min(delay_us)),
            Some(_) | None => (span, delay_us),
        });
    }

    /// How long the packets that arrived last have waited.
    pub(super) fn delay_us(&self) -> i64 {
        let least = self.fresh().map(|(_, delay_us)| *delay_us).min();
        least.map_or(0, |least| self.above_base(least))
    }

    /// How long the packets that arrived last have waited, if those of the last 100 ms have waited
    /// longer than those of the 100 ms before: they have come into a queue that fills. What has
    /// waited as long has not, and the way is longer than it was.
    pub(super) fn rising_us(&self) -> i64 {
        let newest = self.newest();
        let least_of = |ages: Range<i64>| {
            let of_age = self.fresh().filter(|(span, _)| ages.contains(&(newest - span)));
            of_age.map(|(_, delay_us)| *delay_us).min()
        };
        let rises = |from: Option<i64>, to: Option<i64>| {
            let limit_us = RISES_US + (self.jitter_us * RISES_JITTERS) as i64;
            from.zip(to).is_some_and(|(from, to)| to - from > limit_us)
        };
        let half = BUCKETS as i64 / 2;
        let after = least_of(0..half);
        if !rises(least_of(half..2 * half), after) {
            return 0;
        }
        // What jumped half of that time ago has risen as well, but rises no more.
        let goes_on = rises(least_of(1..half), least_of(0..1));
        let early_us = after.filter(|_| goes_on).map_or(0, |after| self.above_base(after));
        early_us.max(self.delay_us())
    }

    /// How much the delay of one packet differs from that of the next, on average.
    pub(super) const fn jitter_us(&self) -> f64 {
        self.jitter_us
    }

    fn above_base(&self, delay_us: i64) -> i64 {
        self.base_us.map_or(0, |(current, before)| (delay_us - current.min(before)).max(0))
    }

    /// The spans of the last 200 ms of arrivals.
    fn fresh(&self) -> impl Iterator<Item = &(i64, i64)> {
        let newest = self.newest();
        self.recent.iter().flatten().filter(move |(span, _)| newest - span < BUCKETS as i64)
    }

    fn newest(&self) -> i64 {
        self.recent.iter().flatten().map(|(span, _)| *span).max().unwrap_or(0)
    }

    /// Takes the present delay for the way's own: what was believed a queue does not drain.
    pub(super) fn rebase(&mut self) {
        let delay_us = self.delay_us();
        if let Some((current, before)) = &mut self.base_us {
            let base_us = (*current).min(*before) + delay_us;
            (*current, *before) = (base_us, base_us);
        }
    }
}

#[cfg(test)]
mod tests;
