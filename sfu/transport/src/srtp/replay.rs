//! Which packets of a stream have been delivered: index guess and replay window (RFC 3711 §3.3).
//!
//! Nothing here changes before [`ReplayWindow::accept`], which is called for authentic packets
//! only.

/// The guessed index of a packet of a stream whose highest index is `highest` (RFC 3711 §3.3.1).
///
/// `None` if no packet has that index: before the first, or after the last of 2^48.
pub(super) fn guess_index(highest: u64, seq: u16) -> Option<u64> {
    const HALF: u16 = 0x8000;
    let roc = highest >> 16;
    let highest_seq = (highest & 0xFFFF) as u16;
    let guessed_roc = if highest_seq < HALF {
        let wrapped_backwards = seq > highest_seq && seq - highest_seq > HALF;
        if wrapped_backwards { roc.checked_sub(1)? } else { roc }
    } else {
        let wrapped_forwards = highest_seq - HALF > seq;
        if wrapped_forwards { roc + 1 } else { roc }
    };
    let index = guessed_roc << 16 | u64::from(seq);
    (index <= INDEX_MAX).then_some(index)
}

/// The last index of a stream under one key (RFC 3711 §3.3.1).
pub(super) const INDEX_MAX: u64 = (1 << 48) - 1;

/// The indices that were delivered: all below a window of 64 × `WORDS`, and those marked in it.
///
/// RFC 3711 §3.3.2 asks for a window of at least 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReplayWindow<const WORDS: usize> {
    highest: u64,
    /// A bit for each index of the window, at the index modulo the window's width.
    delivered: [u64; WORDS],
}

/// What a [`ReplayWindow`] knows of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It was not delivered.
    Fresh,
    /// It was delivered.
    Replayed,
    /// It lies before the window.
    TooOld,
}

impl<const WORDS: usize> ReplayWindow<WORDS> {
    /// Indices up to the highest whose delivery is remembered.
    pub(super) const WIDTH: u64 = 64 * WORDS as u64;

    /// A window whose first delivered packet is `first`; earlier ones are still fresh.
    pub(super) fn starting_at(first: u64) -> Self {
        let mut window = ReplayWindow { highest: first, delivered: [0; WORDS] };
        window.mark(first);
        window
    }

    /// A window for which everything up to `highest` was delivered.
    pub(super) fn resumed_after(highest: u64) -> Self {
        ReplayWindow { highest, delivered: [u64::MAX; WORDS] }
    }

    /// The highest index delivered.
    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    /// Whether `index` may be delivered.
    pub(super) fn freshness(&self, index: u64) -> Freshness {
        if index > self.highest {
            Freshness::Fresh
        } else if self.highest - index >= Self::WIDTH {
            Freshness::TooOld
        } else if self.delivered[Self::word(index)] & bit(index) == 0 {
            Freshness::Fresh
        } else {
            Freshness::Replayed
        }
    }

    /// Marks a fresh and authentic `index` as delivered.
    pub(super) fn accept(&mut self, index: u64) {
        if index > self.highest {
            let steps = index - self.highest;
            if steps >= Self::WIDTH {
                self.delivered = [0; WORDS];
            } else {
                for skipped in self.highest + 1..index {
                    self.delivered[Self::word(skipped)] &= !bit(skipped);
                }
            }
            self.highest = index;
        }
        self.mark(index);
    }

    fn mark(&mut self, index: u64) {
        self.delivered[Self::word(index)] |= bit(index);
    }

    fn word(index: u64) -> usize {
        (index % Self::WIDTH / 64) as usize
    }
}

fn bit(index: u64) -> u64 {
    1 << (index % 64)
}

#[cfg(test)]
mod tests;
