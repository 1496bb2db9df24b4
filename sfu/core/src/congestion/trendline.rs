//! Whether the delay grows: a line through the last 20 groups, and a threshold that adapts.
//!
//! The slope is an estimate of (rate − capacity) ÷ capacity while a queue fills (libwebrtc
//! `trendline_estimator.cc`; draft-ietf-rmcat-gcc-02 §5.3 and §5.4).

use super::grouping::Deltas;

const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
const THRESHOLD_GAIN: f64 = 4.0;
const THRESHOLD_START_MS: f64 = 12.5;
const THRESHOLD_MIN_MS: f64 = 6.0;
const THRESHOLD_MAX_MS: f64 = 600.0;
const K_UP: f64 = 0.008_7;
const K_DOWN: f64 = 0.039;
/// A slope further above the threshold is a spike, to which the threshold does not adapt.
const ADAPT_MAX_MS: f64 = 15.0;
const ADAPT_STEP_MAX_MS: f64 = 100.0;
const OVERUSE_TIME_MS: f64 = 10.0;
/// From how many groups on a slope counts in full.
const DELTAS_FULL: u32 = 60;

/// What the delay says about the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Usage {
    /// The delay falls: a queue empties.
    Underuse,
    /// The delay stays.
    #[default]
    Normal,
    /// The delay grows: a queue fills.
    Overuse,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Trendline {
    /// (arrival, smoothed delay), in ms since the first group; a ring.
    points: [(f64, f64); WINDOW],
    count: u32,
    first_us: i64,
    accumulated_ms: f64,
    smoothed_ms: f64,
    previous_slope: f64,
    threshold_ms: f64,
    threshold_at_ms: f64,
    /// For how long, and by how many groups, the slope has been above the threshold.
    over: Option<(f64, u32)>,
    usage: Usage,
}

impl Default for Trendline {
    fn default() -> Self {
        Trendline {
            points: [(0.0, 0.0); WINDOW],
            count: 0,
            first_us: 0,
            accumulated_ms: 0.0,
            smoothed_ms: 0.0,
            previous_slope: 0.0,
            threshold_ms: THRESHOLD_START_MS,
            threshold_at_ms: 0.0,
            over: None,
            usage: Usage::Normal,
        }
    }
}

impl Trendline {
    pub(super) const fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn add(&mut self, deltas: Deltas) {
        if self.count == 0 {
            self.first_us = deltas.at_us;
        }
        let sent_ms = deltas.sent_us as f64 / 1e3;
        self.accumulated_ms += deltas.arrived_us as f64 / 1e3 - sent_ms;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.accumulated_ms;
        let at_ms = (deltas.at_us - self.first_us) as f64 / 1e3;
        self.points[self.count as usize % WINDOW] = (at_ms, self.smoothed_ms);
        self.count = self.count.saturating_add(1);
        let is_full = self.count as usize >= WINDOW;
        let slope = if is_full { self.slope() } else { None }.unwrap_or(self.previous_slope);
        self.detect(slope, sent_ms, at_ms);
    }

    /// Least squares; `None` if all arrived at once.
    fn slope(&self) -> Option<f64> {
        let n = WINDOW as f64;
        let mean = |pick: fn(&(f64, f64)) -> f64| self.points.iter().map(pick).sum::<f64>() / n;
        let (x_mean, y_mean) = (mean(|it| it.0), mean(|it| it.1));
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (x, y) in &self.points {
            covariance += (x - x_mean) * (y - y_mean);
            variance += (x - x_mean) * (x - x_mean);
        }
        (variance > 0.0).then(|| covariance / variance)
    }

    fn detect(&mut self, slope: f64, sent_ms: f64, at_ms: f64) {
        if self.count < 2 {
            return;
        }
        let trend_ms = f64::from(self.count.min(DELTAS_FULL)) * slope * THRESHOLD_GAIN;
        if trend_ms > self.threshold_ms {
            // Of the time since the last group, half is taken to have been overuse at first.
            let (time, groups) =
                self.over.map_or((sent_ms / 2.0, 1), |(t, n)| (t + sent_ms, n + 1));
            self.over = Some((time, groups));
            if time > OVERUSE_TIME_MS && groups > 1 && slope >= self.previous_slope {
                self.over = Some((0.0, 0));
                self.usage = Usage::Overuse;
            }
        } else {
            self.over = None;
            self.usage =
                if trend_ms < -self.threshold_ms { Usage::Underuse } else { Usage::Normal };
        }
        self.previous_slope = slope;
        self.adapt(trend_ms, at_ms);
    }

    /// Lets the threshold follow what is usual on this way, so that jitter is no overuse.
    fn adapt(&mut self, trend_ms: f64, at_ms: f64) {
        let step_ms = (at_ms - self.threshold_at_ms).clamp(0.0, ADAPT_STEP_MAX_MS);
        self.threshold_at_ms = at_ms;
        let size = trend_ms.abs();
        if size > self.threshold_ms + ADAPT_MAX_MS {
            return;
        }
        let k = if size < self.threshold_ms { K_DOWN } else { K_UP };
        let threshold_ms = self.threshold_ms + k * (size - self.threshold_ms) * step_ms;
        self.threshold_ms = threshold_ms.clamp(THRESHOLD_MIN_MS, THRESHOLD_MAX_MS);
    }
}

#[cfg(test)]
mod tests;
