//! SDP: a client's offer in, a plan for the engine and an answer for the client out.
//!
//! [`Offer::parse`] reads what the client can do, [`negotiate`] decides what of it is used, and
//! [`answer_text`] says so. The client always offers and the node answers (RFC 3264, 9429), so
//! there is no glare and no state beyond [`Negotiated`], which is serialisable: with it the same
//! answer can be written again after a restore.
//!
//! It never follows an address in an offer: candidates are dropped unread, because the node learns
//! a client's addresses from authenticated checks alone. It never echoes a line of the offer that
//! it has not understood.
//!
//! The line parser is ours. `rtc-sdp` 0.21 refuses a whole offer for one m-line of a kind that it
//! does not know and for lines out of the order of RFC 8866 §5, has no limit of its own, and copies
//! each line twice; all that is needed here of the syntax is `m=` and `a=`. It serves the tests as
//! an independent reader of our answers.
//!
//! Bounds: [`OFFER_BYTES_MAX`], [`LINE_BYTES_MAX`], [`SECTIONS_MAX`], [`ATTRIBUTES_MAX`]; time is
//! linear in the offer's length. Tests: `tests.rs` beside the code, `tests/it/sdp.rs` with offers
//! of real clients.

mod answer;
mod attributes;
mod error;
mod format;
mod negotiation;
mod offer;
#[cfg(test)]
mod tests;

pub use answer::{AnswerParams, CANDIDATE_PRIORITY, Candidates, answer_text};
pub use error::SdpError;
pub use format::{Format, H264Profile};
pub use negotiation::{
    AnsweredExtension, AnsweredPayload, AnsweredRole, AnsweredSection, Negotiated,
    NegotiationParams, negotiate,
};
pub use offer::{
    Direction, Extension, FeedbackSet, MediaHead, Offer, OfferedExtension, OfferedPayload,
    OfferedSection, Setup, Transport,
};

/// The longest offer, in bytes.
pub const OFFER_BYTES_MAX: usize = protocol::client::SDP_BYTES_MAX;

/// The longest line, in bytes. Identity assertions are the longest that browsers write.
pub const LINE_BYTES_MAX: usize = 8 * 1024;

/// The most m-lines: 4 that send and 53 that receive, with room for seven of others.
pub const SECTIONS_MAX: usize = 64;

/// The most `a=` lines of one m-line, or before the first. Chromium writes about 130.
pub const ATTRIBUTES_MAX: usize = 1024;

/// The most simulcast encodings of one m-line; others are not answered, so they are not sent.
pub const RIDS_MAX: usize = 3;

/// The most SSRCs read of one m-line; the rest is ignored.
pub const SSRCS_MAX: usize = 20;
