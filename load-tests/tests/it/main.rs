//! A whole Préau on the loopback, and clients of another make: the `webrtc` crate brings its own
//! SDP, ICE, DTLS and SRTP, so no mistake of ours can hide by being made on both sides.
//!
//! Sound and pictures are not encoded, only packed as an encoder's would be: the server reads no
//! more of them than that.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it awaits; all else fails it"
)]

mod calls;
mod disobedience;
mod impostors;
mod media;
mod participants;
mod person;
mod reception;
mod relay;
mod signaling;
mod site;
