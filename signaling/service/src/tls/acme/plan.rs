//! When to ask the authority: renewal at two thirds of a certificate's life, patience after
//! failures, and a bound on attempts that outlives restarts.
//!
//! It is told the time and draws no lots: `spread`, between 0 and 1, comes from the caller and
//! differs from site to site, so that not all of them come in the same minute. Bounded by
//! [`ATTEMPTS_PER_HOUR_MAX`]. Tests: `plan/tests.rs`.

use std::time::{Duration, SystemTime};

/// Let's Encrypt forgives 5 failed validations an hour for each name and account; one is left to
/// whoever tries by hand.
pub(super) const ATTEMPTS_PER_HOUR_MAX: usize = 4;

/// The first wait after a failure; each further one is twice as long.
const PATIENCE_MIN: Duration = Duration::from_secs(120);

/// The longest wait after a failure that names no time itself: with 90 days, the last third holds
/// 180 attempts.
const PATIENCE_MAX: Duration = Duration::from_secs(4 * 3600);

/// The longest wait that an authority is believed to ask for: Let's Encrypt counts a week at most.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

const HOUR: Duration = Duration::from_secs(3600);

/// The life of the certificate in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) begins: SystemTime,
    pub(super) length: Duration,
    /// Whether it is what the configuration asks for: its names, its authority.
    pub(super) is_wanted: bool,
}

/// What has been tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// Attempts of the last hour, the oldest first; [`ATTEMPTS_PER_HOUR_MAX`] at most.
    attempts: Vec<SystemTime>,
    /// In a row.
    failures: u32,
    /// Before this the authority wants to hear nothing.
    asked_to_wait_until: Option<SystemTime>,
    last_success: Option<SystemTime>,
}

/// When the next attempt is due; it may lie in the past.
pub(super) fn next_attempt(
    now: SystemTime,
    life: Option<Life>,
    history: &History,
    spread: f64,
) -> SystemTime {
    let spread = spread.clamp(0.0, 1.0);
    let due = match life {
        // At two thirds of its life, and up to a thirtieth of it earlier.
        Some(life) if life.is_wanted => {
            let due = life.begins + life.length.mul_f64(2.0 / 3.0 - spread / 30.0);
            // With a clock that is off, a fresh certificate looks old: it is not renewed at once,
            // again and again.
            let rested = history.success_before(now).map(|at| at + life.length / 2);
            rested.map_or(due, |rested| due.max(rested))
        }
        Some(_) | None => now,
    };
    due.max(history.earliest(now, life, spread))
}

impl History {
    /// From what was kept over a restart. A person may have mended what failed, so the waits begin
    /// anew; the bound on attempts and the authority's wish stay.
    pub(super) fn restored(
        attempts: Vec<SystemTime>,
        asked_to_wait_until: Option<SystemTime>,
        last_success: Option<SystemTime>,
    ) -> Self {
        History { attempts, failures: 0, asked_to_wait_until, last_success }
    }

    pub(super) fn attempts(&self) -> &[SystemTime] {
        &self.attempts
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn asked_to_wait_until(&self) -> Option<SystemTime> {
        self.asked_to_wait_until
    }

    pub(super) fn last_success(&self) -> Option<SystemTime> {
        self.last_success
    }

    /// To be kept before the authority hears anything.
    pub(super) fn begin(&mut self, now: SystemTime) {
        // What lies in the future was written by a clock that has been set back since.
        self.attempts.retain(|at| now.duration_since(*at).is_ok_and(|age| age < HOUR));
        if self.attempts.len() >= ATTEMPTS_PER_HOUR_MAX {
            self.attempts.remove(0);
        }
        self.attempts.push(now);
    }

    pub(super) fn succeed(&mut self, now: SystemTime) {
        self.failures = 0;
        self.asked_to_wait_until = None;
        self.last_success = Some(now);
    }

    /// `retry_after` is what the authority asks for, if it does.
    pub(super) fn fail(&mut self, now: SystemTime, retry_after: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        self.asked_to_wait_until = retry_after.map(|wait| now + wait.min(RETRY_AFTER_MAX));
    }

    /// Before this nothing is asked, however urgent.
    fn earliest(&self, now: SystemTime, life: Option<Life>, spread: f64) -> SystemTime {
        let patient = match self.attempts.iter().filter(|at| **at <= now).max() {
            Some(last) if self.failures > 0 => *last + self.patience(life, spread),
            Some(_) | None => now,
        };
        let recent = self.attempts.iter().filter(|at| **at <= now && **at + HOUR > now);
        let is_full = recent.clone().count() >= ATTEMPTS_PER_HOUR_MAX;
        let bounded = recent.min().filter(|_| is_full).map_or(now, |oldest| *oldest + HOUR);
        // A wish for longer than it can be was written by a clock that has been set back since.
        let asked = self.asked_to_wait_until.filter(|until| *until <= now + RETRY_AFTER_MAX);
        patient.max(bounded).max(asked.unwrap_or(now))
    }

    /// How long to wait after the last failure: less for certificates that live less, and a quarter
    /// more or less from site to site.
    fn patience(&self, life: Option<Life>, spread: f64) -> Duration {
        let (shortest, longest) = match life {
            Some(life) => (PATIENCE_MIN.min(life.length / 500), PATIENCE_MAX.min(life.length / 24)),
            None => (PATIENCE_MIN, PATIENCE_MAX),
        };
        let doublings = self.failures.saturating_sub(1).min(16);
        let patience = shortest.saturating_mul(1 << doublings).min(longest);
        patience.mul_f64(0.75 + spread / 2.0)
    }

    fn success_before(&self, now: SystemTime) -> Option<SystemTime> {
        self.last_success.filter(|at| *at <= now)
    }
}

#[cfg(test)]
mod tests;
