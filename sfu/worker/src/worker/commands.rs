//! Commands of the control side, applied between batches; all memory in them goes back.

use protocol::{EndpointIndex, Instant};
use sfu_core::Removal;
use sfu_transport::ice::CredentialsPair;

use super::{ROUND, Worker, send, session_mut};
use crate::{
    command::{Memory, WorkerCommand, WorkerOutput},
    session::{MediaKeys, SessionMemory},
    sink::Sink,
};

impl Worker {
    /// Applies a command. The shell drains the outputs before the next one, so that what a command
    /// gives back always finds room.
    pub fn handle_command(&mut self, now: Instant, command: WorkerCommand, sink: &mut impl Sink) {
        match command {
            WorkerCommand::OpenRoom(room) => {
                let opened = self.forwarder.open_room(room);
                self.counters.invariant_violations += u64::from(!opened);
            }
            WorkerCommand::CloseRoom(room) => {
                let closed = self.forwarder.close_room(room);
                self.counters.invariant_violations += u64::from(!closed);
            }
            WorkerCommand::AddSession(memory) => self.add_session(now, memory),
            WorkerCommand::RemoveSession(index, removal) => {
                let memory = self.remove_session(now, index, removal);
                self.outputs.push(WorkerOutput::Removed(index, memory));
            }
            WorkerCommand::SetKeys(index, keys) => self.set_keys(now, index, keys),
            WorkerCommand::Transmit(index, flight) => {
                if let Some(session) = session_mut(&mut self.sessions, index)
                    && let Some(tuple) = session.ice.selected()
                {
                    send(sink, tuple, &flight);
                }
                self.free(Memory::Flight(flight));
            }
            WorkerCommand::RestartIce(index, credentials) => {
                self.restart_ice(now, index, credentials, sink);
            }
            WorkerCommand::ReplacePlan(index, plan, transport_cc) => {
                if let Some(session) = session_mut(&mut self.sessions, index) {
                    session.uplink.set_extension_id(transport_cc);
                }
                let replaced = self.forwarder.replace_plan(now, index, plan);
                self.announce_streams(now, index);
                self.free(Memory::Plan(replaced));
            }
            WorkerCommand::SetView(index, view) => {
                self.forwarder.set_view(now, index, &view);
                self.free(Memory::View(view));
            }
            WorkerCommand::SetSource(index, source, state) => {
                self.forwarder.set_source(now, index, source, state);
            }
            WorkerCommand::SetVoice(index, priority) => {
                self.forwarder.set_voice_priority(index, priority);
            }
        }
        self.serve_forwarder(now, sink);
    }

    fn add_session(&mut self, now: Instant, mut memory: Box<SessionMemory>) {
        let index = memory.session.index;
        let place = self.sessions.get_mut(index.get() as usize).filter(|place| place.is_none());
        let (Some(place), Some(endpoint)) = (place, memory.endpoint.take()) else {
            self.counters.invariant_violations += 1;
            self.free(Memory::Session(memory));
            return;
        };
        *place = Some(memory);
        self.session_count += 1;
        self.next_round.get_or_insert(now + ROUND);
        if let Err(refused) = self.forwarder.add_endpoint(now, endpoint) {
            self.counters.invariant_violations += 1;
            if let Some(Some(memory)) = self.sessions.get_mut(index.get() as usize) {
                memory.endpoint = Some(refused.endpoint);
            }
        }
        // A session that comes from a snapshot has its keys already.
        self.announce_streams(now, index);
    }

    fn remove_session(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        removal: Removal,
    ) -> Option<Box<SessionMemory>> {
        let mut memory = self.sessions.get_mut(index.get() as usize)?.take()?;
        self.session_count -= 1;
        self.tuples.remove_session(&memory.session.ice, index);
        let endpoint = self.forwarder.remove_endpoint(now, index, removal);
        memory.endpoint = endpoint.or(memory.endpoint);
        Some(memory)
    }

    fn set_keys(&mut self, now: Instant, index: EndpointIndex, keys: Box<MediaKeys>) {
        let Some(session) = session_mut(&mut self.sessions, index) else {
            self.free(Memory::Keys(keys));
            return;
        };
        let replaced = session.keys.replace(keys);
        session.refresh_media_path(now);
        self.announce_streams(now, index);
        self.announce_if_ready(now, index);
        if let Some(replaced) = replaced {
            self.free(Memory::Keys(replaced));
        }
    }

    /// Lets the SRTP sender know the streams of the slots and where their numbers begin.
    fn announce_streams(&mut self, now: Instant, index: EndpointIndex) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        let Some(keys) = session.keys.as_mut() else { return };
        self.forwarder.set_copies_allowed(index, keys.sender.may_copy());
        for stream in self.forwarder.outgoing_streams(now, index) {
            let repair = stream.repair.into_iter();
            for (ssrc, last_seq) in repair.chain([(stream.ssrc, stream.last_seq)]) {
                if keys.sender.add_stream(ssrc, last_seq.add(1)).is_err() {
                    self.counters.invariant_violations += 1;
                }
            }
        }
    }

    fn restart_ice(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        credentials: CredentialsPair,
        sink: &mut impl Sink,
    ) {
        let session = session_mut(&mut self.sessions, index);
        let Some(session) = session else {
            return self.free(Memory::Credentials(credentials));
        };
        if let Some(retired) = session.ice.restart(now, credentials) {
            self.free(Memory::RetiredCredentials(retired));
        }
        self.send_own_checks(now, index, sink);
    }

    /// Gives memory back to the control side.
    fn free(&mut self, memory: Memory) {
        self.outputs.push(WorkerOutput::Free(memory));
    }
}
