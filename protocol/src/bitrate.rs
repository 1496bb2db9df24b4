//! Bits per second as a type.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A rate in bits per second, of whole packets with their RTP headers and without UDP's and IP's.
///
/// Arithmetic saturates: a rate is never below [`Bitrate::ZERO`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bitrate(u64);

impl Bitrate {
    /// Nothing.
    pub const ZERO: Bitrate = Bitrate(0);

    /// Makes a rate of `bps` bits per second.
    #[must_use]
    pub const fn from_bps(bps: u64) -> Self {
        Bitrate(bps)
    }

    /// Makes a rate of `kbps` thousand bits per second.
    #[must_use]
    pub const fn from_kbps(kbps: u64) -> Self {
        Bitrate(kbps.saturating_mul(1_000))
    }

    /// Bits per second.
    #[must_use]
    pub const fn as_bps(self) -> u64 {
        self.0
    }

    /// This rate times `factor`; a factor that is negative or no number gives [`Bitrate::ZERO`].
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Bitrate((self.0 as f64 * factor) as u64)
    }

    /// This rate and `other` together.
    #[must_use]
    pub const fn saturating_add(self, other: Bitrate) -> Self {
        Bitrate(self.0.saturating_add(other.0))
    }

    /// What is left of this rate without `other`.
    #[must_use]
    pub const fn saturating_sub(self, other: Bitrate) -> Self {
        Bitrate(self.0.saturating_sub(other.0))
    }

    /// Bytes that fit into `time`, rounded down.
    #[must_use]
    pub const fn bytes_in(self, time: Duration) -> u64 {
        let bits = self.0 as u128 * time.as_micros() / 1_000_000;
        (bits / 8) as u64
    }
}

#[cfg(test)]
mod tests;
