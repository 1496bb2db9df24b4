//! The control side of the workers: what signaling asks, SDP, DTLS, and the building of sessions.
//!
//! A machine like the others: requests, worker outputs and time go in; commands and reports come
//! out. It may allocate at will, because no packet of media ever waits for it. It never touches a
//! socket. It is bounded by [`Limits`]: rooms, sessions, and one handshake each.
//!
//! A session's way: `AddEndpoint` → [`Stage::Handshaking`] (the worker has the session and answers
//! checks) → keys → [`Stage::Live`] → removal or restore → [`Stage::Leaving`] until the worker has
//! handed the memory back, when its number is free again.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};

use protocol::{
    EndpointIndex, Instant, ParticipantId, RequestId, RoomId,
    client::SlotMapping,
    media::CodecSet,
    node::{
        NodeAnswer, NodeCommand, NodeError, NodeEvent, NodeEventBody, NodeReport, NodeRequest,
        NodeResponse,
    },
};
use sfu_core::{Limits, RoomIndex};

use crate::{
    command::{WorkerCommand, WorkerOutput},
    handshakes::HandshakeMaker,
    random::SeededRandom,
};

use endpoints::{EndpointEntry, Leaving, Stage};
use rooms::RoomEntry;

mod endpoints;
mod restore;
mod rooms;

/// What the control side needs to know at start.
pub struct ControlConfig {
    /// How many workers share the rooms; at least 1.
    pub workers: usize,
    /// Sizes of all tables, the same as the workers'.
    pub limits: Limits,
    /// The codecs of every room.
    pub codecs: CodecSet,
    /// Where browsers send media by UDP, best first.
    pub candidates: Vec<SocketAddr>,
    /// Where they open streams for ICE-TCP, best first.
    pub tcp_candidates: Vec<SocketAddr>,
    /// Makes DTLS handshakes and knows our certificate's fingerprint.
    pub handshakes: Box<dyn HandshakeMaker>,
    /// 32 secret random bytes.
    pub seed: [u8; 32],
}

/// The control side of one node.
pub struct Control {
    config: ControlConfig,
    random: SeededRandom,
    rooms: BTreeMap<RoomId, RoomEntry>,
    free_rooms: Vec<RoomIndex>,
    endpoints: Vec<Option<EndpointEntry>>,
    free_endpoints: Vec<EndpointIndex>,
    commands: VecDeque<(usize, WorkerCommand)>,
    reports: VecDeque<NodeReport>,
    events_sent: u64,
}

impl Control {
    /// Takes the memory of all tables.
    #[must_use]
    pub fn new(config: ControlConfig) -> Self {
        let rooms = config.limits.rooms as u32;
        let endpoints = config.limits.endpoints as u32;
        Control {
            random: SeededRandom::new(config.seed),
            rooms: BTreeMap::new(),
            free_rooms: (0..rooms).rev().map(RoomIndex).collect(),
            endpoints: (0..endpoints).map(|_| None).collect(),
            free_endpoints: (0..endpoints).rev().map(EndpointIndex).collect(),
            commands: VecDeque::new(),
            reports: VecDeque::new(),
            events_sent: 0,
            config,
        }
    }

    /// Takes a request of signaling. Its response comes as a report, at once or later.
    pub fn handle_request(&mut self, now: Instant, request: NodeRequest) {
        let (id, room) = (request.id, request.room);
        match self.carry_out(now, request) {
            Ok(Some(answer)) => self.respond(id, room, Ok(answer)),
            Ok(None) => {}
            Err(error) => self.respond(id, room, Err(error)),
        }
    }

    /// Takes what the worker said.
    pub fn handle_output(&mut self, now: Instant, output: WorkerOutput) {
        match output {
            WorkerOutput::Dtls(index, datagram) => {
                if let Some(handshake) = self.stage_mut(index).and_then(Stage::handshake_mut) {
                    handshake.handle_datagram(now, datagram.as_bytes());
                    self.drain_handshake(index);
                }
            }
            WorkerOutput::Connected(index) => {
                self.tell_of(index, |participant| NodeEventBody::Connected { participant });
            }
            WorkerOutput::Expired(index) => self.end(index),
            WorkerOutput::Slot(index, mid, carries) => {
                let mapping = SlotMapping { mid: mid.into(), carries };
                self.tell_slot(index, mapping);
            }
            WorkerOutput::Speaker(room, participant) => self.tell_speaker(room, participant),
            WorkerOutput::SendConstraint(index, constraint) => {
                self.tell_of(index, |participant| NodeEventBody::SendConstraints {
                    participant,
                    sources: vec![constraint],
                });
            }
            WorkerOutput::Connection(index, state) => {
                self.tell_of(index, |participant| NodeEventBody::Connection { participant, state });
            }
            WorkerOutput::Removed(index, memory) => self.handle_removed(now, index, memory),
            WorkerOutput::Free(memory) => drop(memory),
        }
    }

    /// Lets handshakes retransmit and time out.
    pub fn handle_timeout(&mut self, now: Instant) {
        for position in 0..self.endpoints.len() {
            let index = EndpointIndex(position as u32);
            let Some(stage) = self.stage_mut(index) else { continue };
            if stage.timeout().is_none_or(|due| due > now) {
                continue;
            }
            if let Stage::Handshaking { deadline, .. } = stage
                && *deadline <= now
            {
                self.end(index);
            } else if let Some(handshake) = stage.handshake_mut() {
                handshake.handle_timeout(now);
                self.drain_handshake(index);
            }
        }
    }

    /// When [`Control::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.endpoints.iter().flatten().filter_map(|entry| entry.stage.timeout()).min()
    }

    /// The next command, and the number of the worker it is for.
    pub fn poll_command(&mut self) -> Option<(usize, WorkerCommand)> {
        self.commands.pop_front()
    }

    /// The next report for signaling.
    pub fn poll_report(&mut self) -> Option<NodeReport> {
        self.reports.pop_front()
    }

    fn carry_out(
        &mut self,
        now: Instant,
        request: NodeRequest,
    ) -> Result<Option<NodeAnswer>, NodeError> {
        let room = request.room;
        self.check_epoch(room, request.epoch)?;
        match request.command {
            NodeCommand::OpenRoom => self.open_room(room, request.epoch),
            NodeCommand::CloseRoom => self.close_room(room),
            NodeCommand::ListRoom => {
                let entry = self.rooms.get(&room).ok_or(NodeError::UnknownRoom)?;
                let participants = entry.participants.keys().copied().collect();
                return Ok(Some(NodeAnswer::Participants(participants)));
            }
            NodeCommand::AddEndpoint { participant, offer, sections } => {
                let answer = self.add_endpoint(now, room, participant, &offer, &sections)?;
                return Ok(Some(NodeAnswer::Answer(answer)));
            }
            NodeCommand::UpdateEndpoint { participant, offer, sections } => {
                let answer = self.update_endpoint(room, participant, &offer, &sections)?;
                return Ok(Some(NodeAnswer::Answer(answer)));
            }
            NodeCommand::RemoveEndpoint { participant } => {
                let index = self.endpoint_of(room, participant)?;
                self.remove(index, Leaving::ForGood);
                Ok(())
            }
            NodeCommand::SetView { participant, view } => {
                let index = self.endpoint_of(room, participant)?;
                self.command_session(index, WorkerCommand::SetView(index, Box::new(view)));
                Ok(())
            }
            NodeCommand::SetSource { participant, source, state } => {
                let index = self.endpoint_of(room, participant)?;
                self.command_session(index, WorkerCommand::SetSource(index, source, state));
                Ok(())
            }
            NodeCommand::SetVoice { participant, priority } => {
                let index = self.endpoint_of(room, participant)?;
                self.command_session(index, WorkerCommand::SetVoice(index, priority));
                Ok(())
            }
            NodeCommand::RestoreRoom => return self.restore_room(room, request.id),
        }?;
        Ok(Some(NodeAnswer::Done))
    }

    fn respond(&mut self, id: RequestId, room: RoomId, result: Result<NodeAnswer, NodeError>) {
        self.reports.push_back(NodeReport::Response(NodeResponse { id, room, result }));
    }

    /// Reports an event about the participant behind `index`, if there still is one.
    fn tell_of(&mut self, index: EndpointIndex, body: impl FnOnce(ParticipantId) -> NodeEventBody) {
        let Some(entry) = self.entry(index) else { return };
        let (room, participant) = (entry.room, entry.participant);
        self.tell(room, body(participant));
    }

    /// Reports who has the floor of the room behind `index`, if it still is one.
    fn tell_speaker(&mut self, index: RoomIndex, participant: Option<ParticipantId>) {
        let room = self.rooms.iter().find(|(_, entry)| entry.index == index);
        let Some(room) = room.map(|(&room, _)| room) else { return };
        let body = NodeEventBody::Speaker { participant };
        self.tell(room, body);
    }

    fn tell(&mut self, room: RoomId, body: NodeEventBody) {
        self.events_sent += 1;
        let event = NodeEvent { seq: self.events_sent, room, body };
        self.reports.push_back(NodeReport::Event(event));
    }

    /// Reports a slot's change, together with the one before if that was about the same session.
    fn tell_slot(&mut self, index: EndpointIndex, mapping: SlotMapping) {
        let Some(entry) = self.entry(index) else { return };
        let (room, whose) = (entry.room, entry.participant);
        if let Some(NodeReport::Event(event)) = self.reports.back_mut()
            && event.room == room
            && let NodeEventBody::Slots { participant, slots } = &mut event.body
            && *participant == whose
        {
            slots.push(mapping);
            return;
        }
        self.tell_of(index, |participant| NodeEventBody::Slots {
            participant,
            slots: vec![mapping],
        });
    }

    /// Sends a command to the worker that has the room.
    fn command(&mut self, room: RoomIndex, command: WorkerCommand) {
        self.commands.push_back((room.0 as usize % self.config.workers, command));
    }

    /// Sends a command to the worker that has the session.
    fn command_session(&mut self, index: EndpointIndex, command: WorkerCommand) {
        let room = self.entry(index).and_then(|entry| self.rooms.get(&entry.room));
        if let Some(room) = room.map(|room| room.index) {
            self.command(room, command);
        }
    }

    fn entry(&self, index: EndpointIndex) -> Option<&EndpointEntry> {
        self.endpoints.get(index.get() as usize)?.as_ref()
    }

    fn stage_mut(&mut self, index: EndpointIndex) -> Option<&mut Stage> {
        Some(&mut self.endpoints.get_mut(index.get() as usize)?.as_mut()?.stage)
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("rooms", &self.rooms.len()).finish_non_exhaustive()
    }
}
