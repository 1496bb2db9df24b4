//! The tuples that have proven themselves, and the checks seen lately.

use protocol::Instant;

use super::TUPLES_MAX;
use crate::{
    stun::TransactionId,
    tuple::{Path, Tuple},
};

/// A proven tuple.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) tuple: Tuple,
    /// Unlike its place, never another tuple's.
    pub(super) serial: u32,
    pub(super) last_check: Instant,
    pub(super) own_check: OwnCheck,
}

/// A check of our own to a nominated tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnCheck {
    /// None is under way.
    Idle,
    /// To be sent once an offer has brought the client's credentials.
    Awaited { local: u32 },
    /// To be sent at once.
    Due { names: Names },
    /// Sent, and awaiting its answer.
    Sent { id: TransactionId, names: Names, repeat_at: Instant, repeats_left: u8 },
}

/// The generations of the two halves of USERNAME on a tuple. They differ there where a client that
/// restarts has new credentials and not yet our new ones: libwebrtc keeps the pair for as long as
/// the connection lives, and answers no check under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Of our credentials.
    pub(super) local: u32,
    /// Of the client's.
    pub(super) remote: u32,
}

/// At most [`TUPLES_MAX`] proven tuples.
#[derive(Debug)]
pub(super) struct Tuples {
    entries: [Option<Entry>; TUPLES_MAX],
    next_serial: u32,
}

impl Tuples {
    pub(super) fn new() -> Self {
        Tuples { entries: [None; TUPLES_MAX], next_serial: 0 }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().flatten()
    }

    pub(super) fn by_tuple(&self, tuple: &Tuple) -> Option<&Entry> {
        self.iter().find(|entry| entry.tuple == *tuple)
    }

    pub(super) fn by_serial(&self, serial: u32) -> Option<&Entry> {
        self.iter().find(|entry| entry.serial == serial)
    }

    pub(super) fn by_serial_mut(&mut self, serial: u32) -> Option<&mut Entry> {
        self.iter_mut().find(|entry| entry.serial == serial)
    }

    /// Forgets every tuple over `path`.
    pub(super) fn remove_path(&mut self, path: Path) {
        for place in &mut self.entries {
            if place.is_some_and(|entry| entry.tuple.path == path) {
                *place = None;
            }
        }
    }

    /// Adds a tuple that is not there. Where all places are taken, the tuple checked longest ago
    /// leaves, but never `kept`; returns the new serial and who left.
    pub(super) fn insert(
        &mut self,
        tuple: Tuple,
        now: Instant,
        kept: Option<u32>,
    ) -> (u32, Option<Tuple>) {
        let serial = self.next_serial;
        self.next_serial = self.next_serial.wrapping_add(1);
        let is_kept = |entry: &Entry| kept == Some(entry.serial);
        let place = self
            .entries
            .iter_mut()
            .filter(|place| !place.as_ref().is_some_and(is_kept))
            .min_by_key(|place| place.map(|entry| entry.last_check));
        let added = Entry { tuple, serial, last_check: now, own_check: OwnCheck::Idle };
        let left = place.and_then(|place| place.replace(added));
        (serial, left.map(|entry| entry.tuple))
    }
}

/// Checks remembered: 30 s of a browser that keeps five pairs alive, 3 s of one that is connecting.
const RECENT_CHECKS: usize = 64;

/// The transaction ids of the last checks, and which tuple each came from.
#[derive(Debug)]
pub(super) struct RecentChecks {
    ring: [Option<(TransactionId, u32)>; RECENT_CHECKS],
    next: usize,
}

impl RecentChecks {
    pub(super) fn new() -> Self {
        RecentChecks { ring: [None; RECENT_CHECKS], next: 0 }
    }

    /// Whether a check was seen on any tuple.
    pub(super) fn saw(&self, id: TransactionId) -> bool {
        self.ring.iter().flatten().any(|(known, _)| *known == id)
    }

    /// Whether a check was seen on the tuple with this serial.
    pub(super) fn saw_on(&self, serial: u32, id: TransactionId) -> bool {
        self.ring.contains(&Some((id, serial)))
    }

    pub(super) fn remember(&mut self, id: TransactionId, serial: u32) {
        self.ring[self.next] = Some((id, serial));
        self.next = (self.next + 1) % RECENT_CHECKS;
    }
}
