//! Packets that left together, and how much further apart the groups arrived than they left.
//!
//! A group spans 5 ms of sending, and longer while packets arrive as one burst: they waited
//! somewhere together (libwebrtc `inter_arrival_delta.cc`).

use protocol::{Duration, Instant};

const GROUP_LENGTH_US: i64 = 5_000;
const BURST_GAP_US: i64 = 5_000;
const BURST_LENGTH_US: i64 = 100_000;
/// A receiver's clock that is this far off from ours since the last packet has jumped.
const CLOCK_JUMP_US: i64 = 3_000_000;
/// Groups in wrong order after which the history is worth nothing.
const REORDERED_MAX: u8 = 3;
/// Silence after which what was known about delay is worth nothing.
const SILENCE: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    current: Option<Group>,
    previous: Option<Group>,
    reordered: u8,
    last_feedback: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent_us: i64,
    last_sent_us: i64,
    first_arrived_us: i64,
    last_arrived_us: i64,
    /// When we heard of it, on our clock.
    heard_us: i64,
}

/// Two groups that followed one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deltas {
    /// Between the last packets, as sent.
    pub(super) sent_us: i64,
    /// Between the last packets, as arrived.
    pub(super) arrived_us: i64,
    /// When the later group was complete.
    pub(super) at_us: i64,
}

/// What a packet meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouped {
    /// Nothing yet.
    Open,
    /// The group before it is complete.
    Complete(Deltas),
    /// The receiver's clock has jumped, or the order is lost: begin anew.
    Reset,
}

impl Grouping {
    /// Notes that feedback came; `true` if there was none for so long that all begins anew.
    pub(super) fn hear(&mut self, now: Instant) -> bool {
        let last = self.last_feedback.replace(now);
        let is_stale = last.is_some_and(|last| now.saturating_duration_since(last) > SILENCE);
        if is_stale {
            self.reset();
        }
        is_stale
    }

    /// Takes a packet that arrived; in the order of sending.
    pub(super) fn add(&mut self, now: Instant, sent: Instant, arrived_us: i64) -> Grouped {
        let sent_us = sent.as_micros() as i64;
        let heard_us = now.as_micros() as i64;
        let Some(current) = &mut self.current else {
            self.current = Some(Group::new(sent_us, arrived_us, heard_us));
            return Grouped::Open;
        };
        if sent_us < current.first_sent_us {
            return Grouped::Open;
        }
        if has_jumped(current, arrived_us, heard_us) {
            self.reset();
            return Grouped::Reset;
        }
        if current.takes(sent_us, arrived_us) {
            current.last_sent_us = current.last_sent_us.max(sent_us);
            current.last_arrived_us = current.last_arrived_us.max(arrived_us);
            current.heard_us = heard_us;
            return Grouped::Open;
        }
        let complete = *current;
        *current = Group::new(sent_us, arrived_us, heard_us);
        let Some(previous) = self.previous.replace(complete) else { return Grouped::Open };
        let arrived = complete.last_arrived_us - previous.last_arrived_us;
        if arrived < 0 {
            self.reordered += 1;
            if self.reordered >= REORDERED_MAX {
                self.reset();
                return Grouped::Reset;
            }
            return Grouped::Open;
        }
        self.reordered = 0;
        Grouped::Complete(Deltas {
            sent_us: complete.last_sent_us - previous.last_sent_us,
            arrived_us: arrived,
            at_us: complete.last_arrived_us,
        })
    }

    fn reset(&mut self) {
        *self = Grouping { last_feedback: self.last_feedback, ..Grouping::default() };
    }
}

impl Group {
    const fn new(sent_us: i64, arrived_us: i64, heard_us: i64) -> Self {
        Group {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            first_arrived_us: arrived_us,
            last_arrived_us: arrived_us,
            heard_us,
        }
    }

    /// Whether a packet belongs to this group.
    const fn takes(&self, sent_us: i64, arrived_us: i64) -> bool {
        let sent_delta = sent_us - self.last_sent_us;
        let arrived_delta = arrived_us - self.last_arrived_us;
        let is_burst = arrived_delta < sent_delta
            && arrived_delta <= BURST_GAP_US
            && arrived_us - self.first_arrived_us < BURST_LENGTH_US;
        sent_delta == 0 || is_burst || sent_us - self.first_sent_us <= GROUP_LENGTH_US
    }
}

/// Whether the receiver's clock ran away from ours between the group and this packet.
const fn has_jumped(group: &Group, arrived_us: i64, heard_us: i64) -> bool {
    let arrived_delta = arrived_us.saturating_sub(group.last_arrived_us);
    let heard_delta = heard_us - group.heard_us;
    arrived_delta.saturating_sub(heard_delta).saturating_abs() > CLOCK_JUMP_US
}

#[cfg(test)]
mod tests;
