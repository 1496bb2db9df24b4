//! A fingerprint of what has happened, so that two runs can be compared.

use protocol::Instant;

/// Folds everything it is told into 64 bits. Not for secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    state: u64,
    /// How much it was told.
    pub events: u64,
}

impl Trace {
    pub(super) const NOTHING: Trace = Trace { state: 0x9E37_79B9_7F4A_7C15, events: 0 };

    /// Something with these bytes happened to `whom`.
    pub(super) fn note(&mut self, at: Instant, whom: u64, bytes: &[u8]) {
        self.events += 1;
        self.fold(at.as_micros());
        self.fold(whom);
        self.fold(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
    }

    fn fold(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * 0xA076_1D64_78BD_642F;
        self.state = (product as u64) ^ ((product >> 64) as u64) ^ self.state.rotate_left(23);
    }
}
