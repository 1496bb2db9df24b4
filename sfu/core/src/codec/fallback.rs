//! When a source is asked to come in VP8: while somebody is there who cannot decode what it would
//! come in otherwise.
//!
//! Every participant negotiates the room's whole set of codecs, and all of them have VP8 (RFC 7742
//! §5). A publisher picks another one by its own taste; a receiver that lacks it would see nothing.
//! So the publisher is asked to change for as long as such a receiver shows the source, and goes on
//! in the same stream from a keyframe on. The codec that it left is remembered, because once it has
//! changed nobody lacks what it sends.

use protocol::media::Codec;

/// What one source is asked for; see the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fallback {
    /// The codec that some receiver lacks.
    avoided: Option<Codec>,
}

impl Fallback {
    /// The codec that everybody has.
    pub const COMMON: Codec = Codec::Vp8;

    /// The codec that the source is asked to come in; `None` leaves it to the publisher.
    #[must_use]
    pub fn wanted(&self) -> Option<Codec> {
        self.avoided.map(|_| Fallback::COMMON)
    }

    /// Decides anew. `in_use` is the codec of the source's newest packet, if any came; `has_common`
    /// whether the publisher has negotiated VP8; `is_lacked` whether a receiver of the source lacks
    /// a codec. Returns whether what is wanted has changed.
    pub fn review(
        &mut self,
        in_use: Option<Codec>,
        has_common: bool,
        is_lacked: impl Fn(Codec) -> bool,
    ) -> bool {
        let candidate =
            self.avoided.or(in_use).filter(|&codec| codec != Fallback::COMMON && has_common);
        let before = self.wanted();
        self.avoided = candidate.filter(|&codec| is_lacked(codec));
        self.wanted() != before
    }
}

#[cfg(test)]
mod tests;
