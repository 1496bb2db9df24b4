//! The estimate for receivers that do not tell packet by packet: loss of receiver reports, and
//! REMB where it comes (draft-ietf-rmcat-gcc-02 §6; draft-alvestrand-rmcat-remb-03).
//!
//! Nothing is probed, so the rate grows by 8 % a second up to what is wanted; a layer that does
//! not fit shows itself by loss.

use protocol::{Duration, Instant};

const LOSS_LOW: f64 = 0.02;
const LOSS_HIGH: f64 = 0.1;
const GROWTH: f64 = 1.08;
const PERIOD: Duration = Duration::from_secs(1);
const PACKETS_MIN: u32 = 20;
/// A REMB older than this says nothing.
const REMB_AGE_MAX: Duration = Duration::from_secs(10);
/// After a loss nothing grows for so long: the layer that did not fit is not tried at once.
const REST: Duration = Duration::from_secs(8);

/// See the module.
#[derive(Debug)]
pub(super) struct Reports {
    rate: f64,
    min: f64,
    max: f64,
    remb: Option<(Instant, f64)>,
    lost: u32,
    packets: u32,
    period_began: Option<Instant>,
    lowered: Option<Instant>,
}

impl Reports {
    pub(super) const fn new(start: f64, min: f64, max: f64) -> Self {
        Reports {
            rate: start,
            min,
            max,
            remb: None,
            lost: 0,
            packets: 0,
            period_began: None,
            lowered: None,
        }
    }

    /// Bits per second.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        self.fresh_remb(now).map_or(self.rate, |remb| self.rate.min(remb)).max(self.min)
    }

    /// Takes the receiver's own estimate.
    pub(super) fn remb(&mut self, now: Instant, rate: f64) {
        self.remb = Some((now, rate));
    }

    /// Takes a report block: `lost` of `packets`. `goal` is the rate beyond which nothing more is
    /// wanted.
    pub(super) fn loss(&mut self, now: Instant, lost: u32, packets: u32, goal: f64) {
        self.lost = self.lost.saturating_add(lost.min(packets));
        self.packets = self.packets.saturating_add(packets);
        let began = *self.period_began.get_or_insert(now);
        if now.saturating_duration_since(began) < PERIOD || self.packets < PACKETS_MIN {
            return;
        }
        let seconds = now.saturating_duration_since(began).as_secs_f64().min(2.0);
        let loss = f64::from(self.lost) / f64::from(self.packets);
        (self.lost, self.packets, self.period_began) = (0, 0, Some(now));
        let before = self.rate(now);
        if loss > LOSS_HIGH {
            self.rate = before * (1.0 - 0.5 * loss);
            self.lowered = Some(now);
        } else if loss < LOSS_LOW {
            let rests = self.lowered.is_some_and(|it| now.saturating_duration_since(it) < REST);
            let grown = self.rate * GROWTH.powf(seconds);
            // The receiver measures what it gets: what it allows need not be approached in steps.
            let allowed = self.fresh_remb(now).unwrap_or(grown);
            if !rests {
                self.rate = grown.max(allowed).min(goal.max(self.rate));
            }
        }
        self.rate = self.rate.clamp(self.min, self.max);
    }

    fn fresh_remb(&self, now: Instant) -> Option<f64> {
        let (at, rate) = self.remb?;
        (now.saturating_duration_since(at) <= REMB_AGE_MAX).then_some(rate)
    }
}

#[cfg(test)]
mod tests;
