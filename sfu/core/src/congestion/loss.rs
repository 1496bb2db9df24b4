//! The rate that loss allows: which part of the loss is the way's own, and which comes from
//! sending too much.
//!
//! A way loses a fraction p of what it gets whatever the rate (its *inherent loss*), and all that
//! is above its bandwidth B. Of some candidates for B, each with the p that suits it best, that
//! one is taken under which the losses of the last seconds are most likely, with a bias to much
//! (libwebrtc `loss_based_bwe_v2.cc`). So radio that loses one packet in ten is not taken for a
//! full line, and a line that drops what is above its rate is found without any delay.

use protocol::{Duration, Instant};

const OBSERVATIONS: usize = 15;
const OBSERVATION_MIN: Duration = Duration::from_millis(250);
/// Observations before anything is concluded.
const OBSERVATIONS_MIN: u64 = 3;
/// How much less each older observation counts.
const AGEING: f64 = 0.9;
const CANDIDATE_FACTORS: [f64; 3] = [1.02, 1.0, 0.95];
const CANDIDATES: usize = CANDIDATE_FACTORS.len() + 2;
const INHERENT_START: f64 = 0.01;
const INHERENT_MIN: f64 = 1e-3;
/// The inherent loss is at most this, and more at low rates: BALANCE ÷ rate.
const INHERENT_OFFSET: f64 = 0.08;
const INHERENT_BALANCE_BPS: f64 = 120_000.0;
const NEWTON_STEP: f64 = 0.75;
const BIAS: f64 = 0.000_2;
const BIAS_LOG: f64 = 0.02;
/// Above this loss a high rate is no longer preferred.
const BIAS_LOSS: f64 = 0.2;
const BIAS_SMOOTHING: f64 = 0.002;
/// Whatever the candidates say, a loss above OFFSET allows no more than BALANCE ÷ (loss − OFFSET).
const UPPER_OFFSET: f64 = 0.1;
const UPPER_BALANCE_BPS: f64 = 150_000.0;
/// Growth while loss limits: by this in each window, and this far ahead of what arrives.
const GROWTH_MAX: f64 = 1.3;
const GROWTH_WINDOW: Duration = Duration::from_millis(300);
const AHEAD_MAX: f64 = 1.5;

/// What limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LossState {
    /// Not loss.
    #[default]
    Free,
    /// Loss, and the rate falls or stays.
    Decreasing,
    /// Loss, and the rate grows again.
    Increasing,
}

/// See the module.
#[derive(Debug)]
pub(super) struct LossBased {
    observations: [Observation; OBSERVATIONS],
    count: u64,
    partial: Partial,
    observed_until: Option<Instant>,
    inherent: f64,
    bandwidth: f64,
    average: f64,
    state: LossState,
    limit: f64,
    growth: Option<(Instant, f64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Observation {
    kilobytes: f64,
    lost_kilobytes: f64,
    rate: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Partial {
    bytes: u64,
    lost_bytes: u64,
    first_sent: Option<Instant>,
    last_sent: Instant,
}

/// A guess about the way.
#[derive(Clone, Copy, Debug)]
struct Channel {
    inherent: f64,
    bandwidth: f64,
}

impl LossBased {
    pub(super) fn new(start: f64) -> Self {
        LossBased {
            observations: [Observation::default(); OBSERVATIONS],
            count: 0,
            partial: Partial::default(),
            observed_until: None,
            inherent: INHERENT_START,
            bandwidth: start,
            average: 0.0,
            state: LossState::Free,
            limit: f64::INFINITY,
            growth: None,
        }
    }

    /// Bits per second; infinite while loss does not limit.
    pub(super) const fn limit(&self) -> f64 {
        self.limit
    }

    pub(super) const fn state(&self) -> LossState {
        self.state
    }

    /// The part of the loss that is the way's own.
    pub(super) fn inherent(&self) -> f64 {
        if self.count < OBSERVATIONS_MIN { 0.0 } else { self.inherent.min(self.average) }
    }

    /// The loss of the last seconds.
    pub(super) const fn average(&self) -> f64 {
        self.average
    }

    /// Takes the fate of a packet.
    pub(super) fn add(&mut self, sent: Instant, bytes: u32, is_lost: bool) {
        let partial = &mut self.partial;
        partial.bytes += u64::from(bytes);
        partial.lost_bytes += if is_lost { u64::from(bytes) } else { 0 };
        partial.first_sent = Some(partial.first_sent.map_or(sent, |first| first.min(sent)));
        partial.last_sent = partial.last_sent.max(sent);
    }

    /// A packet that was said to be lost has arrived after all.
    pub(super) fn take_back(&mut self, bytes: u32) {
        self.partial.lost_bytes = self.partial.lost_bytes.saturating_sub(u64::from(bytes));
    }

    /// Begins a new observation: what was lost in an outage says nothing about any rate.
    pub(super) fn skip(&mut self) {
        self.partial = Partial::default();
        self.observed_until = None;
    }

    /// Takes a rate that a probe has shown to arrive.
    pub(super) fn set(&mut self, rate: f64) {
        self.bandwidth = rate;
        self.state = LossState::Free;
        self.limit = f64::INFINITY;
    }

    /// Lets the limit follow, with what delay allows and what arrives.
    pub(super) fn update(&mut self, now: Instant, delay_rate: f64, arriving: Option<f64>) {
        if !self.observe() {
            return;
        }
        if self.count < OBSERVATIONS_MIN {
            self.bandwidth = delay_rate;
            return;
        }
        let best = self.best_candidate(delay_rate, arriving);
        let best = self.bounded_growth(now, best, arriving);
        let upper = self.upper_bound().max(arriving.unwrap_or(0.0) * 0.5);
        let bounded = best.bandwidth.min(upper).min(delay_rate);
        self.inherent = best.inherent;
        let before = self.bandwidth.min(delay_rate);
        self.bandwidth = best.bandwidth.min(upper);
        if bounded >= delay_rate {
            self.state = LossState::Free;
            self.limit = f64::INFINITY;
            self.bandwidth = bounded;
            self.growth = None;
            return;
        }
        self.state = if bounded > before { LossState::Increasing } else { LossState::Decreasing };
        self.limit = bounded;
    }

    /// Closes the observation if it is long enough.
    fn observe(&mut self) -> bool {
        let Some(first_sent) = self.partial.first_sent else { return false };
        let begin = *self.observed_until.get_or_insert(first_sent);
        let time = self.partial.last_sent.saturating_duration_since(begin);
        if time < OBSERVATION_MIN {
            return false;
        }
        let partial = std::mem::take(&mut self.partial);
        self.observed_until = Some(partial.last_sent);
        self.observations[self.count as usize % OBSERVATIONS] = Observation {
            kilobytes: partial.bytes as f64 / 1e3,
            lost_kilobytes: partial.lost_bytes as f64 / 1e3,
            rate: partial.bytes as f64 * 8.0 / time.as_secs_f64(),
        };
        self.count += 1;
        self.average = self.average_loss();
        true
    }

    /// Observations with their weights, the latest first.
    fn weighted(&self) -> impl Iterator<Item = (f64, &Observation)> {
        let known = self.count.min(OBSERVATIONS as u64);
        let latest = (1..=known).map(|age| (self.count - age) as usize % OBSERVATIONS);
        let weights = std::iter::successors(Some(1.0), |weight| Some(weight * AGEING));
        weights.zip(latest.map(|place| &self.observations[place]))
    }

    /// Without the best and the worst observation: a single spike is no loss rate.
    fn average_loss(&self) -> f64 {
        let part = |it: &Observation| it.lost_kilobytes / it.kilobytes.max(f64::MIN_POSITIVE);
        let (mut bytes, mut lost) = (0.0, 0.0);
        let mut least = (f64::INFINITY, 0.0, 0.0);
        let mut most = (f64::NEG_INFINITY, 0.0, 0.0);
        for (weight, it) in self.weighted() {
            let entry = (part(it), weight * it.kilobytes, weight * it.lost_kilobytes);
            (bytes, lost) = (bytes + entry.1, lost + entry.2);
            least = if entry.0 < least.0 { entry } else { least };
            most = if entry.0 > most.0 { entry } else { most };
        }
        let trimmed = bytes - least.1 - most.1;
        if self.count > OBSERVATIONS_MIN && trimmed > 0.0 {
            return ((lost - least.2 - most.2) / trimmed).clamp(0.0, 1.0);
        }
        if bytes > 0.0 { lost / bytes } else { 0.0 }
    }

    fn best_candidate(&self, delay_rate: f64, arriving: Option<f64>) -> Channel {
        let mut bandwidths = [self.bandwidth; CANDIDATES];
        for (bandwidth, factor) in bandwidths.iter_mut().zip(CANDIDATE_FACTORS) {
            *bandwidth *= factor;
        }
        bandwidths[CANDIDATES - 2] = arriving.unwrap_or(self.bandwidth);
        bandwidths[CANDIDATES - 1] = delay_rate.max(self.bandwidth);
        let mut best = (f64::NEG_INFINITY, Channel { inherent: self.inherent, bandwidth: 0.0 });
        for bandwidth in bandwidths {
            let inherent = feasible(self.inherent, bandwidth);
            let channel = self.improved(Channel { inherent, bandwidth });
            let objective = self.objective(channel);
            let is_tie = objective == best.0 && bandwidth > best.1.bandwidth;
            if objective > best.0 || is_tie {
                best = (objective, channel);
            }
        }
        // Loss that the way's own does not explain allows no growth.
        if best.1.bandwidth > self.bandwidth && self.average > feasible(1.0, best.1.bandwidth) {
            best.1.bandwidth = self.bandwidth;
        }
        best.1
    }

    fn bounded_growth(&mut self, now: Instant, best: Channel, arriving: Option<f64>) -> Channel {
        if self.state == LossState::Free || best.bandwidth <= self.bandwidth {
            return best;
        }
        let (since, limit) = *self.growth.get_or_insert((now, self.bandwidth * GROWTH_MAX));
        if now.saturating_duration_since(since) > GROWTH_WINDOW {
            self.growth = Some((now, self.bandwidth * GROWTH_MAX));
        }
        let ahead = arriving.map_or(f64::INFINITY, |arriving| AHEAD_MAX * arriving);
        let bandwidth = best.bandwidth.min(limit).min(ahead).max(self.bandwidth);
        Channel { bandwidth, ..best }
    }

    fn upper_bound(&self) -> f64 {
        let excess = self.average - UPPER_OFFSET;
        if excess > 0.0 { UPPER_BALANCE_BPS / excess } else { f64::INFINITY }
    }

    /// One step of Newton's method towards the inherent loss that suits the bandwidth best.
    fn improved(&self, channel: Channel) -> Channel {
        let (mut first, mut second) = (0.0, 0.0);
        for (weight, it) in self.weighted() {
            let p = loss_probability(channel, it.rate);
            let received = it.kilobytes - it.lost_kilobytes;
            first += weight * (it.lost_kilobytes / p - received / (1.0 - p));
            second -= weight * (it.lost_kilobytes / (p * p) + received / ((1.0 - p) * (1.0 - p)));
        }
        if second >= 0.0 {
            return channel;
        }
        let inherent = channel.inherent - NEWTON_STEP * first / second;
        Channel { inherent: feasible(inherent, channel.bandwidth), ..channel }
    }

    /// The logarithm of how likely the losses are, and the bias.
    fn objective(&self, channel: Channel) -> f64 {
        let kbps = channel.bandwidth / 1e3;
        let distance = BIAS_LOSS - self.average;
        let preference = distance / (BIAS_SMOOTHING + distance.abs());
        let bias = preference * (BIAS * kbps + BIAS_LOG * kbps.ln_1p());
        let terms = self.weighted().map(|(weight, it)| {
            let p = loss_probability(channel, it.rate);
            let received = it.kilobytes - it.lost_kilobytes;
            weight * (it.lost_kilobytes * p.ln() + received * (1.0 - p).ln() + bias * it.kilobytes)
        });
        terms.sum()
    }
}

fn loss_probability(channel: Channel, rate: f64) -> f64 {
    let excess = if rate > channel.bandwidth { (rate - channel.bandwidth) / rate } else { 0.0 };
    (channel.inherent + (1.0 - channel.inherent) * excess).clamp(1e-6, 1.0 - 1e-6)
}

fn feasible(inherent: f64, bandwidth: f64) -> f64 {
    let upper = INHERENT_OFFSET + INHERENT_BALANCE_BPS / bandwidth.max(1.0);
    inherent.clamp(INHERENT_MIN, upper.min(1.0))
}

#[cfg(test)]
mod tests;
