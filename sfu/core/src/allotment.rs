//! One receiver's share of its line: the budget, when it is divided anew, and what came of it.

use protocol::{Bitrate, Duration, Instant, client::PictureState};

use crate::{
    allocation::{Budget, BudgetWindow, Summary},
    congestion::Demand,
    connection::ConnectionNews,
};

/// How often a line is divided anew although nothing was heard of it: measured rates change.
const PERIOD: Duration = Duration::from_secs(1);

/// What sound takes where nothing has been measured: one voice of Opus at 32 kb/s with its headers.
const SOUND_MIN: Bitrate = Bitrate::from_kbps(50);

/// What pictures may use of what sound leaves; the rest is for retransmissions and probes.
const PICTURES_SHARE: f64 = 0.95;

/// What a new layer may use of the pictures' budget; see [`BudgetWindow`].
const NEW_LAYERS_SHARE: f64 = 0.9;

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allotment {
    pub(crate) news: ConnectionNews,
    window: BudgetWindow,
    /// The estimate by which the line was last divided.
    divided: Bitrate,
    divided_at: Instant,
    /// Something has changed since.
    is_due: bool,
    sound: SoundMeter,
    redundancy: RedundancyRule,
    summary: Summary,
}

impl Allotment {
    /// What was divided is no longer so: a layer has come or gone, a picture has another size.
    pub(crate) const fn make_due(&mut self) {
        self.is_due = true;
    }

    /// Whether the line is to be divided anew at `now`, when the estimate is `target`.
    ///
    /// A fall counts from 5 %, so that no queue builds; a rise from 15 %, because a better picture
    /// can wait until the next second (the same as Jitsi's `bwe-change-threshold`).
    pub(crate) fn is_due(&self, now: Instant, target: Bitrate) -> bool {
        let (target, divided) = (target.as_bps(), self.divided.as_bps());
        self.is_due
            || now.saturating_duration_since(self.divided_at) >= PERIOD
            || target * 100 <= divided * 95
            || target * 100 >= divided * 115
    }

    /// What pictures may take of `target`. `sound_octets` is what sound has taken since the start.
    pub(crate) fn budget(&mut self, now: Instant, target: Bitrate, sound_octets: u64) -> Budget {
        self.is_due = false;
        self.divided = target;
        self.divided_at = now;
        self.sound.update(now, sound_octets);
        let pictures = target.saturating_sub(self.sound.rate()).scaled(PICTURES_SHARE);
        self.window.update(now, pictures.as_bps())
    }

    /// Whether sound is to repeat itself on a line that loses `loss` (0 to 1) of its packets.
    pub(crate) fn repeats_sound(&mut self, now: Instant, loss: f64) -> bool {
        self.redundancy.decide(now, loss, self.sound.rate(), self.divided)
    }

    /// Takes what came of the division.
    pub(crate) const fn conclude(&mut self, summary: Summary) {
        self.summary = summary;
    }

    /// What the receiver could use: what its line would have to carry for it to be given.
    pub(crate) fn demand(&self) -> Demand {
        let with_reserve = |pictures: u64| {
            let share = PICTURES_SHARE * NEW_LAYERS_SHARE;
            Bitrate::from_bps(pictures).scaled(1.0 / share).saturating_add(self.sound.rate())
        };
        let target = self.summary.target_bits_per_second;
        let next = self.summary.next_step_bits_per_second;
        Demand {
            allocated: Bitrate::from_bps(target).saturating_add(self.sound.rate()),
            wanted_next: next.map(|next| with_reserve(target.saturating_add(next))),
            ideal: with_reserve(self.summary.ideal_bits_per_second),
        }
    }

    /// What the line leaves of the pictures.
    pub(crate) const fn pictures(&self) -> PictureState {
        match self.summary {
            Summary { wanted, shown: 0, .. } if wanted > 0 => PictureState::Paused,
            Summary { reduced: 0, .. } => PictureState::Full,
            Summary { .. } => PictureState::Reduced,
        }
    }
}

/// Whether sound repeats itself (RED).
///
/// Redundancy makes three of one: 100 kb/s more for each voice of 50. That is what a picture takes
/// on a thin line, so there sound repeats itself only while packets are lost, and where that leaves
/// a tenth of the line.
#[derive(Clone, Copy, Debug, Default)]
struct RedundancyRule {
    is_on: bool,
    lossy_until: Instant,
}

impl RedundancyRule {
    /// Loss from which a voice is heard to stumble; concealment hides less.
    const LOSS: f64 = 0.01;

    /// How long a line counts as lossy: losses come in bursts.
    const MEMORY: Duration = Duration::from_secs(10);

    /// How much more redundant sound takes (`red::DISTANCE` frames and the one itself).
    const FACTOR: f64 = 3.0;

    /// `sound` is what sound takes at present, with redundancy if that is on.
    fn decide(&mut self, now: Instant, loss: f64, sound: Bitrate, line: Bitrate) -> bool {
        if loss >= Self::LOSS {
            self.lossy_until = now + Self::MEMORY;
        }
        let with_redundancy = if self.is_on { sound } else { sound.scaled(Self::FACTOR) };
        let share = match (now < self.lossy_until, self.is_on) {
            (true, _) => 0.9,
            // Two bounds, so that a line on the edge does not go to and fro.
            (false, true) => 0.15,
            (false, false) => 0.1,
        };
        self.is_on = with_redundancy <= line.scaled(share);
        self.is_on
    }
}

/// How much sound one receiver gets.
#[derive(Clone, Copy, Debug, Default)]
struct SoundMeter {
    octets: u64,
    at: Instant,
    rate: u64,
}

impl SoundMeter {
    /// Takes all octets since the start. A rise counts at once, a fall by an eighth: who pauses
    /// between sentences goes on.
    fn update(&mut self, now: Instant, octets: u64) {
        let age = now.saturating_duration_since(self.at);
        if age < PERIOD / 2 {
            return;
        }
        let new = octets.saturating_sub(self.octets);
        let rate = new * 8_000_000 / age.as_micros().max(1) as u64;
        self.rate = rate.max(self.rate - self.rate / 8);
        self.octets = octets;
        self.at = now;
    }

    fn rate(&self) -> Bitrate {
        Bitrate::from_bps(self.rate).max(SOUND_MIN)
    }
}

#[cfg(test)]
mod tests;
