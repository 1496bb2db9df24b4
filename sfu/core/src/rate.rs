//! Token buckets that are a single time stamp.
//!
//! A bucket is the time at which it will be full again (the generic cell rate algorithm, ITU-T
//! I.371): 8 bytes, one compare and one addition a packet, and no timer that refills it.

use protocol::Instant;

/// What a bucket lets through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Microseconds that one packet costs.
    interval_us: u64,
    /// Microseconds that may be owed.
    tolerance_us: u64,
}

impl Rate {
    /// `per_second` in the long run, and `burst` at once after a rest.
    pub(crate) const fn new(per_second: u64, burst: u64) -> Self {
        // Rounded up, so that the rate in the long run is never above what is named.
        let interval_us = 1_000_000_u64.div_ceil(per_second);
        Rate { interval_us, tolerance_us: (burst - 1) * interval_us }
    }
}

/// One sender's use of a [`Rate`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    full_at_us: u64,
}

impl Bucket {
    /// Takes one packet's worth; `false` if the bucket is empty.
    pub(crate) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        let now_us = now.as_micros();
        let full_at_us = self.full_at_us.max(now_us);
        if full_at_us - now_us > rate.tolerance_us {
            return false;
        }
        self.full_at_us = full_at_us + rate.interval_us;
        true
    }
}

#[cfg(test)]
mod tests;
