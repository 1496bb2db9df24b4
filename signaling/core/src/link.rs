//! What a link opens. Which links there are is the store's affair.

use protocol::client::Role;

/// What a link's secret gives to whoever holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// What they may do.
    pub role: Role,
    /// The secret of the room's guest link, for hosts alone.
    pub guest_secret: Option<String>,
}

impl std::fmt::Debug for Grant {
    /// A secret does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant").field("role", &self.role).finish_non_exhaustive()
    }
}

/// Why a link opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// No such room, or not its secret: deliberately the same.
    Unknown,
    /// The secret was right, and has expired or been revoked.
    Expired,
    /// The store does not answer.
    Unavailable,
}
