//! Why something is not done, and why a call is over.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a command failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON of ours, or a field has the wrong shape.
    BadMessage,
    /// A `kind` this version does not know.
    Unsupported,
    /// A frame over its limit.
    TooLong,
    /// More commands than the limit allows.
    TooFast,
    /// Nothing was asked in time.
    TooSlow,
    /// There is no such room, or the link is not one of its own: deliberately the same.
    UnknownLink,
    /// The link was right and has expired or been revoked.
    ExpiredLink,
    /// The name is empty, too long or unprintable.
    BadName,
    /// The text of a chat message is empty, too long, or has control characters in it.
    BadText,
    /// Nobody in the room has that id.
    UnknownParticipant,
    /// The rules of the room, or one's role, do not let one do it.
    NotAllowed,
    /// No poll of that id is open.
    UnknownPoll,
    /// A host has sent one away from the lobby.
    Denied,
    /// A host has removed this browser from the room for good.
    Banned,
    /// The room is locked.
    Locked,
    /// The code is not the room's, or too many were tried; deliberately the same.
    BadCode,
    /// The offer cannot be answered.
    BadOffer,
    /// The room is full.
    RoomFull,
    /// The server is full.
    ServerFull,
    /// The session to resume is gone; join anew.
    SessionGone,
    /// A command that needs a joined session.
    NotJoined,
    /// The media node does not answer.
    MediaUnavailable,
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// One has left.
    Left,
    /// The media connection was lost for 30 s, or never came about.
    MediaLost,
    /// The same session goes on over another socket.
    Replaced,
    /// The server is stopping; the client may come again.
    ServerStopping,
    /// A host has removed one from the room.
    Removed,
    /// A host has ended the call for everybody.
    EndedByHost,
}
