//! The DTLS handshake of a session: the node is the server, the client's certificate is the one its
//! SDP named, and what comes out is [`SrtpKeys`]. Nothing else of DTLS is used.
//!
//! [`Handshake`] is the face, so that an implementation can be replaced; [`ServerHandshake`] is the
//! one over `rtc-dtls` (DTLS 1.2, RFC 6347, 5764). That library is shielded from the network:
//!
//! - It reassembles in quadratic time and keeps repeated messages for ever, so messages are
//!   reassembled here ([`FRAGMENTS_MAX`], [`MESSAGE_BYTES_MAX`]) and each reaches it once, whole
//!   and in order. A forged fragment costs 0.2 µs and no memory.
//! - It forgets its retransmission timer at the first repeated ClientHello, so flights are
//!   repeated here: on a timer, and when the client repeats its own (RFC 6347 §4.2.4).
//! - It takes the client's order of SRTP profiles, and Chromium puts the dearer one first, so it is
//!   offered only the one profile that [`HandshakeParams::profiles`] prefers among the client's.
//! - A panic in it ends one handshake.
//! - When the handshake is finished the library is dropped: forged alerts and renegotiation find
//!   nobody. The last flight stays for a client that missed it.
//!
//! The caller gives it only datagrams from a tuple that ICE has authenticated. Plaintext alerts are
//! ignored throughout: anybody can forge one, and [`HANDSHAKE_TIMEOUT`] ends what they would end.
//!
//! `rtc-dtls` warns through the `log` facade of every extension that it does not know, three a
//! handshake with a browser: the binary filters the targets `rtc_dtls` and `rtc_shared`. Its random
//! numbers come from `ring`, the one exception to this crate's rule that randomness is an argument.
//!
//! Tests: `tests.rs` beside the code, `tests/it/dtls.rs` against the client side of `rtc-dtls`.

mod client;
mod client_hello;
mod fingerprint;
mod identity;
mod reassembly;
mod record;
mod server;
#[cfg(test)]
mod tests;

use protocol::{Duration, Instant};

pub use client::ClientHandshake;
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use identity::{Identity, IdentityError};
pub use server::{HandshakeParams, ServerHandshake};

use crate::srtp::SrtpKeys;

/// From the first datagram to the keys. A client that takes longer must begin anew.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The most fragments that a handshake may be made of; repeated ones do not count.
pub const FRAGMENTS_MAX: usize = 64;

/// The most bytes that the messages of a handshake may have together.
pub const MESSAGE_BYTES_MAX: usize = 32 * 1024;

/// The most times that a flight is repeated.
pub const RESENDS_MAX: u32 = 16;

/// A DTLS handshake that is told the time and what arrives, and answers with what to do.
/// [`ClientHandshake`] is the other side's, and there "the client" is the node.
///
/// After each `handle_` the caller polls until `None`.
pub trait Handshake: Send {
    /// Takes a datagram from the client.
    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]);

    /// Lets timers run that are due.
    fn handle_timeout(&mut self, now: Instant);

    /// What to do next.
    fn poll(&mut self) -> Option<HandshakeOutput>;

    /// When [`Handshake::handle_timeout`] is due; `None` while nothing is.
    fn poll_timeout(&self) -> Option<Instant>;
}

/// What a handshake asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeOutput {
    /// Send this datagram, at most 1 200 bytes, to where the client is.
    Transmit(Vec<u8>),
    /// The handshake is finished, once. Datagrams must still be given to it: the client may have
    /// missed the last flight.
    Keys(SrtpKeys),
    /// The handshake is over, once.
    Failed(HandshakeError),
}

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// [`HANDSHAKE_TIMEOUT`] is over.
    #[error("the DTLS handshake took longer than 10 s")]
    TimedOut,
    /// The client's certificate is not the one that its SDP named.
    #[error("the DTLS certificate is not the one of the SDP")]
    WrongFingerprint,
    /// The client offers no SRTP profile that the node has.
    #[error("the DTLS client offers no SRTP profile of ours")]
    NoSrtpProfile,
    /// Over [`FRAGMENTS_MAX`] or [`MESSAGE_BYTES_MAX`].
    #[error("the DTLS handshake is in too many pieces or too long")]
    TooMuch,
    /// Messages in an order that no client sends.
    #[error("the DTLS handshake is out of order")]
    OutOfOrder,
    /// The library refused; its words.
    #[error("the DTLS handshake was refused: {0}")]
    Refused(String),
    /// The library broke an invariant of its own.
    #[error("the DTLS library failed")]
    Panicked,
}
