//! Which session a datagram belongs to: proven 5-tuples, and nothing else.
//!
//! A tuple enters after an authenticated connectivity check came over it, so the table holds at
//! most [`TUPLES_MAX`] entries a session and never grows: its memory is taken at start. Looking up
//! costs one hash of about 40 bytes.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher},
};

use protocol::EndpointIndex;
use sfu_transport::ice::{IceAgent, TUPLES_MAX};

use crate::sink::Tuple;

/// Proven tuples and their sessions.
#[derive(Debug)]
pub(crate) struct TupleTable {
    sessions: HashMap<Tuple, EndpointIndex, Seed>,
    entries_max: usize,
}

impl TupleTable {
    /// Makes room for `sessions_max` sessions; `seed` keeps slot positions from being guessed.
    pub(crate) fn new(sessions_max: usize, seed: u64) -> Self {
        let entries_max = sessions_max * TUPLES_MAX;
        // Twice the entries: removal leaves marks that std's table clears in place, without the
        // heap, only while it is at most half full.
        let sessions = HashMap::with_capacity_and_hasher(2 * entries_max, Seed(seed));
        TupleTable { sessions, entries_max }
    }

    /// The session that proved `tuple`.
    pub(crate) fn session(&self, tuple: &Tuple) -> Option<EndpointIndex> {
        self.sessions.get(tuple).copied()
    }

    /// Gives `tuple` to `session`; a tuple proven by another session moves, because an address
    /// belongs to whoever proved it last.
    pub(crate) fn insert(&mut self, tuple: Tuple, session: EndpointIndex) {
        if self.sessions.len() < self.entries_max || self.sessions.contains_key(&tuple) {
            self.sessions.insert(tuple, session);
        }
    }

    /// Forgets `tuple` if it still belongs to `session`.
    pub(crate) fn remove(&mut self, tuple: &Tuple, session: EndpointIndex) {
        if self.session(tuple) == Some(session) {
            self.sessions.remove(tuple);
        }
    }

    /// Forgets the proven tuples of `session`.
    pub(crate) fn remove_session(&mut self, ice: &IceAgent, session: EndpointIndex) {
        for tuple in ice.tuples() {
            self.remove(tuple, session);
        }
    }

    /// How many tuples are proven.
    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }
}

/// Seeds a multiply-and-fold hash. Only authenticated addresses are ever hashed into the table, so
/// flooding resistance is not asked of it.
#[derive(Clone, Copy, Debug)]
struct Seed(u64);

impl BuildHasher for Seed {
    type Hasher = Fold;

    fn build_hasher(&self) -> Fold {
        Fold(self.0)
    }
}

struct Fold(u64);

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // An odd constant with well-mixed bits: 2^64 divided by the golden ratio.
        let product = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (product as u64) ^ ((product >> 64) as u64) ^ 0xA5A5_A5A5_A5A5_A5A5;
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
