//! Names of things. Each is a type of its own, so that none can stand in for another.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Makes a number into an id: short `Debug` for log lines, `get` for tables and wires.
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($number:ty), $mark:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        pub struct $name(#[ts(type = "number")] pub $number);

        impl $name {
            /// The bare number.
            #[must_use]
            pub const fn get(self) -> $number {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($mark, "{}"), self.0)
            }
        }
    };
}

number_id! {
    /// A person or bot in a room. It is also the CSRC in every packet that carries their media
    /// (RFC 3550 §5.1), so it is never 0 and never used twice in the life of a room.
    ParticipantId(u32), "p"
}
number_id! {
    /// A live room, numbered by the signaling process that owns it.
    RoomId(u64), "r"
}
number_id! {
    /// Which ownership of a room a request speaks for. A node refuses one lower than it has seen.
    Epoch(u64), "e"
}
number_id! {
    /// A request of signaling to a node; repeating it has no further effect.
    RequestId(u64), "q"
}
number_id! {
    /// The place of a media session in one worker's tables, below the number configured.
    EndpointIndex(u32), "s"
}

/// The name of a room as it stands in a link: 1 to 64 of `a-z`, `0-9`, `-`, no `-` at either end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct RoomName(String);

/// Why a text is not a [`RoomName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRoomName {
    /// No character at all.
    #[error("a room name needs at least one character")]
    Empty,
    /// More than [`RoomName::LENGTH_MAX`] characters.
    #[error("a room name has at most 64 characters")]
    TooLong,
    /// A character outside `a-z`, `0-9`, `-`, or a `-` at an end.
    #[error("a room name is made of a-z, 0-9 and inner hyphens")]
    Character,
}

impl RoomName {
    /// The longest name, in characters.
    pub const LENGTH_MAX: usize = 64;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoomName {
    type Error = BadRoomName;

    fn try_from(text: String) -> Result<Self, BadRoomName> {
        if text.is_empty() {
            return Err(BadRoomName::Empty);
        }
        if text.len() > Self::LENGTH_MAX {
            return Err(BadRoomName::TooLong);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !text.bytes().all(allowed) || text.starts_with('-') || text.ends_with('-') {
            return Err(BadRoomName::Character);
        }
        Ok(RoomName(text))
    }
}

impl From<RoomName> for String {
    fn from(name: RoomName) -> String {
        name.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoomName {
    /// A room's name may be personal, so it does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<room>")
    }
}
