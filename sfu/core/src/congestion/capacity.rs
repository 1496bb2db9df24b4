//! What the way seems to carry: a mean of the rates at which queues filled, and how sure it is
//! (libwebrtc `link_capacity_estimator.cc`).

/// Weight of a rate seen while a queue filled.
const WEIGHT: f64 = 0.05;
/// Bounds of the variance, as kb/s² per kb/s: 14 and 35 kb/s at 500 kb/s.
const VARIANCE_MIN: f64 = 0.4;
const VARIANCE_MAX: f64 = 2.5;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkCapacity {
    kbps: Option<f64>,
    variance: f64,
}

impl Default for LinkCapacity {
    fn default() -> Self {
        LinkCapacity { kbps: None, variance: VARIANCE_MIN }
    }
}

impl LinkCapacity {
    /// Bits per second.
    pub(super) fn rate(&self) -> Option<f64> {
        self.kbps.map(|kbps| kbps * 1e3)
    }

    /// Takes the rate that arrived while a queue filled.
    pub(super) fn add(&mut self, rate: f64) {
        let sample = rate / 1e3;
        let kbps = self.kbps.map_or(sample, |kbps| (1.0 - WEIGHT) * kbps + WEIGHT * sample);
        let error = kbps - sample;
        let variance = (1.0 - WEIGHT) * self.variance + WEIGHT * error * error / kbps.max(1.0);
        self.variance = variance.clamp(VARIANCE_MIN, VARIANCE_MAX);
        self.kbps = Some(kbps);
    }

    /// Forgets it: the way has changed.
    pub(super) const fn reset(&mut self) {
        self.kbps = None;
    }

    /// Whether `rate` cannot come from the way that was seen.
    pub(super) fn excludes(&self, rate: f64) -> bool {
        self.is_below(rate) || self.is_above(rate)
    }

    /// Whether `rate` is more than the way that was seen could carry.
    pub(super) fn is_below(&self, rate: f64) -> bool {
        self.kbps.is_some_and(|kbps| rate / 1e3 > kbps + 3.0 * self.deviation(kbps))
    }

    fn is_above(&self, rate: f64) -> bool {
        self.kbps.is_some_and(|kbps| rate / 1e3 < kbps - 3.0 * self.deviation(kbps))
    }

    fn deviation(&self, kbps: f64) -> f64 {
        (self.variance * kbps).sqrt()
    }
}

#[cfg(test)]
mod tests;
