//! When keyframes are asked of a publisher.
//!
//! A keyframe is ten times a frame, and all receivers of a layer get it, so requests are
//! coalesced per layer. A *series* of requests begins when a slot waits for the layer, or when a
//! receiver asks (PLI, RFC 4585 §6.3.1; FIR, RFC 5104 §4.3.1), and ends with the keyframe, or when
//! nobody waits any more.
//!
//! | what | when |
//! |---|---|
//! | first request of a series | at once, and 500 ms after the last request at the earliest |
//! | repeats while a slot waits | after 150, 300 and 450 ms, then every 500 ms |
//! | repeats for a receiver that asked | every 500 ms, four requests in all |
//!
//! So a publisher that answers gets at most one request in 500 ms, whatever receivers and joiners
//! do; only one that does not answer is asked more often, for the first half second. A receiver has
//! a budget for each slot: three requests 200 ms apart, then one in 2 s.

use protocol::{Duration, Instant};

/// Shortest time between the last request of one series and the first of the next.
const SERIES_APART: Duration = Duration::from_millis(500);

/// Time to the first repeats while a slot waits.
const REPEAT_FAST: Duration = Duration::from_millis(150);

/// How many repeats are fast.
const FAST_REPEATS: u8 = 3;

/// Time between all further repeats.
const REPEAT_SLOW: Duration = Duration::from_millis(500);

/// Requests for a receiver that asked.
const RECEIVER_REQUESTS_MAX: u8 = 4;

/// Why a keyframe is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A slot shows nothing, or the wrong layer, until it comes.
    SlotWaits,
    /// A receiver lost its picture.
    ReceiverAsked,
}

/// What to do for a layer when its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Ask the publisher.
    Ask,
    /// The series is over.
    Over,
    /// Not yet.
    Later,
}

/// The requests for one layer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Series {
    open: Option<Open>,
    asked_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    need: Need,
    asked: u8,
    due_at: Instant,
}

impl Series {
    /// Somebody wants a keyframe.
    pub(crate) fn want(&mut self, now: Instant, need: Need) {
        let earliest = self.asked_at.map_or(now, |at| now.max(at + SERIES_APART));
        let Some(open) = &mut self.open else {
            self.open = Some(Open { need, asked: 0, due_at: earliest });
            return;
        };
        if open.asked == 0 {
            open.due_at = open.due_at.min(earliest);
        }
        if need == Need::SlotWaits && open.need == Need::ReceiverAsked {
            open.need = need;
            if let Some(at) = self.asked_at
                && open.asked > 0
            {
                open.due_at = open.due_at.min(now.max(at + REPEAT_FAST));
            }
        }
    }

    /// There is nothing to ask for yet: the layer has no stream.
    pub(crate) fn postpone(&mut self, now: Instant) {
        if let Some(open) = &mut self.open {
            open.due_at = now + REPEAT_FAST;
        }
    }

    /// The publisher has come back: what it was asked before is lost.
    pub(crate) fn renew(&mut self, now: Instant) {
        if let Some(open) = &mut self.open {
            open.asked = 0;
            open.due_at = now;
        }
    }

    /// A keyframe has begun.
    pub(crate) const fn answered(&mut self) {
        self.open = None;
    }

    /// When the series needs [`Series::handle_timeout`]; `None` if none is open.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        self.open.map(|open| open.due_at)
    }

    /// Whether it matters that some slot still waits.
    pub(crate) fn needs_waiter(&self) -> bool {
        self.open.is_some_and(|open| open.need == Need::SlotWaits)
    }

    /// Does what is due; `waiting` says whether any slot waits for the layer.
    pub(crate) fn handle_timeout(&mut self, now: Instant, waiting: bool) -> Due {
        let Some(open) = &mut self.open else {
            return Due::Over;
        };
        if now < open.due_at {
            return Due::Later;
        }
        let wanted = match open.need {
            Need::SlotWaits => waiting,
            Need::ReceiverAsked => open.asked < RECEIVER_REQUESTS_MAX,
        };
        if !wanted {
            self.open = None;
            return Due::Over;
        }
        let fast = open.need == Need::SlotWaits && open.asked < FAST_REPEATS;
        open.due_at = now + if fast { REPEAT_FAST } else { REPEAT_SLOW };
        open.asked = open.asked.saturating_add(1);
        self.asked_at = Some(now);
        Due::Ask
    }
}

/// What one receiver may ask for one slot: three requests at once, and one more every two seconds,
/// so that a picture which is lost again is not lost for long.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReceiverBudget {
    asked_at: Option<Instant>,
    /// When all requests are paid for.
    paid_at: Instant,
}

impl ReceiverBudget {
    /// Shortest time between two requests.
    const APART: Duration = Duration::from_millis(200);

    /// What a request costs.
    const COST: Duration = Duration::from_secs(2);

    /// What may be owed when another one is taken.
    const CREDIT: Duration = Duration::from_secs(4);

    /// Takes one request; `false` if there have been too many.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let paid_at = self.paid_at.max(now);
        let is_near = |at: Instant| now.saturating_duration_since(at) < Self::APART;
        if self.asked_at.is_some_and(is_near)
            || paid_at.saturating_duration_since(now) > Self::CREDIT
        {
            return false;
        }
        *self = ReceiverBudget { asked_at: Some(now), paid_at: paid_at + Self::COST };
        true
    }
}

#[cfg(test)]
mod tests;
