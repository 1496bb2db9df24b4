//! How much of a line's estimate layers may use: two budgets against flapping.

use protocol::{Duration, Instant};

/// How long one generation of targets lasts (Signal's `call.rs`).
const GENERATION: Duration = Duration::from_millis(2_500);

/// What layers may cost together, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For layers that the receiver has been getting.
    pub present: u64,
    /// For new ones; no more than `present` counts.
    pub conservative: u64,
}

impl Budget {
    /// The same for new and for current layers.
    #[must_use]
    pub const fn even(bits_per_second: u64) -> Self {
        Budget { present: bits_per_second, conservative: bits_per_second }
    }
}

/// The recent targets of one receiver.
///
/// A new layer must fit nine tenths of the least target of the present and the last generation of
/// 2.5 s; the last tenth drains queues, and takes up what measured rates are off by. A target that
/// wavers by a tenth therefore moves nothing. Half of the present target is open to new layers all
/// the same: a target that has doubled is not wavering, and who joins or comes out of a tunnel
/// need not wait for 5 s.
#[derive(Clone, Copy, Debug, Default)]
pub struct BudgetWindow {
    began: Instant,
    least: Option<u64>,
    least_before: Option<u64>,
}

impl BudgetWindow {
    /// Takes the target at `now`, in bits per second, and gives the budgets.
    pub fn update(&mut self, now: Instant, target: u64) -> Budget {
        let age = now.saturating_duration_since(self.began);
        if age >= GENERATION {
            self.least_before = self.least.take().filter(|_| age < 2 * GENERATION);
            self.began = now;
        }
        let least = self.least.map_or(target, |least| least.min(target));
        self.least = Some(least);
        let conservative = self.least_before.map_or(least, |before| before.min(least));
        Budget { present: target, conservative: (conservative / 10 * 9).max(target / 2) }
    }
}
