//! Deadlines by cause: each cause has at most one, and the earliest is always at hand.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Instant;

/// The deadlines of one machine. Bounded by the number of causes it can name.
#[derive(Debug)]
pub(crate) struct Timers<Cause> {
    by_time: BTreeSet<(Instant, Cause)>,
    by_cause: BTreeMap<Cause, Instant>,
}

impl<Cause: Copy + Ord> Timers<Cause> {
    pub(crate) fn new() -> Self {
        Timers { by_time: BTreeSet::new(), by_cause: BTreeMap::new() }
    }

    /// Sets or moves the deadline of a cause.
    pub(crate) fn set(&mut self, cause: Cause, at: Instant) {
        self.cancel(cause);
        self.by_time.insert((at, cause));
        self.by_cause.insert(cause, at);
    }

    /// No effect if the cause has no deadline.
    pub(crate) fn cancel(&mut self, cause: Cause) {
        if let Some(at) = self.by_cause.remove(&cause) {
            self.by_time.remove(&(at, cause));
        }
    }

    /// Whether a cause has a deadline.
    pub(crate) fn is_set(&self, cause: Cause) -> bool {
        self.by_cause.contains_key(&cause)
    }

    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes a cause whose deadline has come, the earliest first.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<Cause> {
        let (at, cause) = *self.by_time.first()?;
        if at > now {
            return None;
        }
        self.cancel(cause);
        Some(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn each_cause_fires_once_at_its_last_deadline() {
        let mut timers = Timers::new();
        timers.set('a', at(10));
        timers.set('b', at(5));
        timers.set('a', at(20));
        timers.set('c', at(7));
        timers.cancel('c');
        assert_eq!(timers.poll_timeout(), Some(at(5)));
        assert_eq!(timers.take_expired(at(4)), None);
        assert_eq!(timers.take_expired(at(15)), Some('b'));
        assert_eq!(timers.take_expired(at(15)), None);
        assert_eq!(timers.poll_timeout(), Some(at(20)));
        assert_eq!(timers.take_expired(at(20)), Some('a'));
        assert_eq!(timers.poll_timeout(), None);
    }
}
