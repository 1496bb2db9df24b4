//! What a publisher's stream lacks, and when it is asked for (generic NACK, RFC 4585 §6.2.1).
//!
//! A number that was left out is asked for after [`PATIENCE`], which spares packets that merely
//! overtook one another, then once a round trip, [`ASKED_MAX`] times in all; then it is given up,
//! and receivers whose picture broke say so themselves. At most [`MISSING_MAX`] numbers are
//! listed: a stream with more holes needs a keyframe. (The figures are mediasoup's
//! `NackGenerator.cpp`, with half its timer.)

use protocol::{Duration, Instant, media::SeqNo};

/// Numbers that are listed at once.
const MISSING_MAX: usize = 1_000;

/// How often one number is asked for.
const ASKED_MAX: u8 = 10;

/// From the discovery of a hole to the first request, and the shortest time between any two.
const PATIENCE: Duration = Duration::from_millis(20);

/// A jump further than this is a stream that began anew (RFC 3550 A.1, `MAX_DROPOUT`).
const DROPOUT_MAX: i16 = 3_000;

/// What a packet is to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The one after the newest.
    Next,
    /// Newer than that: it has left numbers out.
    AfterHole,
    /// It was missing.
    Found,
    /// Neither new nor missing.
    Old,
    /// It has left out more numbers than can be asked for: a keyframe must help.
    Overflow,
    /// The stream began, or began anew.
    Anew,
}

/// The holes of one stream, ordered from the oldest to the newest; see the module.
#[derive(Debug)]
pub struct MissingList {
    newest: Option<SeqNo>,
    /// Never more than its first allocation.
    holes: Vec<Hole>,
    due_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Hole {
    seq: SeqNo,
    asked: u8,
    due_at: Instant,
}

impl MissingList {
    /// Reserves the memory.
    #[must_use]
    pub fn new() -> Self {
        MissingList { newest: None, holes: Vec::with_capacity(MISSING_MAX), due_at: None }
    }

    /// Takes notice of a packet.
    pub fn note(&mut self, now: Instant, seq: SeqNo) -> Arrival {
        let Some(newest) = self.newest else {
            self.newest = Some(seq);
            return Arrival::Anew;
        };
        let step = seq.distance_from(newest);
        if step.unsigned_abs() > DROPOUT_MAX.unsigned_abs() {
            self.clear();
            self.newest = Some(seq);
            return Arrival::Anew;
        }
        if step <= 0 {
            return match self.place_of(seq) {
                Ok(place) => {
                    self.holes.remove(place);
                    Arrival::Found
                }
                Err(_) => Arrival::Old,
            };
        }
        self.newest = Some(seq);
        if step == 1 {
            return Arrival::Next;
        }
        let left_out = step.unsigned_abs() - 1;
        if self.holes.len() + usize::from(left_out) > MISSING_MAX {
            self.clear();
            self.newest = Some(seq);
            return Arrival::Overflow;
        }
        let due_at = now + PATIENCE;
        self.due_at = Some(self.poll_timeout().map_or(due_at, |due| due.min(due_at)));
        let first = newest.add(1);
        let holes = (0..left_out).map(|n| Hole { seq: first.add(n), asked: 0, due_at });
        self.holes.extend(holes);
        Arrival::AfterHole
    }

    /// Whether `seq` is missing.
    #[must_use]
    pub fn misses(&self, seq: SeqNo) -> bool {
        self.place_of(seq).is_ok()
    }

    /// A keyframe begins with `seq`: nothing before it is of use.
    pub fn forget_before(&mut self, seq: SeqNo) {
        let place = self.place_of(seq).unwrap_or_else(|place| place);
        self.holes.drain(..place);
    }

    /// Nobody needs the stream, or another one is in its place.
    pub fn clear(&mut self) {
        self.newest = None;
        self.holes.clear();
        self.due_at = None;
    }

    /// When [`MissingList::ask`] has something to say; it may turn out to be nothing.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due_at.filter(|_| !self.holes.is_empty())
    }

    /// The numbers to be asked for `now`, at most as many as `asked` holds, and how many they are.
    /// They count as asked for; what has been asked for often enough is given up.
    pub fn ask(&mut self, now: Instant, round_trip: Duration, asked: &mut [SeqNo]) -> usize {
        let again_at = now + round_trip.max(PATIENCE);
        let mut count = 0;
        for hole in &mut self.holes {
            let Some(place) = asked.get_mut(count).filter(|_| hole.due_at <= now) else {
                continue;
            };
            *place = hole.seq;
            count += 1;
            hole.asked += 1;
            hole.due_at = again_at;
        }
        self.holes.retain(|hole| hole.asked < ASKED_MAX);
        self.due_at = self.holes.iter().map(|hole| hole.due_at).min();
        count
    }

    /// Numbers that are missing.
    #[must_use]
    pub fn len(&self) -> usize {
        self.holes.len()
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.holes.is_empty()
    }

    /// Where a number stands, or would stand: holes are older than the newest, in order.
    fn place_of(&self, seq: SeqNo) -> Result<usize, usize> {
        let newest = self.newest.unwrap_or(seq);
        self.holes
            .binary_search_by_key(&seq.distance_from(newest), |hole| hole.seq.distance_from(newest))
    }
}

impl Default for MissingList {
    fn default() -> Self {
        MissingList::new()
    }
}

#[cfg(test)]
mod tests;
