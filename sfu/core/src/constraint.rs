//! How much of a picture its publisher is asked to send.
//!
//! More is asked for at once; less after nobody has wanted more for 5 s, because people page
//! through tiles, and a stopped encoding needs a keyframe to come back (LiveKit's
//! `DynacastPauseDelay` is 5 s too).

use protocol::{
    Duration, Instant,
    client::SendConstraint,
    media::{Codec, Source},
};

/// How long nobody wants more before less is asked for.
const LOWER_AFTER: Duration = Duration::from_secs(5);

/// An encoding that was asked for this long ago and does not flow is one that its publisher cannot
/// send: the message, the encoder's start and a keyframe take a second, its own bandwidth
/// estimation up to three.
const OVERDUE: Duration = Duration::from_secs(4);

/// Heights that are told apart, so that a tile that is drawn a little larger says nothing new.
const HEIGHTS: [u16; 8] = [90, 180, 270, 360, 540, 720, 1_080, 2_160];

/// How much of a picture receivers want.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    /// Encodings, counted from the smallest.
    pub(crate) encodings: u8,
    /// Height of the tallest picture that is of use.
    height: u16,
}

impl Wanted {
    /// Everything that there is.
    const EVERYTHING: Wanted = Wanted { encodings: u8::MAX, height: u16::MAX };

    /// The encodings up to `encoding`, for a picture of `height`, if that is less than everything:
    /// `count` encodings of a picture of `captured`.
    pub(crate) fn of_publication(encoding: u8, height: u16, count: u8, captured: u16) -> Self {
        if encoding + 1 >= count && height >= captured {
            return Wanted::EVERYTHING;
        }
        Wanted::up_to(encoding, height)
    }

    fn up_to(encoding: u8, height: u16) -> Self {
        let at_least = HEIGHTS.iter().find(|known| **known >= height);
        let height = at_least.copied().unwrap_or(u16::MAX);
        Wanted { encodings: encoding + 1, height }
    }
}

/// What one publisher is asked to send of one source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constraint {
    asked: Wanted,
    /// When more was last asked for.
    raised_at: Instant,
    /// Since when less is wanted, and the most of it.
    less: Option<(Instant, Wanted)>,
    codec: Option<Codec>,
    /// What the publisher was last told; `None` where nobody knows.
    told: Option<(Wanted, Option<Codec>)>,
}

impl Default for Constraint {
    /// A publisher that was told nothing sends everything.
    fn default() -> Self {
        Constraint {
            asked: Wanted::EVERYTHING,
            raised_at: Instant::ZERO,
            less: None,
            codec: None,
            told: Some((Wanted::EVERYTHING, None)),
        }
    }
}

impl Constraint {
    /// The source begins: everything is asked for until it is known what is wanted.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.asked = Wanted::EVERYTHING;
        self.raised_at = now;
        self.less = None;
    }

    /// Nobody knows what the publisher was told.
    pub(crate) const fn forget_told(&mut self) {
        self.told = None;
    }

    /// Somebody wants it. Whether the publisher is to hear of it.
    pub(crate) fn raise(&mut self, now: Instant, wanted: Wanted) -> bool {
        if let Some((_, most)) = &mut self.less {
            *most = (*most).max(wanted);
        }
        if wanted < self.asked {
            return false;
        }
        self.less = None;
        if wanted == self.asked {
            return false;
        }
        self.asked = wanted;
        self.raised_at = now;
        true
    }

    /// Takes the most that anybody wants at `now`. Whether the publisher is to hear of it.
    pub(crate) fn settle(&mut self, now: Instant, wanted: Wanted) -> bool {
        if wanted >= self.asked {
            return self.raise(now, wanted);
        }
        let (since, most) = self.less.get_or_insert((now, wanted));
        *most = (*most).max(wanted);
        if now.saturating_duration_since(*since) < LOWER_AFTER {
            return false;
        }
        self.asked = *most;
        self.less = None;
        true
    }

    /// Says in which codec the source is to come. Whether the publisher is to hear of it.
    pub(crate) fn set_codec(&mut self, codec: Option<Codec>) -> bool {
        std::mem::replace(&mut self.codec, codec) != codec
    }

    /// Whether `encoding` has been asked for long enough to flow if it ever does.
    pub(crate) fn is_overdue(&self, now: Instant, encoding: u8) -> bool {
        encoding < self.asked.encodings && now.saturating_duration_since(self.raised_at) >= OVERDUE
    }

    /// What the publisher has not been told yet; `encodings` is how many it has.
    pub(crate) fn take_untold(&mut self, source: Source, encodings: u8) -> Option<SendConstraint> {
        let asked = (self.asked, self.codec);
        if self.told.replace(asked) == Some(asked) {
            return None;
        }
        Some(SendConstraint {
            source,
            encodings: self.asked.encodings.min(encodings),
            max_height: self.asked.height,
            codec: self.codec,
        })
    }
}

#[cfg(test)]
mod tests;
