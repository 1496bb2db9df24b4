//! What signaling and the SFU say to each other, over whatever bus carries it.
//!
//! Requests are idempotent by id. A node answers each with one [`NodeReport::Response`] and tells
//! by [`NodeReport::Event`] what happens of itself, numbered without holes.

use serde::{Deserialize, Serialize};

use crate::{
    client::{ConnectionState, MediaSection, SendConstraint, SlotMapping, SourceState, View},
    ids::{Epoch, ParticipantId, RequestId, RoomId},
    media::{Source, VoicePriority},
};

/// Signaling asks a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeRequest {
    /// Names the request in its response.
    pub id: RequestId,
    /// The room it is about.
    pub room: RoomId,
    /// The ownership it speaks for.
    pub epoch: Epoch,
    /// What is asked.
    pub command: NodeCommand,
}

/// What signaling can ask.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum NodeCommand {
    /// Makes the room; no effect if it is there.
    OpenRoom,
    /// Ends every session of the room and forgets it.
    CloseRoom,
    /// Lists the participants with a session.
    ListRoom,
    /// Makes a session from an offer.
    AddEndpoint {
        /// Whose.
        participant: ParticipantId,
        /// The client's SDP.
        offer: String,
        /// The use of each m-line.
        sections: Vec<MediaSection>,
    },
    /// Takes a new offer of a session: ICE restart, or more slots.
    UpdateEndpoint {
        /// Whose.
        participant: ParticipantId,
        /// The client's SDP.
        offer: String,
        /// The use of each m-line.
        sections: Vec<MediaSection>,
    },
    /// Ends a session.
    RemoveEndpoint {
        /// Whose.
        participant: ParticipantId,
    },
    /// Says what a participant shows.
    SetView {
        /// Whose.
        participant: ParticipantId,
        /// What.
        view: View,
    },
    /// Turns a source on (with its state) or off.
    SetSource {
        /// Whose.
        participant: ParticipantId,
        /// Which.
        source: Source,
        /// Its state; `None` is off.
        state: Option<SourceState>,
    },
    /// Says how much a participant's voice counts where more speak than are heard.
    SetVoice {
        /// Whose.
        participant: ParticipantId,
        /// How much.
        priority: VoicePriority,
    },
    /// Takes the room apart into snapshots and builds it again from them in place: what an upgrade
    /// does. Every session then waits for an ICE restart ([`NodeEvent::RestartIce`]).
    RestoreRoom,
}

impl std::fmt::Debug for NodeCommand {
    /// An offer holds addresses and keys, so only the name of the command prints.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            NodeCommand::OpenRoom => "OpenRoom",
            NodeCommand::CloseRoom => "CloseRoom",
            NodeCommand::ListRoom => "ListRoom",
            NodeCommand::AddEndpoint { .. } => "AddEndpoint",
            NodeCommand::UpdateEndpoint { .. } => "UpdateEndpoint",
            NodeCommand::RemoveEndpoint { .. } => "RemoveEndpoint",
            NodeCommand::SetView { .. } => "SetView",
            NodeCommand::SetSource { .. } => "SetSource",
            NodeCommand::SetVoice { .. } => "SetVoice",
            NodeCommand::RestoreRoom => "RestoreRoom",
        })
    }
}

/// What a node says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NodeReport {
    /// To a request.
    Response(NodeResponse),
    /// Of itself.
    Event(NodeEvent),
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeResponse {
    /// The request.
    pub id: RequestId,
    /// Its room.
    pub room: RoomId,
    /// How it went.
    pub result: Result<NodeAnswer, NodeError>,
}

/// A request that succeeded.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum NodeAnswer {
    /// Nothing more to say.
    Done,
    /// The SDP answer to an offer.
    Answer(String),
    /// Who has a session.
    Participants(Vec<ParticipantId>),
}

impl std::fmt::Debug for NodeAnswer {
    /// An SDP does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            NodeAnswer::Done => "Done",
            NodeAnswer::Answer(_) => "Answer",
            NodeAnswer::Participants(_) => "Participants",
        })
    }
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NodeError {
    /// The room is not here.
    #[error("the node has no such room")]
    UnknownRoom,
    /// The participant has no session here.
    #[error("the participant has no session on this node")]
    UnknownParticipant,
    /// A newer owner has spoken.
    #[error("the room has a newer owner")]
    OldEpoch,
    /// The offer cannot be answered; the text says why and what cures it.
    #[error("the offer cannot be answered: {0}")]
    BadOffer(String),
    /// No place for another room or session.
    #[error("the node is full")]
    Full,
}

/// What happened on a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeEvent {
    /// Numbered per node from 1 without holes.
    pub seq: u64,
    /// The room.
    pub room: RoomId,
    /// What.
    pub body: NodeEventBody,
}

/// Kinds of [`NodeEvent`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NodeEventBody {
    /// A session's media connection is up for the first time.
    Connected {
        /// Whose.
        participant: ParticipantId,
    },
    /// The node ended a session: no authenticated check for 30 s, a failed handshake, a fault.
    Ended {
        /// Whose.
        participant: ParticipantId,
    },
    /// Slots of a session carry something else.
    Slots {
        /// Whose.
        participant: ParticipantId,
        /// The changes.
        slots: Vec<SlotMapping>,
    },
    /// What is wanted of a session's own pictures has changed.
    SendConstraints {
        /// Whose.
        participant: ParticipantId,
        /// The changes; each source at most once.
        sources: Vec<SendConstraint>,
    },
    /// How the line to a session's client does has changed; at most once a second.
    Connection {
        /// Whose.
        participant: ParticipantId,
        /// How.
        state: ConnectionState,
    },
    /// The session's client must restart ICE.
    RestartIce {
        /// Whose.
        participant: ParticipantId,
    },
    /// Somebody else has the floor of the room.
    Speaker {
        /// Who; `None` if they have left or turned their microphone off and nobody followed.
        participant: Option<ParticipantId>,
    },
}
