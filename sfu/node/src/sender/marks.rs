//! Which tuples have lately refused what was sent to them.
//!
//! At most [`ENTRIES_MAX`] are remembered; one more pushes out the one that would be forgotten
//! first. An empty table costs one comparison per train.

use protocol::Instant;
use sfu_worker::Tuple;

/// How a tuple may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As trains.
    Free,
    /// As single datagrams.
    Plain,
    /// Not at all.
    Mute,
}

/// The remembered tuples.
#[derive(Debug)]
pub(super) struct TupleMarks {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    tuple: Tuple,
    plain_until: Instant,
    mute_until: Instant,
}

impl Entry {
    /// When it says nothing more.
    fn end(&self) -> Instant {
        self.plain_until.max(self.mute_until)
    }
}

/// Tuples remembered at a time: a fault of the network that hits more of them costs a failing call
/// for each of the others, as if nothing were remembered.
const ENTRIES_MAX: usize = 64;

impl TupleMarks {
    pub(super) fn new() -> Self {
        TupleMarks { entries: Vec::with_capacity(ENTRIES_MAX) }
    }

    /// How `tuple` may be sent to at `now`.
    pub(super) fn verdict(&mut self, tuple: &Tuple, now: Instant) -> Verdict {
        let Some(index) = self.entries.iter().position(|entry| entry.tuple == *tuple) else {
            return Verdict::Free;
        };
        let entry = &self.entries[index];
        if now < entry.mute_until {
            Verdict::Mute
        } else if now < entry.plain_until {
            Verdict::Plain
        } else {
            self.entries.swap_remove(index);
            Verdict::Free
        }
    }

    /// Sends `tuple` no trains before `until`.
    pub(super) fn set_plain(&mut self, tuple: &Tuple, until: Instant, now: Instant) {
        self.entry(tuple, now).plain_until = until;
    }

    /// Sends `tuple` nothing before `until`.
    pub(super) fn set_mute(&mut self, tuple: &Tuple, until: Instant, now: Instant) {
        self.entry(tuple, now).mute_until = until;
    }

    /// The entry of `tuple`, made if there is none.
    fn entry(&mut self, tuple: &Tuple, now: Instant) -> &mut Entry {
        let entries = &mut self.entries;
        let index = entries.iter().position(|entry| entry.tuple == *tuple).unwrap_or_else(|| {
            if entries.len() == ENTRIES_MAX {
                let first = (0..ENTRIES_MAX).min_by_key(|index| entries[*index].end());
                entries.swap_remove(first.unwrap_or(0));
            }
            entries.push(Entry { tuple: *tuple, plain_until: now, mute_until: now });
            entries.len() - 1
        });
        &mut entries[index]
    }
}
