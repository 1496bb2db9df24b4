//! Taking a room apart into snapshots and building it again from them, in place.
//!
//! It is what an upgrade, a move to another worker and a failover do; here both ends are one node.

use protocol::{
    EndpointIndex, Instant, RequestId, RoomId,
    node::{NodeAnswer, NodeError, NodeEventBody},
};

use super::{
    Control,
    endpoints::{Leaving, Stage},
};
use crate::{
    command::WorkerCommand,
    snapshot::{Place, RestoreError, SessionSnapshot},
};

impl Control {
    /// Asks the worker for every live session of the room; the response follows when all are
    /// rebuilt. Sessions that are still shaking hands have nothing to carry over and go on.
    pub(super) fn restore_room(
        &mut self,
        room: RoomId,
        request: RequestId,
    ) -> Result<Option<NodeAnswer>, NodeError> {
        let entry = self.rooms.get_mut(&room).ok_or(NodeError::UnknownRoom)?;
        if entry.restoring.is_some() {
            return Err(NodeError::Full);
        }
        entry.restoring = Some(request);
        let sessions: Vec<EndpointIndex> = entry.participants.values().copied().collect();
        for index in sessions {
            if let Some(Stage::Live { keys, .. }) = self.stage_mut(index) {
                let keys = keys.clone();
                self.remove(index, Leaving::ToBeRestored(keys));
            }
        }
        self.finish_restore(room);
        Ok(None)
    }

    /// Builds a session again from nothing but its snapshot, as another process would.
    pub(super) fn rebuild(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        snapshot: SessionSnapshot,
    ) -> Result<(), RestoreError> {
        let Some(entry) = self.endpoints.get_mut(index.get() as usize).and_then(Option::as_mut)
        else {
            return Ok(());
        };
        let Some(room) = self.rooms.get(&entry.room).map(|room| room.index) else { return Ok(()) };
        let place = Place { now, index, room, limits: &self.config.limits };
        let memory = snapshot.rebuild(&place, &mut self.random)?;
        entry.negotiated = snapshot.negotiated;
        entry.local = snapshot.local;
        entry.stage = Stage::Live { keys: snapshot.keys, handshake: None };
        self.command(room, WorkerCommand::AddSession(Box::new(memory)));
        self.tell_of(index, |participant| NodeEventBody::RestartIce { participant });
        Ok(())
    }

    /// Answers the request to restore `room` once no session waits to be rebuilt.
    pub(super) fn finish_restore(&mut self, room: RoomId) {
        let waits = self.endpoints.iter().flatten().any(|entry| {
            entry.room == room && matches!(entry.stage, Stage::Leaving(Leaving::ToBeRestored(_)))
        });
        if waits {
            return;
        }
        let request = self.rooms.get_mut(&room).and_then(|entry| entry.restoring.take());
        if let Some(request) = request {
            self.respond(request, room, Ok(NodeAnswer::Done));
        }
    }
}
