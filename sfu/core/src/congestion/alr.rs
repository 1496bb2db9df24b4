//! Whether the sender, and not the way, is what limits (application limited region).
//!
//! A budget of 500 ms at 65 % of the estimate fills with time and empties with what is sent
//! (libwebrtc `alr_detector.cc` and `interval_budget.cc`).

use protocol::{Duration, Instant};

const USAGE: f64 = 0.65;
const WINDOW_S: f64 = 0.5;
const START_LEVEL: f64 = 0.8;
const STOP_LEVEL: f64 = 0.5;
/// A pause counts for no more than this.
const STEP_MAX: Duration = Duration::from_secs(1);
/// [`super::throughput`] measures over so long.
const REMEMBERED: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Alr {
    /// Bits that could have been sent, −1 to 1 window's worth.
    budget: f64,
    last: Option<Instant>,
    is_limited: bool,
    /// When that was last so.
    limited_at: Option<Instant>,
}

impl Alr {
    /// The sender limits.
    pub(super) const fn is_limited(&self) -> bool {
        self.is_limited
    }

    /// The sender has limited within the time over which what arrives is measured, so that says
    /// less than the way carries.
    pub(super) fn was_limited(&self, now: Instant) -> bool {
        self.limited_at.is_some_and(|at| now.saturating_duration_since(at) < REMEMBERED)
    }

    /// Notes `bytes` of media while `target` could have been sent.
    pub(super) fn sent(&mut self, now: Instant, bytes: usize, target: f64) {
        self.pass(now, target);
        let window = target * USAGE * WINDOW_S;
        self.budget = (self.budget - bytes as f64 * 8.0).clamp(-window, window);
        self.decide(now, window);
    }

    /// Lets time pass in which nothing is sent.
    pub(super) fn pass(&mut self, now: Instant, target: f64) {
        let Some(last) = self.last.replace(now) else { return };
        let step = now.saturating_duration_since(last).min(STEP_MAX);
        let window = target * USAGE * WINDOW_S;
        self.budget += target * USAGE * step.as_secs_f64();
        self.budget = self.budget.clamp(-window, window);
        self.decide(now, window);
    }

    fn decide(&mut self, now: Instant, window: f64) {
        let level = if window > 0.0 { self.budget / window } else { 0.0 };
        if level > START_LEVEL {
            self.is_limited = true;
        } else if level < STOP_LEVEL {
            self.is_limited = false;
        }
        if self.is_limited {
            self.limited_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests;
