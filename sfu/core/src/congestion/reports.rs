//! The estimate for receivers that do not tell packet by packet: loss of receiver reports, and
//! REMB where it comes (draft-ietf-rmcat-gcc-02 §6; draft-alvestrand-rmcat-remb-03).
//!
//! Nothing is probed. What was sent without loss is proven; beyond that the rate grows by 8 % a
//! second up to what is wanted, and a layer that does not fit shows itself by loss.

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
    /// Sent since the period began.
    sent_bytes: u64,
    is_heard: bool,
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
            sent_bytes: 0,
            is_heard: false,
            period_began: None,
            lowered: None,
        }
    }

    /// Bits per second.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        self.fresh_remb(now).map_or(self.rate, |remb| self.rate.min(remb)).max(self.min)
    }

    /// Something came from the receiver.
    pub(super) const fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Notes bytes that leave.
    pub(super) const fn sent(&mut self, bytes: usize) {
        self.sent_bytes = self.sent_bytes.saturating_add(bytes as u64);
    }

    /// Takes the receiver's own estimate.
    pub(super) fn remb(&mut self, now: Instant, rate: f64) {
        self.is_heard = true;
        self.remb = Some((now, rate));
    }

    /// Takes a report block: `lost` of `packets`. `goal` is the rate beyond which nothing more is
    /// wanted.
    pub(super) fn loss(&mut self, now: Instant, lost: u32, packets: u32, goal: f64) {
        self.is_heard = true;
        let Some(began) = self.period_began else {
            // What was sent before the first report is of no known time.
            (self.period_began, self.sent_bytes) = (Some(now), 0);
            return;
        };
        self.lost = self.lost.saturating_add(lost.min(packets));
        self.packets = self.packets.saturating_add(packets);
        if now.saturating_duration_since(began) < PERIOD || self.packets < PACKETS_MIN {
            return;
        }
        let time = now.saturating_duration_since(began).as_secs_f64();
        let seconds = time.min(2.0);
        let sent = self.sent_bytes as f64 * 8.0 / time;
        let loss = f64::from(self.lost) / f64::from(self.packets);
        self.sent_bytes = 0;
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
                self.rate = grown.max(allowed).min(goal.max(self.rate)).max(sent);
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
