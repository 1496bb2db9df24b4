//! The estimate for receivers that do not tell packet by packet: loss and round trips of receiver
//! reports, and REMB where it comes (draft-ietf-rmcat-gcc-02 §6; draft-alvestrand-rmcat-remb-03).
//!
//! Nothing is probed. What was sent without loss is proven; beyond that the rate grows by 8 % a
//! second up to the next layer and no further, so that only one layer can be too much. One that
//! does not fit shows itself by loss and a longer way; the rate then falls to what arrived, and
//! the next try waits longer each time. A line on which nearly nothing flows, because nothing fits
//! the rate, is taken to be as at the start again: else nothing would ever be known of it.
//!
//! Tests: `reports/tests.rs`; through the whole in `load-tests/tests/simulation/legacy.rs`.

use protocol::{Duration, Instant};

const LOSS_LOW: f64 = 0.02;
const LOSS_HIGH: f64 = 0.1;
const GROWTH: f64 = 1.08;
const PERIOD: Duration = Duration::from_secs(1);
const PACKETS_MIN: u32 = 20;

/// A REMB older than this says nothing.
const REMB_AGE_MAX: Duration = Duration::from_secs(10);

/// After a loss nothing grows for so long: the layer that did not fit is not tried at once. Each
/// time that it does not fit again the rest is twice as long, up to [`REST_MAX`].
const REST: Duration = Duration::from_secs(8);
const REST_MAX: Duration = Duration::from_secs(32);

/// Packets wait on the way if the round trip is so much above the least one.
const QUEUE: Duration = Duration::from_millis(100);

/// The least round trip is forgotten after this.
const LEAST_AGE_MAX: Duration = Duration::from_secs(60);

/// Of what arrived while packets waited, so much is sent on, so that the queue drains.
const DRAIN: f64 = 0.9;

/// What is sent may run a little ahead of what was counted.
const AHEAD: f64 = 1.05;

/// So little is sent for so long that reports tell nothing.
const IDLE: Duration = Duration::from_secs(4);

/// See the module.
#[derive(Debug)]
pub(super) struct Reports {
    rate: f64,
    start: f64,
    min: f64,
    max: f64,
    remb: Option<(Instant, f64)>,
    lost: u32,
    packets: u32,
    /// Sent since the period began.
    sent_bytes: u64,
    is_heard: bool,
    period_began: Option<Instant>,
    lowered: Option<Instant>,
    rest: Duration,
    round_trip: Duration,
    least: Option<(Instant, Duration)>,
}

impl Reports {
    pub(super) const fn new(start: f64, min: f64, max: f64) -> Self {
        Reports {
            rate: start,
            start,
            min,
            max,
            remb: None,
            lost: 0,
            packets: 0,
            sent_bytes: 0,
            is_heard: false,
            period_began: None,
            lowered: None,
            rest: REST,
            round_trip: Duration::ZERO,
            least: None,
        }
    }

    /// Bits per second.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        self.fresh_remb(now).map_or(self.rate, |remb| self.rate.min(remb)).max(self.min)
    }

    /// Something came from the receiver.
    pub(super) const fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Notes bytes that leave.
    pub(super) const fn sent(&mut self, bytes: usize) {
        self.sent_bytes = self.sent_bytes.saturating_add(bytes as u64);
    }

    /// Takes the receiver's own estimate.
    pub(super) fn remb(&mut self, now: Instant, rate: f64) {
        self.is_heard = true;
        self.remb = Some((now, rate));
    }

    /// Takes a round trip.
    pub(super) fn round_trip(&mut self, now: Instant, round_trip: Duration) {
        self.round_trip = round_trip;
        let is_old = |at| now.saturating_duration_since(at) > LEAST_AGE_MAX;
        if self.least.is_none_or(|(at, least)| round_trip <= least || is_old(at)) {
            self.least = Some((now, round_trip));
        }
    }

    /// Takes a report block: `lost` of `packets`. `next` is the rate that the next layer needs, 0
    /// if nothing more is wanted.
    pub(super) fn loss(&mut self, now: Instant, lost: u32, packets: u32, next: f64) {
        self.is_heard = true;
        let Some(began) = self.period_began else {
            // What was sent before the first report is of no known time.
            (self.period_began, self.sent_bytes) = (Some(now), 0);
            return;
        };
        self.lost = self.lost.saturating_add(lost.min(packets));
        self.packets = self.packets.saturating_add(packets);
        if now.saturating_duration_since(began) < PERIOD || self.packets < PACKETS_MIN {
            return;
        }
        let time = now.saturating_duration_since(began).as_secs_f64();
        let sent = Some(self.sent_bytes as f64 * 8.0 / time).filter(|sent| *sent > 0.0);
        let loss = f64::from(self.lost) / f64::from(self.packets);
        let before = self.rate(now);
        let proven = sent.map_or(before, |sent| before.min(sent * AHEAD));
        self.begin_period(now);
        if self.is_queueing() && loss > LOSS_LOW {
            self.lower(now, proven * (1.0 - loss) * DRAIN);
        } else if loss > LOSS_HIGH {
            self.lower(now, proven * (1.0 - 0.5 * loss));
        } else if loss < LOSS_LOW && !self.rests(now) && !self.is_queueing() {
            let grown = self.rate * GROWTH.powf(time.min(2.0));
            // The receiver measures what it gets: what it allows need not be approached in steps.
            let allowed = self.fresh_remb(now).unwrap_or(grown);
            self.rate = grown.max(allowed).min(next.max(self.rate)).max(sent.unwrap_or(0.0));
        }
        self.rate = self.rate.clamp(self.min, self.max);
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, now: Instant) {
        let Some(began) = self.period_began else { return };
        let time = now.saturating_duration_since(began);
        if time >= IDLE && self.packets < PACKETS_MIN {
            let grown = self.rate * GROWTH.powf(time.as_secs_f64());
            self.rate = grown.min(self.start.max(self.rate));
            self.begin_period(now);
        }
    }

    const fn begin_period(&mut self, now: Instant) {
        (self.lost, self.packets, self.sent_bytes) = (0, 0, 0);
        self.period_began = Some(now);
    }

    fn lower(&mut self, now: Instant, rate: f64) {
        let calm = self.lowered.map(|at| now.saturating_duration_since(at));
        // One that follows at once is of the same try.
        if calm.is_none_or(|calm| calm > self.rest * 4) {
            self.rest = REST;
        } else if calm.is_some_and(|calm| calm >= self.rest) {
            self.rest = (self.rest * 2).min(REST_MAX);
        }
        self.rate = rate;
        self.lowered = Some(now);
    }

    fn rests(&self, now: Instant) -> bool {
        self.lowered.is_some_and(|at| now.saturating_duration_since(at) < self.rest)
    }

    /// Whether packets wait on the way.
    fn is_queueing(&self) -> bool {
        self.least.is_some_and(|(_, least)| self.round_trip > least + QUEUE)
    }

    fn fresh_remb(&self, now: Instant) -> Option<f64> {
        let (at, rate) = self.remb?;
        (now.saturating_duration_since(at) <= REMB_AGE_MAX).then_some(rate)
    }
}

#[cfg(test)]
mod tests;
