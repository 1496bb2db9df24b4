//! The rate that delay allows: up by steps while it stays, down to what arrives when it grows
//! (libwebrtc `aimd_rate_control.cc`; draft-ietf-rmcat-gcc-02 §5.5).

use protocol::{Duration, Instant};

use super::{capacity::LinkCapacity, trendline::Usage};

/// What is kept of the rate that arrives when a queue fills.
const BACK_OFF: f64 = 0.9;
/// What is kept for each decrease while the sender limits: what arrives says nothing about the
/// way then.
const BACK_OFF_LIMITED: f64 = 0.7;
const GROWTH_PER_SECOND: f64 = 1.08;
const GROWTH_MIN_BPS: f64 = 1_000.0;
const ADDITIVE_MIN_BPS_PER_SECOND: f64 = 4_000.0;
/// The estimate runs ahead of what arrives by no more than this.
const AHEAD_MAX: f64 = 1.05;
const AHEAD_EXTRA_BPS: f64 = 10_000.0;
const PACKET_BITS: f64 = 1_200.0 * 8.0;
const FRAMES_PER_SECOND: f64 = 30.0;
const REDUCTION_INTERVAL_MIN: Duration = Duration::from_millis(10);
const REDUCTION_INTERVAL_MAX: Duration = Duration::from_millis(200);
/// Time from a queue's beginning to its detection, beside the round trip.
const DETECTION: Duration = Duration::from_millis(100);

/// What one feedback message has shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) usage: Usage,
    /// What arrives, in bits per second.
    pub(super) throughput: Option<f64>,
    /// What arrived in the last moment.
    pub(super) recent: Option<f64>,
    /// The sender sends less than it may.
    pub(super) is_limited: bool,
    /// It has done so while `throughput` was measured.
    pub(super) was_limited: bool,
    /// The line has been full for long enough that what arrives is what it carries, whatever the
    /// sender could have sent.
    pub(super) is_busy: bool,
    /// Nothing may grow: a queue stands.
    pub(super) is_held: bool,
    pub(super) rtt: Duration,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Aimd {
    rate: f64,
    min: f64,
    max: f64,
    is_holding: bool,
    capacity: LinkCapacity,
    last_throughput: f64,
    changed: Option<Instant>,
}

impl Aimd {
    pub(super) fn new(start: f64, min: f64, max: f64) -> Self {
        Aimd {
            rate: start,
            min,
            max,
            is_holding: false,
            capacity: LinkCapacity::default(),
            last_throughput: start,
            changed: None,
        }
    }

    /// Bits per second.
    pub(super) const fn rate(&self) -> f64 {
        self.rate
    }

    /// Takes a rate that a probe has shown, or that another part insists on.
    pub(super) fn set(&mut self, now: Instant, rate: f64) {
        if self.capacity.is_below(rate) {
            self.capacity.reset();
        }
        self.rate = rate.clamp(self.min, self.max);
        self.changed = Some(now);
    }

    /// Lets the rate follow; `true` if it was lowered.
    pub(super) fn update(&mut self, now: Instant, sight: &Sight) -> bool {
        if let Some(throughput) = sight.throughput {
            self.last_throughput = throughput;
        }
        match sight.usage {
            Usage::Underuse => self.is_holding = true,
            Usage::Normal if self.is_holding => {
                self.is_holding = false;
                self.changed = Some(now);
            }
            Usage::Normal => self.increase(now, sight),
            Usage::Overuse if self.is_time_to_reduce(now, sight) => {
                return self.decrease(now, sight);
            }
            Usage::Overuse => {}
        }
        false
    }

    fn is_time_to_reduce(&self, now: Instant, sight: &Sight) -> bool {
        let interval = sight.rtt.clamp(REDUCTION_INTERVAL_MIN, REDUCTION_INTERVAL_MAX);
        let Some(changed) = self.changed else { return true };
        let is_low = sight.throughput.is_some_and(|throughput| throughput < self.rate / 2.0);
        now.saturating_duration_since(changed) >= interval || is_low && !sight.is_limited
    }

    fn increase(&mut self, now: Instant, sight: &Sight) {
        let last = self.changed.replace(now).unwrap_or(now);
        if sight.is_limited || sight.is_held {
            return;
        }
        if self.capacity.is_below(self.last_throughput) {
            self.capacity.reset();
        }
        let limit = AHEAD_MAX * self.last_throughput + AHEAD_EXTRA_BPS;
        if self.rate >= limit {
            return;
        }
        let seconds = now.saturating_duration_since(last).as_secs_f64().min(1.0);
        let step = match self.capacity.rate() {
            Some(_) => self.additive_growth(sight.rtt) * seconds,
            None => self.rate * (GROWTH_PER_SECOND.powf(seconds) - 1.0),
        };
        let step = step.max(GROWTH_MIN_BPS * seconds);
        self.rate = (self.rate + step).min(limit).clamp(self.min, self.max);
    }

    /// Bits per second, per second: about half a packet for each response time.
    fn additive_growth(&self, rtt: Duration) -> f64 {
        let frame_bits = self.rate / FRAMES_PER_SECOND;
        let packet_bits = frame_bits / (frame_bits / PACKET_BITS).ceil();
        let response = (rtt + DETECTION).as_secs_f64() * 2.0;
        (packet_bits / response).max(ADDITIVE_MIN_BPS_PER_SECOND)
    }

    fn decrease(&mut self, now: Instant, sight: &Sight) -> bool {
        let is_limited = sight.is_limited || sight.was_limited;
        let recent = sight.recent.unwrap_or(self.last_throughput);
        let arriving = if is_limited { recent } else { recent.min(self.last_throughput) };
        let mut lowered = BACK_OFF * arriving;
        if is_limited && !sight.is_busy {
            lowered = lowered.max(BACK_OFF_LIMITED * self.rate);
        } else {
            if lowered > self.rate {
                lowered = self.capacity.rate().map_or(lowered, |rate| BACK_OFF * rate);
            }
            if self.capacity.excludes(arriving) {
                self.capacity.reset();
            }
            self.capacity.add(arriving);
        }
        let before = self.rate;
        self.rate = lowered.min(self.rate).clamp(self.min, self.max);
        self.is_holding = true;
        self.changed = Some(now);
        self.rate < before
    }
}

#[cfg(test)]
mod tests;
