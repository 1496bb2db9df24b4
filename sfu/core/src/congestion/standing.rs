//! Whether what waits on the way stands, and whether it is a queue at all.
//!
//! A way that has become longer (another route, a phone that changes its cell, a radio that begins
//! to jitter) delays all packets, as a queue does. But a queue rises before it stands, and it moves
//! when less is sent. So waiting that came at once is *tried*: the pacer sends less for a moment,
//! at the same estimate. What does not move then is the way's own; and so is what has not moved
//! after the estimate was lowered, however it came.

use protocol::{Duration, Instant};

/// Waiting that, beside the jitter, is not worth a look.
const CALM_US: i64 = 5_000;
/// Waiting that is.
const WAITS_US: i64 = 10_000;
/// Waiting above this is a standing queue if it lasts for [`STANDS`].
const STANDING_US: i64 = 20_000;
pub(super) const STANDS: Duration = Duration::from_millis(400);
/// Waiting that rose from [`CALM_US`] within this time came at once. At a tenth too much a queue of
/// 30 ms takes as long; and what fills faster goes on rising.
const AT_ONCE: Duration = Duration::from_millis(300);
/// In so long, after a round trip, less sending would have moved a queue…
const MOVES_WITHIN: Duration = Duration::from_millis(300);
/// … by more than this and the jitter: a line that gets a fifth less than it carries drains 60 ms
/// in 300.
const STEADY_US: i64 = 4_000;
/// A queue that does not fall for so long while it is drained is not ours.
const DRAIN_MAX: Duration = Duration::from_secs(3);

/// What waiting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No more than any line has, or too new to say.
    Open,
    /// A queue of ours that does not go.
    Stands,
    /// The way's own: sending less does not move it.
    Own,
    /// It does not go although it has been drained for long: whoever's it is, it stays.
    Lasting,
}

/// What it is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) delay_us: i64,
    pub(super) jitter_us: i64,
    pub(super) rtt: Duration,
    /// The estimate is well below what it was while nothing waited.
    pub(super) is_lowered: bool,
    /// A full queue stays the same too, and loses.
    pub(super) is_losing: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Standing {
    calm_at: Option<Instant>,
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Instant,
    came_at_once: bool,
    /// Since when it has been between the least and the most.
    steady_since: Instant,
    least_us: i64,
    most_us: i64,
}

impl Standing {
    /// Takes what waits at `now`.
    pub(super) fn judge(&mut self, now: Instant, sight: &Sight) -> Verdict {
        let delay_us = sight.delay_us;
        if delay_us < CALM_US + sight.jitter_us {
            self.calm_at = Some(now);
        }
        if delay_us < WAITS_US {
            self.waiting = None;
            return Verdict::Open;
        }
        let since = |at: Instant| now.saturating_duration_since(at);
        let came_at_once = self.calm_at.is_some_and(|calm_at| since(calm_at) <= AT_ONCE);
        let waiting = self.waiting.get_or_insert(Waiting {
            since: now,
            came_at_once,
            steady_since: now,
            least_us: delay_us,
            most_us: delay_us,
        });
        waiting.least_us = waiting.least_us.min(delay_us);
        waiting.most_us = waiting.most_us.max(delay_us);
        if waiting.most_us - waiting.least_us > STEADY_US + sight.jitter_us {
            (waiting.least_us, waiting.most_us) = (delay_us, delay_us);
            waiting.steady_since = now;
        }
        let steady = since(waiting.steady_since);
        let is_tried = waiting.came_at_once || sight.is_lowered;
        let stands = since(waiting.since);
        if is_tried && steady > MOVES_WITHIN + sight.rtt && !sight.is_losing {
            self.waiting = None;
            return Verdict::Own;
        }
        if stands > DRAIN_MAX {
            self.waiting = None;
            return Verdict::Lasting;
        }
        let may_be_own = waiting.came_at_once && steady >= MOVES_WITHIN / 2 && !sight.is_losing;
        match delay_us > STANDING_US && stands > STANDS && !may_be_own {
            true => Verdict::Stands,
            false => Verdict::Open,
        }
    }

    /// Whether less is to be sent, to see what that does.
    pub(super) fn is_on_trial(&self) -> bool {
        self.waiting.is_some_and(|waiting| waiting.came_at_once)
    }
}

#[cfg(test)]
mod tests;
