//! What crosses between the control side and a worker: values, applied between batches.
//!
//! The control side allocates all memory and gets it back to be freed, so the worker's thread never
//! calls the allocator.

use protocol::{
    EndpointIndex, ParticipantId,
    client::{ConnectionState, SendConstraint, SlotContent, SourceState, View},
    media::{Mid, Source, VoicePriority},
};
use sfu_core::{EndpointPlan, Removal, RoomIndex};
use sfu_transport::ice::{CredentialsPair, RetiredCredentials};

use crate::session::{MediaKeys, SessionMemory};

/// What the control side tells a worker.
#[derive(Debug)]
pub enum WorkerCommand {
    /// Makes a room; its number is free.
    OpenRoom(RoomIndex),
    /// Forgets a room whose sessions are all removed.
    CloseRoom(RoomIndex),
    /// Adds a session; its number is free.
    AddSession(Box<SessionMemory>),
    /// Removes a session; answered by [`WorkerOutput::Removed`].
    RemoveSession(EndpointIndex, Removal),
    /// Gives a session its SRTP contexts.
    SetKeys(EndpointIndex, Box<MediaKeys>),
    /// Sends a DTLS datagram to a session's client.
    Transmit(EndpointIndex, Vec<u8>),
    /// New ICE credentials after a new offer.
    RestartIce(EndpointIndex, CredentialsPair),
    /// A renegotiated plan, and the extension id of transport-wide numbers that come.
    ReplacePlan(EndpointIndex, Box<EndpointPlan>, Option<u8>),
    /// What a participant shows.
    SetView(EndpointIndex, Box<View>),
    /// Turns a source on or off.
    SetSource(EndpointIndex, Source, Option<SourceState>),
    /// How much a participant's voice counts.
    SetVoice(EndpointIndex, VoicePriority),
}

/// What a worker tells the control side.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a datagram crosses without the heap")]
pub enum WorkerOutput {
    /// A DTLS datagram from a proven tuple.
    Dtls(EndpointIndex, DtlsDatagram),
    /// The session has a proven tuple and keys: media flows.
    Connected(EndpointIndex),
    /// No authenticated check came for 30 s (RFC 7675 §5.1). The session is still there.
    Expired(EndpointIndex),
    /// A slot carries something else.
    Slot(EndpointIndex, Mid, Option<SlotContent>),
    /// Somebody else has the floor of the room, or nobody.
    Speaker(RoomIndex, Option<ParticipantId>),
    /// Something else is wanted of a session's own pictures.
    SendConstraint(EndpointIndex, SendConstraint),
    /// The line to a session's client does otherwise.
    Connection(EndpointIndex, ConnectionState),
    /// The session is gone from the worker; its number is free when this arrives.
    Removed(EndpointIndex, Option<Box<SessionMemory>>),
    /// Memory the worker is done with.
    Free(Memory),
}

/// Memory on its way back to the allocator.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "boxing what is to be freed would allocate")]
pub enum Memory {
    /// A session that could not be added.
    Session(Box<SessionMemory>),
    /// Keys, applied or not.
    Keys(Box<MediaKeys>),
    /// A sent flight.
    Flight(Vec<u8>),
    /// Credentials that found no session.
    Credentials(CredentialsPair),
    /// Credentials that a restart displaced.
    RetiredCredentials(RetiredCredentials),
    /// A replaced plan.
    Plan(Box<EndpointPlan>),
    /// An applied view.
    View(Box<View>),
}

/// A DTLS datagram held without the heap, so that a worker can hand it on.
#[derive(Clone)]
pub struct DtlsDatagram {
    length: u16,
    bytes: [u8; DtlsDatagram::LENGTH_MAX],
}

impl DtlsDatagram {
    /// The longest that is taken: Firefox's ClientHello is 1 408 bytes [measured].
    pub const LENGTH_MAX: usize = 1_500;

    /// Copies `datagram`; `None` if it is too long.
    #[must_use]
    pub fn copy_of(datagram: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes.get_mut(..datagram.len())?.copy_from_slice(datagram);
        Some(DtlsDatagram { length: datagram.len() as u16, bytes })
    }

    /// The datagram.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl std::fmt::Debug for DtlsDatagram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<dtls {} bytes>", self.length)
    }
}
