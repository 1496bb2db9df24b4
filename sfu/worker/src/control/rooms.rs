//! Rooms as the control side knows them: who owns them and who is in.

use std::collections::BTreeMap;

use protocol::{EndpointIndex, Epoch, ParticipantId, RequestId, RoomId, node::NodeError};
use sfu_core::RoomIndex;

use super::{Control, endpoints::Leaving};
use crate::command::WorkerCommand;

/// A room of this node.
#[derive(Debug)]
pub(super) struct RoomEntry {
    pub(super) index: RoomIndex,
    /// The highest ownership seen; a lower one is refused.
    pub(super) epoch: Epoch,
    pub(super) participants: BTreeMap<ParticipantId, EndpointIndex>,
    /// The request that waits until every session is rebuilt from its snapshot.
    pub(super) restoring: Option<RequestId>,
    /// The room was closed; it goes when its last session has.
    pub(super) is_closing: bool,
    /// Sessions that the worker has not handed back.
    pub(super) sessions: usize,
}

impl Control {
    pub(super) fn check_epoch(&mut self, room: RoomId, epoch: Epoch) -> Result<(), NodeError> {
        let Some(entry) = self.rooms.get_mut(&room) else { return Ok(()) };
        if epoch < entry.epoch {
            return Err(NodeError::OldEpoch);
        }
        entry.epoch = epoch;
        Ok(())
    }

    pub(super) fn open_room(&mut self, room: RoomId, epoch: Epoch) -> Result<(), NodeError> {
        if let Some(entry) = self.rooms.get(&room) {
            return if entry.is_closing { Err(NodeError::UnknownRoom) } else { Ok(()) };
        }
        let index = self.free_rooms.pop().ok_or(NodeError::Full)?;
        self.command(index, WorkerCommand::OpenRoom(index));
        let entry = RoomEntry {
            index,
            epoch,
            participants: BTreeMap::new(),
            restoring: None,
            is_closing: false,
            sessions: 0,
        };
        self.rooms.insert(room, entry);
        Ok(())
    }

    pub(super) fn close_room(&mut self, room: RoomId) -> Result<(), NodeError> {
        let entry = self.rooms.get_mut(&room).ok_or(NodeError::UnknownRoom)?;
        entry.is_closing = true;
        let sessions: Vec<_> = entry.participants.values().copied().collect();
        for index in sessions {
            self.remove(index, Leaving::ForGood);
        }
        self.forget_if_closed(room);
        Ok(())
    }

    /// Forgets a closed room once the worker has handed its last session back.
    pub(super) fn forget_if_closed(&mut self, room: RoomId) {
        let Some(entry) = self.rooms.get(&room) else { return };
        if entry.is_closing && entry.sessions == 0 {
            let index = entry.index;
            self.command(index, WorkerCommand::CloseRoom(index));
            self.free_rooms.push(index);
            self.rooms.remove(&room);
        }
    }

    pub(super) fn endpoint_of(
        &self,
        room: RoomId,
        participant: ParticipantId,
    ) -> Result<EndpointIndex, NodeError> {
        let entry = self.rooms.get(&room).ok_or(NodeError::UnknownRoom)?;
        entry.participants.get(&participant).copied().ok_or(NodeError::UnknownParticipant)
    }
}
