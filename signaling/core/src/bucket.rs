//! A token bucket in whole numbers: what may be done at once, and how fast it may be done again.

use protocol::{Duration, Instant};

/// How much a bucket holds and how it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Tokens of a full bucket.
    pub(crate) burst: u32,
    /// Tokens that come back.
    pub(crate) per_minute: u32,
}

/// Tokens left at a moment. A new bucket is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// In parts of a token; a microsecond brings back `per_minute` parts.
    parts: u64,
    updated: Instant,
}

/// Parts of a token: microseconds in a minute.
const PARTS: u64 = 60_000_000;

impl Bucket {
    pub(crate) fn new(now: Instant, rate: Rate) -> Self {
        Bucket { rate, parts: u64::from(rate.burst) * PARTS, updated: now }
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.refill(now);
        match self.parts.checked_sub(PARTS) {
            Some(rest) => {
                self.parts = rest;
                true
            }
            None => false,
        }
    }

    pub(crate) fn is_empty(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.parts < PARTS
    }

    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.parts == self.capacity()
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.updated).as_micros();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let gained = elapsed.saturating_mul(u64::from(self.rate.per_minute));
        self.parts = self.parts.saturating_add(gained).min(self.capacity());
        self.updated = self.updated.max(now);
    }

    fn capacity(&self) -> u64 {
        u64::from(self.rate.burst) * PARTS
    }
}

/// What becomes of one more message of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is heard.
    Hear,
    /// It is answered `too_fast`.
    Refuse,
    /// It is answered `too_fast` and the socket is closed.
    Close,
}

/// How fast a client talks: commands within the limit, and patience for those over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandMeter {
    commands: Bucket,
    patience: Bucket,
}

impl CommandMeter {
    pub(crate) fn new(now: Instant, limits: &crate::Limits) -> Self {
        let per_minute = limits.commands_per_second.saturating_mul(60);
        let rate = |burst| Rate { burst, per_minute };
        CommandMeter {
            commands: Bucket::new(now, rate(limits.command_burst)),
            patience: Bucket::new(now, rate(limits.too_fast_burst)),
        }
    }

    pub(crate) fn handle_message(&mut self, now: Instant) -> Verdict {
        match (self.commands.take(now), self.patience.is_empty(now)) {
            (true, _) => Verdict::Hear,
            (false, true) => Verdict::Close,
            (false, false) => {
                self.patience.take(now);
                Verdict::Refuse
            }
        }
    }
}

/// When a full table of buckets was last looked through for those that say nothing any more: it
/// takes time, so not for every newcomer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sweeps {
    last: Option<Instant>,
}

const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl Sweeps {
    /// Whether it is time; it is then taken as done.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let is_early =
            self.last.is_some_and(|last| now.saturating_duration_since(last) < SWEEP_INTERVAL);
        if !is_early {
            self.last = Some(now);
        }
        !is_early
    }
}

#[cfg(test)]
mod tests;
