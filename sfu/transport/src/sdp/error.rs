//! Why an offer cannot be answered, and what cures it.

use protocol::media::{Codec, MediaKind, Mid, Source};

/// Why an offer cannot be answered. The text names the cause, then the cure, for developers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// Longer than [`super::OFFER_BYTES_MAX`].
    #[error("the offer is longer than 256 KiB: restrict the codecs of each m-line")]
    TooLong,
    /// The first line is not `v=0`.
    #[error("this is no SDP: it begins with \"v=0\"")]
    NotSdp,
    /// A line without `=` after one character, or longer than [`super::LINE_BYTES_MAX`].
    #[error("line {0} of the offer is not SDP, or is longer than 8 KiB: send the browser's text")]
    BadLine(usize),
    /// An m-line or one of its attributes that makes no sense.
    #[error("line {line} of the offer has a bad {what}: send the browser's text")]
    BadValue {
        /// Which line, from 1.
        line: usize,
        /// Which part of it.
        what: &'static str,
    },
    /// More m-lines than [`super::SECTIONS_MAX`].
    #[error("the offer has more than 64 m-lines: ask for fewer slots")]
    TooManySections,
    /// More attributes than [`super::ATTRIBUTES_MAX`].
    #[error("line {0}: more than 1024 attributes of one m-line: restrict its codecs")]
    TooManyAttributes(usize),
    /// Two m-lines with one name.
    #[error("two m-lines have the mid {0:?}: give each its own")]
    DuplicateMid(Mid),
    /// A role for an m-line that the offer has not.
    #[error("a role names the mid {0:?}, which no m-line of the offer has: name offered ones only")]
    UnknownMid(String),
    /// Two roles for one m-line.
    #[error("the mid {0:?} has two roles: name each m-line once")]
    RoleTwice(Mid),
    /// Two m-lines for one source.
    #[error("two m-lines publish {0:?}: publish each source on one")]
    SourceTwice(Source),
    /// No m-line that has a role can be used.
    #[error("no m-line has a role: name at least one m-line to publish or to receive on")]
    NothingNamed,
    /// Sound on a picture's m-line or the reverse, or no RTP at all.
    #[error("the m-line {mid:?} carries no {wanted:?} over RTP: offer it as that kind of media")]
    WrongKind {
        /// Which m-line.
        mid: Mid,
        /// What its role needs.
        wanted: MediaKind,
    },
    /// The m-line's direction does not allow its role.
    #[error("the m-line {mid:?} must be offered {wanted} or sendrecv")]
    WrongDirection {
        /// Which m-line.
        mid: Mid,
        /// What its role needs.
        wanted: &'static str,
    },
    /// None of the room's codecs.
    #[error("the m-line {mid:?} offers none of {codecs:?}: add one of them")]
    NoCodec {
        /// Which m-line.
        mid: Mid,
        /// What the room uses.
        codecs: Vec<Codec>,
    },
    /// Several m-lines without BUNDLE (RFC 9143).
    #[error("the offer has several m-lines without BUNDLE: add a=group:BUNDLE with every mid")]
    NoBundle,
    /// An m-line outside the BUNDLE group of the first.
    #[error("the m-line {0:?} is outside the BUNDLE group: add its mid to a=group:BUNDLE")]
    NotBundled(Mid),
    /// RTCP on a port of its own (RFC 5761).
    #[error("the m-line {0:?} has no a=rtcp-mux: offer RTCP on the port of RTP")]
    NoRtcpMux(Mid),
    /// No `a=ice-ufrag` or `a=ice-pwd`, or not of the length of RFC 8839 §5.4.
    #[error("the offer has no valid a=ice-ufrag and a=ice-pwd: offer ICE")]
    NoIceCredentials,
    /// No `a=fingerprint`.
    #[error("the offer has no a=fingerprint: offer DTLS-SRTP")]
    NoFingerprint,
    /// Fingerprints, but none in SHA-256.
    #[error("the offer has no sha-256 fingerprint: add a=fingerprint:sha-256")]
    NoSha256Fingerprint,
    /// The client insists on being the DTLS server, or on no connection (RFC 4145 §4).
    #[error("the client would not begin DTLS: offer a=setup:actpass or a=setup:active")]
    CannotBePassive,
    /// M-lines moved or vanished since the last offer (RFC 3264 §8).
    #[error("m-line number {0} is not the one of the last offer: append new m-lines only")]
    SectionMoved(usize),
    /// An m-line has another role than before.
    #[error("the mid {0:?} had another role: append an m-line for the new one")]
    RoleChanged(Mid),
    /// Another certificate: that would be another DTLS association.
    #[error("the offer's fingerprint has changed: join again with a new connection")]
    FingerprintChanged,
}
