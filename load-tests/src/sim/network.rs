//! Links: what a network does to datagrams, drawn from a seed.
//!
//! A datagram is lost, damaged, copied, queued behind others, delayed, in this order. Without
//! reordering a link keeps the order, whatever its jitter.

use protocol::{Duration, Instant};

use crate::random::Random;

/// How datagrams get lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// None does.
    None,
    /// Each with this probability in thousandths.
    Random(u32),
    /// In bursts (Gilbert and Elliott), all in thousandths.
    Burst {
        /// Probability that a good stretch ends with a datagram.
        begin: u32,
        /// Probability that a bad stretch ends with a datagram.
        end: u32,
        /// Loss within a bad stretch.
        loss: u32,
    },
}

/// A bottleneck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bottleneck {
    /// Bits per second.
    pub bits_per_second: u64,
    /// The longest that a datagram waits; it is dropped where it would wait longer.
    pub queue: Duration,
}

/// What a link is like, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// The shortest way.
    pub delay: Duration,
    /// Added to it at random, evenly from 0 up to this.
    pub jitter: Duration,
    /// See [`Loss`].
    pub loss: Loss,
    /// Thousandths of the datagrams that are held back by `reorder_by`, others overtaking them.
    pub reorder: u32,
    /// See `reorder`.
    pub reorder_by: Duration,
    /// Thousandths of the datagrams that come twice.
    pub duplicate: u32,
    /// Thousandths of the datagrams in which one bit is flipped.
    pub corrupt: u32,
    /// Its capacity.
    pub bottleneck: Option<Bottleneck>,
}

impl LinkConfig {
    /// A good home: 15 to 20 ms each way, nothing lost.
    pub const GOOD: LinkConfig = LinkConfig {
        delay: Duration::from_millis(15),
        jitter: Duration::from_millis(5),
        loss: Loss::None,
        reorder: 0,
        reorder_by: Duration::ZERO,
        duplicate: 0,
        corrupt: 0,
        bottleneck: None,
    };

    /// Nothing gets through.
    pub const DEAD: LinkConfig = LinkConfig { loss: Loss::Random(1_000), ..LinkConfig::GOOD };
}

/// One direction between an address and the node.
#[derive(Clone, Debug)]
pub struct Link {
    config: LinkConfig,
    random: Random,
    is_bad_stretch: bool,
    /// The bottleneck is busy until then.
    busy_until: Instant,
    /// When the last datagram that kept its place arrives.
    last_arrival: Instant,
    /// Datagrams that did not get through.
    pub lost: u64,
}

/// A datagram at the far end of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// When.
    pub at: Instant,
    /// What.
    pub datagram: Vec<u8>,
    /// No bit of it was flipped.
    pub is_intact: bool,
}

impl Link {
    /// A link that draws from `seed`.
    #[must_use]
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        Link {
            config,
            random: Random::new(seed),
            is_bad_stretch: false,
            busy_until: Instant::ZERO,
            last_arrival: Instant::ZERO,
            lost: 0,
        }
    }

    /// From here on the link is like this.
    pub fn set_config(&mut self, config: LinkConfig) {
        self.config = config;
    }

    /// The rate of the bottleneck, in bits per second.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        self.config.bottleneck.map(|bottleneck| bottleneck.bits_per_second)
    }

    /// How long a datagram would wait at `now`.
    #[must_use]
    pub fn queue(&self, now: Instant) -> Duration {
        self.busy_until.saturating_duration_since(now)
    }

    /// Sends a datagram: none, one or two arrive.
    pub fn carry(&mut self, now: Instant, mut datagram: Vec<u8>) -> Vec<Delivery> {
        if self.loses() {
            self.lost += 1;
            return Vec::new();
        }
        let is_intact = datagram.is_empty() || !self.random.chance(self.config.corrupt);
        if !is_intact {
            let place = self.random.below(datagram.len() as u64) as usize;
            datagram[place] ^= 1 << self.random.below(8);
        }
        let Some(leaves) = self.pass_bottleneck(now, datagram.len()) else {
            self.lost += 1;
            return Vec::new();
        };
        let at = self.arrival(leaves);
        let mut deliveries = vec![Delivery { at, datagram, is_intact }];
        if self.random.chance(self.config.duplicate) {
            let copy = Delivery { at: self.arrival(leaves), ..deliveries[0].clone() };
            deliveries.push(copy);
        }
        deliveries
    }

    fn loses(&mut self) -> bool {
        match self.config.loss {
            Loss::None => false,
            Loss::Random(per_mille) => self.random.chance(per_mille),
            Loss::Burst { begin, end, loss } => {
                let changes = if self.is_bad_stretch { end } else { begin };
                self.is_bad_stretch ^= self.random.chance(changes);
                self.is_bad_stretch && self.random.chance(loss)
            }
        }
    }

    /// When the last bit of `length` bytes is through, if they find room in the queue.
    fn pass_bottleneck(&mut self, now: Instant, length: usize) -> Option<Instant> {
        let Some(Bottleneck { bits_per_second, queue }) = self.config.bottleneck else {
            return Some(now);
        };
        let begins = now.max(self.busy_until);
        if begins.saturating_duration_since(now) > queue {
            return None;
        }
        let micros = (length as u64 * 8 * 1_000_000).div_ceil(bits_per_second);
        self.busy_until = begins + Duration::from_micros(micros);
        Some(self.busy_until)
    }

    fn arrival(&mut self, leaves: Instant) -> Instant {
        let jitter_us = self.config.jitter.as_micros() as u64;
        let jitter = Duration::from_micros(self.random.below(jitter_us + 1));
        let at = leaves + self.config.delay + jitter;
        if self.random.chance(self.config.reorder) {
            return at + self.config.reorder_by;
        }
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }
}

#[cfg(test)]
mod tests;
