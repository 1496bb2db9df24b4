//! Random bytes from a seed: SHA-256 in counter mode.
//!
//! The shell seeds it once from the system; a simulation seeds it from its run number. Passwords of
//! ICE come from it, so the seed must be secret.

use ring::digest;

/// A generator that never repeats a block for 2^64 blocks.
pub struct SeededRandom {
    seed: [u8; 32],
    counter: u64,
}

impl SeededRandom {
    /// Starts from 32 secret bytes.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        SeededRandom { seed, counter: 0 }
    }

    /// Fills `out` with fresh bytes.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(&self.seed);
            context.update(&self.counter.to_be_bytes());
            self.counter += 1;
            chunk.copy_from_slice(&context.finish().as_ref()[..chunk.len()]);
        }
    }

    /// Fresh bytes as an array.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// A fresh number.
    pub fn next_u32(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    /// A fresh number.
    pub fn next_u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }
}

impl std::fmt::Debug for SeededRandom {
    /// The seed does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<random>")
    }
}
