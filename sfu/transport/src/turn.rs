//! A TURN server for one connection that relays to our own media alone (RFC 8656).
//!
//! To a browser it is a server like any other: it allocates, permits, binds channels and relays. It
//! opens no socket: the relayed address is a name for the browser's end of the stream, and what is
//! sent to one of our media addresses goes to the worker as a datagram from that name. Every other
//! peer is refused with 403, so there is nothing behind it to reach, and nothing to abuse.
//!
//! It never waits, never reads a clock and never opens anything. Bounded: one allocation a
//! connection, [`ALLOCATIONS_PER_USER`] a credential, and permissions and channels to as many
//! addresses as we have. Runs where control runs: it may allocate.
//!
//! | request | without proof | with proof |
//! |---|---|---|
//! | Binding | the address | the address |
//! | Allocate | 401, 438 | 437 if there is one, 442, 440, 486, or an allocation |
//! | Refresh | 401, 438 | 437 without, 441 of another user, 443, or longer life, or its end |
//! | CreatePermission | 401, 438 | 437, 441, 400, 403 and 443 for a peer, or a permission |
//! | ChannelBind | 401, 438 | 437, 441, 400, 403 and 443 for a peer, or a channel |
//! | Send, ChannelData | nothing | a datagram, if the peer is permitted |
//!
//! Tests: `turn/tests.rs`.

mod credentials;
mod message;
mod server;

pub use credentials::TurnSecret;
pub use server::{Family, ToMedia, TurnConnection, TurnQuota, TurnServer, TurnTime};

use crate::drop_reason::drop_reasons;

/// Allocations that one credential may have at once: a browser makes one for each of its networks,
/// and keeps the old ones until a restart of ICE is done. LiveKit allows as many.
pub const ALLOCATIONS_PER_USER: usize = 12;

/// Requests refused in a row after which a connection is closed. A browser is refused once, to
/// learn the nonce; the rest is for nonces that grow stale, and to tell what is wrong.
pub const REFUSALS_MAX: u32 = 16;

drop_reasons! {
    /// Why a message on a TURN connection was neither answered nor relayed.
    TurnDrop {
        /// Not a message of TURN, or one that cannot be read.
        NotTurn = "turn_not_turn",
        /// Relayed without an allocation.
        NoAllocation = "turn_no_allocation",
        /// To or from a peer that is not permitted.
        NoPermission = "turn_no_permission",
        /// On a channel that is not bound.
        UnknownChannel = "turn_unknown_channel",
        /// Longer than any datagram of ours.
        TooLong = "turn_too_long",
    }
}

#[cfg(test)]
mod tests;
