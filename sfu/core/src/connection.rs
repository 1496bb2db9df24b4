//! What a receiver is told of its line.
//!
//! At most once a second, worse news after it has held for 2 s and better news after 3 s: a person
//! reads it, and a line that is being learnt wavers.

use protocol::{
    Bitrate, Duration, Instant,
    client::{ConnectionState, PictureState},
};

const APART: Duration = Duration::from_secs(1);

const WORSE_AFTER: Duration = Duration::from_secs(2);

const BETTER_AFTER: Duration = Duration::from_secs(3);

/// How a receiver's line does, and what its client knows of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionNews {
    seen: PictureState,
    seen_since: Instant,
    rate: Bitrate,
    told: Option<(Instant, ConnectionState)>,
}

impl Default for ConnectionNews {
    fn default() -> Self {
        ConnectionNews {
            seen: PictureState::Full,
            seen_since: Instant::ZERO,
            rate: Bitrate::ZERO,
            told: None,
        }
    }
}

impl ConnectionNews {
    /// Takes how it is at `now`. Whether the client is to hear of it.
    pub(crate) fn update(&mut self, now: Instant, pictures: PictureState, rate: Bitrate) -> bool {
        if pictures != self.seen {
            self.seen = pictures;
            self.seen_since = now;
        }
        self.rate = rate;
        let Some((told_at, told)) = self.told else {
            // Who has not heard anything takes it that all is well.
            return self.has_held(now, PictureState::Full);
        };
        let is_apart = now.saturating_duration_since(told_at) >= APART;
        let rate_moved = rate.as_bps().abs_diff(told.bits_per_second) * 5 >= told.bits_per_second;
        let state_moved = pictures != told.pictures && self.has_held(now, told.pictures);
        is_apart && (state_moved || (rate_moved && pictures == told.pictures))
    }

    /// What the client is told at `now`.
    pub(crate) fn tell(&mut self, now: Instant) -> ConnectionState {
        let state = ConnectionState { bits_per_second: self.rate.as_bps(), pictures: self.seen };
        self.told = Some((now, state));
        state
    }

    /// Whether what is seen has held long enough to be told after `told`.
    fn has_held(&self, now: Instant, told: PictureState) -> bool {
        let patience =
            if severity(self.seen) > severity(told) { WORSE_AFTER } else { BETTER_AFTER };
        now.saturating_duration_since(self.seen_since) >= patience
    }
}

const fn severity(pictures: PictureState) -> u8 {
    match pictures {
        PictureState::Full => 0,
        PictureState::Reduced => 1,
        PictureState::Paused => 2,
    }
}

#[cfg(test)]
mod tests;
