//! Counts of durations in buckets of 3 %, so that a percentile of millions costs 3 KiB.

use protocol::Duration;
use serde::{Deserialize, Serialize};

/// Buckets per doubling, as a power of two: 1/32 is 3 %.
const PRECISION: u32 = 5;

/// Durations from here on, 67 s, share the last bucket.
const DOUBLINGS: u32 = 26;

const BUCKETS: usize = ((DOUBLINGS - PRECISION + 1) << PRECISION) as usize;

/// A histogram of durations in microseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u32]>,
    total: u64,
    longest: Duration,
}

/// What a report says of a histogram, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many there were.
    pub count: u64,
    /// The median.
    pub p50: f64,
    /// 99 of 100 were no longer.
    pub p99: f64,
    /// 999 of 1 000 were no longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Histogram {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Histogram { counts: vec![0; BUCKETS].into(), total: 0, longest: Duration::ZERO }
    }

    /// Counts one.
    pub fn record(&mut self, duration: Duration) {
        let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
        self.counts[bucket(micros)] += 1;
        self.total += 1;
        self.longest = self.longest.max(duration);
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Histogram) {
        for (own, others) in self.counts.iter_mut().zip(&other.counts) {
            *own += others;
        }
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The duration that `share` of all do not exceed, to 3 %; zero if there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Duration::from_micros(upper_end(place)).min(self.longest);
            }
        }
        Duration::ZERO
    }

    /// What a report says of it.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        let millis = |duration: Duration| duration.as_secs_f64() * 1_000.0;
        Percentiles {
            count: self.total,
            p50: millis(self.quantile(0.5)),
            p99: millis(self.quantile(0.99)),
            p999: millis(self.quantile(0.999)),
            max: millis(self.longest),
        }
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// Linear up to 32 µs; above, the top five bits behind the leading one name the bucket.
fn bucket(micros: u32) -> usize {
    let magnitude = micros.checked_ilog2().unwrap_or(0);
    if magnitude < PRECISION {
        return micros as usize;
    }
    let shift = magnitude - PRECISION;
    let place = ((shift as usize) << PRECISION) + (micros >> shift) as usize;
    place.min(BUCKETS - 1)
}

/// The longest duration of a bucket, in microseconds.
fn upper_end(place: usize) -> u64 {
    let row = place >> PRECISION;
    if row == 0 {
        return place as u64;
    }
    let shift = row - 1;
    (((place - (shift << PRECISION)) as u64 + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_its_bucket_and_within_3_percent_of_its_end() {
        let mut last = 0;
        for micros in (0..100_000).chain((17..26).map(|bits| (1 << bits) - 1)) {
            let place = bucket(micros);
            assert!(place >= last, "{micros} µs");
            last = place;
            let end = upper_end(place);
            assert!(u64::from(micros) <= end, "{micros} µs lie behind {end}");
            assert!(end as f64 <= f64::from(micros) * 1.032, "{micros} µs count as {end}");
        }
        assert_eq!(bucket(u32::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded_in_both_halves() {
        let mut halves = [Histogram::new(), Histogram::new()];
        for n in 1..=1_000_u64 {
            halves[(n % 2) as usize].record(Duration::from_micros(10 * n));
        }
        let [mut all, other] = halves;
        all.merge(&other);
        let Percentiles { count, p50, p99, p999, max } = all.percentiles();
        assert_eq!((count, max), (1_000, 10.0));
        for (found, exact) in [(p50, 5.0), (p99, 9.9), (p999, 9.99)] {
            assert!((exact..exact * 1.032).contains(&found), "{found} for {exact}");
        }
    }

    #[test]
    fn nothing_recorded_is_no_time() {
        assert_eq!(Histogram::new().percentiles(), Percentiles::default());
    }
}
