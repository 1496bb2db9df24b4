//! What the machines want done, and what they tell of themselves.

use std::sync::Arc;

use protocol::{
    ParticipantId, RoomId, RoomName,
    client::{EndReason, ErrorCode, ServerBody},
    node::NodeRequest,
};

use crate::{
    ids::SocketId,
    link::{BrowserKey, LinkCheck},
};

/// Something for the shell to do, in the order in which it is polled.
#[derive(Clone, PartialEq)]
pub enum Transmit {
    /// Says something on a socket.
    Message {
        /// Where.
        socket: SocketId,
        /// The message's number.
        seq: u64,
        /// The message, perhaps shared with other sockets.
        body: Arc<ServerBody>,
    },
    /// Closes a socket after what was said on it. The machine hears no more of it.
    Close {
        /// Which.
        socket: SocketId,
        /// Why.
        reason: CloseReason,
    },
    /// Asks the store what a link opens; the answer goes to `Rooms::handle_link_checked`.
    CheckLink(LinkCheck),
    /// Has the store remember that a browser is kept out of a room.
    Ban {
        /// The room.
        room: RoomName,
        /// The browser.
        browser: BrowserKey,
        /// What its person called themselves.
        name: String,
    },
    /// Has the store forget that.
    LiftBan {
        /// The room.
        room: RoomName,
        /// The browser.
        browser: BrowserKey,
    },
    /// Asks the media node.
    Request(NodeRequest),
}

impl std::fmt::Debug for Transmit {
    /// A secret does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Transmit::Message { socket, seq, body } => write!(f, "{socket:?} {seq} {body:?}"),
            Transmit::Close { socket, reason } => write!(f, "{socket:?} close {reason:?}"),
            Transmit::CheckLink(check) => write!(f, "{:?} check link", check.socket),
            Transmit::Ban { .. } => write!(f, "ban"),
            Transmit::LiftBan { .. } => write!(f, "lift ban"),
            Transmit::Request(request) => write!(f, "{request:?}"),
        }
    }
}

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The call is over for this client.
    Ended,
    /// The join was refused.
    Refused,
    /// The client broke the rules of the connection.
    Abuse,
    /// The server is stopping.
    Stopping,
}

/// Something that happened, for logs and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomEvent {
    /// Somebody is in.
    Joined {
        /// Where.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
    },
    /// Somebody was refused.
    JoinRefused {
        /// Why.
        code: ErrorCode,
    },
    /// Somebody went before the node had answered.
    JoinAbandoned,
    /// Somebody is out.
    Left {
        /// Where.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// How it came.
        cause: LeaveCause,
    },
    /// A session goes on over another socket.
    Resumed {
        /// Where.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// From where.
        from: ResumedFrom,
    },
    /// A session is not there any more, or the ticket is not its own.
    ResumeRefused,
    /// The media node has answered a probe.
    NodeAnswered,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeaveCause {
    /// The client said so.
    Left,
    /// The socket was lost and did not come back.
    TimedOut,
    /// The node ended the media.
    MediaLost,
    /// The server is stopping.
    Stopping,
    /// A host has removed them.
    Removed,
    /// A host has ended the call for everybody.
    EndedByHost,
}

impl From<LeaveCause> for EndReason {
    fn from(cause: LeaveCause) -> EndReason {
        match cause {
            LeaveCause::Left => EndReason::Left,
            LeaveCause::TimedOut | LeaveCause::MediaLost => EndReason::MediaLost,
            LeaveCause::Stopping => EndReason::ServerStopping,
            LeaveCause::Removed => EndReason::Removed,
            LeaveCause::EndedByHost => EndReason::EndedByHost,
        }
    }
}

impl From<LeaveCause> for CloseReason {
    fn from(cause: LeaveCause) -> CloseReason {
        match cause {
            LeaveCause::Stopping => CloseReason::Stopping,
            LeaveCause::Left
            | LeaveCause::TimedOut
            | LeaveCause::MediaLost
            | LeaveCause::Removed
            | LeaveCause::EndedByHost => CloseReason::Ended,
        }
    }
}

/// What a resumed client was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResumedFrom {
    /// The messages that it missed.
    Ring,
    /// The state as it is.
    Snapshot,
}
