//! ICE-lite for one session (RFC 8445 §2.5): answers checks, knows which tuples are proven, says
//! where media goes and when it must stop.
//!
//! It never gathers, never controls, and sends a check of its own only before media moves from one
//! tuple to another: whoever replays a captured nomination from elsewhere cannot answer that check,
//! so nothing is diverted. Nothing but an authentic check changes its state.
//!
//! It is bounded: [`TUPLES_MAX`] tuples, of which the one checked longest ago makes room, never the
//! selected one; the last 64 transaction ids. It allocates only when made or restarted.
//!
//! | state | authentic check | nomination elsewhere and our check answered | 10 s | 30 s |
//! |---|---|---|---|---|
//! | waiting | flowing to its tuple | – | – | ended |
//! | flowing | – | flowing to the new tuple | stopped | ended |
//! | stopped | on the selected tuple: flowing | flowing to the new tuple | – | ended |
//! | ended | refused | – | – | – |
//!
//! While stopped, a check elsewhere counts as a nomination.
//! A stream that closes takes its tuples along; if one of them was selected, the agent waits again.
//!
//! 10 s count from the last check on the selected tuple, 30 s from the last on any, or from the
//! beginning, a restore or a restart. Tests: `ice/tests.rs`.

mod agent;
mod credentials;
mod tuples;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use agent::{IceAgent, RetiredCredentials};
pub use credentials::{BadIceCredentials, IceCredentials};

use crate::{drop_reason::drop_reasons, tuple::Tuple};

/// Tuples that one session may have proven; mediasoup allows as many (`IceServer.cpp`,
/// `MaxTuples`).
pub const TUPLES_MAX: usize = 8;

/// Without a check on the selected tuple for this long, media stops.
///
/// Browsers check every 2.5 s (libwebrtc) to 5 s (RFC 7675 §5.1 asks for about 5).
pub const MEDIA_TIMEOUT: Duration = Duration::from_secs(10);

/// Without a check for this long, the session ends: consent expires (RFC 7675 §5.1).
pub const SESSION_TIMEOUT: Duration = Duration::from_secs(30);

drop_reasons! {
    /// Why a well-formed STUN message was not taken. It changed nothing and is not answered.
    IceDrop {
        /// For a ufrag that is not ours.
        UnknownUfrag = "ice_unknown_ufrag",
        /// Made with another password.
        NotAuthentic = "ice_not_authentic",
        /// Seen before, on another tuple.
        Replayed = "ice_replayed",
        /// Answers no check that we have sent on this tuple.
        Unasked = "ice_unasked",
        /// The session has ended.
        Ended = "ice_ended",
    }
}

/// What an authentic STUN message changed, and what there is to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IceOutcome {
    /// Bytes of the response in the caller's buffer, to be sent back on the same tuple; 0 for none.
    pub response_length: usize,
    /// The tuple was not proven before: media and DTLS may come from it.
    pub newly_proven: bool,
    /// The tuple that made room for it: it is not proven any more.
    pub evicted: Option<Tuple>,
    /// Media goes to this message's tuple and did not before.
    pub selected_changed: bool,
    /// Media had stopped and flows again.
    pub media_resumed: bool,
    /// [`IceAgent::poll_transmit`] has a check to send.
    pub check_due: bool,
}

/// What the passing of time changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceLapse {
    /// No check on the selected tuple for [`MEDIA_TIMEOUT`]: send nothing until one comes.
    MediaStopped,
    /// No check for [`SESSION_TIMEOUT`]: the session is over.
    Ended,
}

/// A session's ICE as a value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceSnapshot {
    /// The credentials of the last offer and answer.
    pub current: CredentialsPair,
    /// Those before a restart that the client has not completed.
    pub previous: Option<CredentialsPair>,
    /// Where media went last.
    pub last_tuple: Option<Tuple>,
}

impl std::fmt::Debug for IceSnapshot {
    /// Credentials do not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<ice>")
    }
}

/// The credentials of both ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialsPair {
    /// Ours.
    pub local: IceCredentials,
    /// The client's.
    pub remote: IceCredentials,
}

#[cfg(test)]
mod tests;
