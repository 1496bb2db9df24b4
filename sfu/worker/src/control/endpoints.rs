//! Media sessions as the control side knows them, from the offer to the last of their memory.

use protocol::{
    Duration, EndpointIndex, Instant, ParticipantId, RoomId,
    client::MediaSection,
    media::Ssrc,
    node::{NodeError, NodeEventBody},
};
use sfu_core::{Endpoint, EndpointPlan, Removal};
use sfu_transport::{
    dtls::{Handshake, HandshakeOutput},
    ice::{CredentialsPair, IceAgent, IceCredentials},
    sdp::{self, AnswerParams, Candidates, Negotiated, NegotiationParams, Offer},
    srtp::SrtpKeys,
};

use super::Control;
use crate::{
    command::WorkerCommand,
    session::{MediaKeys, Session, SessionMemory},
    snapshot::SessionSnapshot,
    ufrag, uplink,
};

/// From the answer to the keys. Whoever takes longer comes anew, as a browser gives up too.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A session: what was agreed, and how far it is.
pub(super) struct EndpointEntry {
    pub(super) room: RoomId,
    pub(super) participant: ParticipantId,
    pub(super) negotiated: Negotiated,
    pub(super) local: IceCredentials,
    pub(super) stage: Stage,
}

/// How far a session is.
pub(super) enum Stage {
    /// The worker answers checks; DTLS goes on here until `deadline`.
    Handshaking { handshake: Box<dyn Handshake>, deadline: Instant },
    /// The worker has the keys. The handshake stays for a client that missed its last flight; a
    /// session that came from a snapshot has none.
    Live { keys: SrtpKeys, handshake: Option<Box<dyn Handshake>> },
    /// The worker was asked to hand the memory back.
    Leaving(Leaving),
}

impl Stage {
    pub(super) fn handshake_mut(&mut self) -> Option<&mut dyn Handshake> {
        match self {
            Stage::Handshaking { handshake, .. } => Some(handshake.as_mut()),
            Stage::Live { handshake, .. } => handshake.as_mut().map(|it| it.as_mut() as _),
            Stage::Leaving(_) => None,
        }
    }

    /// When something must be done although nothing came in.
    pub(super) fn timeout(&self) -> Option<Instant> {
        match self {
            Stage::Handshaking { handshake, deadline } => {
                Some(handshake.poll_timeout().map_or(*deadline, |due| due.min(*deadline)))
            }
            Stage::Live { handshake, .. } => handshake.as_ref()?.poll_timeout(),
            Stage::Leaving(_) => None,
        }
    }
}

/// What becomes of a session when the worker has handed it back.
pub(super) enum Leaving {
    /// It is freed.
    ForGood,
    /// It is built again from a snapshot, with these keys.
    ToBeRestored(SrtpKeys),
}

impl Control {
    pub(super) fn add_endpoint(
        &mut self,
        now: Instant,
        room: RoomId,
        participant: ParticipantId,
        offer: &str,
        sections: &[MediaSection],
    ) -> Result<String, NodeError> {
        let entry = self.rooms.get(&room).ok_or(NodeError::UnknownRoom)?;
        let (room_index, is_known) = (entry.index, entry.participants.contains_key(&participant));
        if entry.is_closing || entry.participants.len() >= self.config.limits.participants_per_room
        {
            return Err(NodeError::Full);
        }
        if is_known {
            return self.update_endpoint(room, participant, offer, sections);
        }
        let negotiated = self.negotiate(offer, sections, None)?;
        let profiles = negotiated.srtp_profiles();
        let handshake = self.config.handshakes.server(negotiated.remote_fingerprint, &profiles);
        let index = self.free_endpoints.pop().ok_or(NodeError::Full)?;
        let local = ufrag::credentials(index, &mut self.random);
        let answer = self.answer(&negotiated, &local);
        let credentials =
            CredentialsPair { local: local.clone(), remote: negotiated.remote_ice.clone() };
        let ice = IceAgent::new(now, credentials, self.random.next_u64());
        let plan = &negotiated.plan;
        let limits = &self.config.limits;
        let seed = self.random.next_u64();
        let memory = SessionMemory {
            session: Session::new(index, ice, None, Ssrc(self.random.next_u32()), plan),
            endpoint: Some(Endpoint::new(index, room_index, participant, plan, limits, seed)),
        };
        self.command(room_index, WorkerCommand::AddSession(Box::new(memory)));
        let stage = Stage::Handshaking { handshake, deadline: now + CONNECT_TIMEOUT };
        let entry = EndpointEntry { room, participant, negotiated, local, stage };
        self.endpoints[index.get() as usize] = Some(entry);
        if let Some(entry) = self.rooms.get_mut(&room) {
            entry.participants.insert(participant, index);
            entry.sessions += 1;
        }
        Ok(answer)
    }

    pub(super) fn update_endpoint(
        &mut self,
        room: RoomId,
        participant: ParticipantId,
        offer: &str,
        sections: &[MediaSection],
    ) -> Result<String, NodeError> {
        let index = self.endpoint_of(room, participant)?;
        let Some(entry) = self.entry(index) else { return Err(NodeError::UnknownParticipant) };
        let previous = entry.negotiated.clone();
        let mut local = entry.local.clone();
        let negotiated = self.negotiate(offer, sections, Some(&previous))?;
        if negotiated.remote_ice != previous.remote_ice {
            local = ufrag::credentials(index, &mut self.random);
            let remote = negotiated.remote_ice.clone();
            let credentials = CredentialsPair { local: local.clone(), remote };
            self.command_session(index, WorkerCommand::RestartIce(index, credentials));
        }
        if negotiated.plan != previous.plan {
            let seed = self.random.next_u64();
            let transport_cc = uplink::extension_id(&negotiated.plan);
            let plan = EndpointPlan::new(&negotiated.plan, &self.config.limits, seed);
            self.command_session(index, WorkerCommand::ReplacePlan(index, plan, transport_cc));
        }
        let answer = self.answer(&negotiated, &local);
        if let Some(entry) = self.entry_mut(index) {
            entry.negotiated = negotiated;
            entry.local = local;
        }
        Ok(answer)
    }

    fn negotiate(
        &mut self,
        offer: &str,
        sections: &[MediaSection],
        previous: Option<&Negotiated>,
    ) -> Result<Negotiated, NodeError> {
        let refuse = |error: sdp::SdpError| NodeError::BadOffer(error.to_string());
        let offer = Offer::parse(offer).map_err(refuse)?;
        let session_id = self.random.next_u64();
        let codecs = self.config.codecs.as_slice();
        let mut draw_ssrc = || Ssrc(self.random.next_u32());
        let mut params = NegotiationParams { codecs, session_id, draw_ssrc: &mut draw_ssrc };
        sdp::negotiate(&offer, sections, previous, &mut params).map_err(refuse)
    }

    fn answer(&self, negotiated: &Negotiated, local: &IceCredentials) -> String {
        let params = AnswerParams {
            ice: local,
            fingerprint: self.config.handshakes.fingerprint(),
            candidates: Candidates {
                udp: &self.config.candidates,
                tcp: &self.config.tcp_candidates,
            },
        };
        sdp::answer_text(negotiated, &params)
    }

    /// Carries out what a handshake has come to: flights to send, keys, or failure.
    pub(super) fn drain_handshake(&mut self, index: EndpointIndex) {
        while let Some(stage) = self.stage_mut(index)
            && let Some(output) = stage.handshake_mut().and_then(Handshake::poll)
        {
            match output {
                HandshakeOutput::Transmit(flight) => {
                    self.command_session(index, WorkerCommand::Transmit(index, flight));
                }
                HandshakeOutput::Keys(keys) => self.handle_keys(index, keys),
                HandshakeOutput::Failed(_) => self.end(index),
            }
        }
    }

    fn handle_keys(&mut self, index: EndpointIndex, keys: SrtpKeys) {
        let Some(entry) = self.entry_mut(index) else { return };
        let media = Box::new(MediaKeys::new(&keys));
        let stage = std::mem::replace(&mut entry.stage, Stage::Leaving(Leaving::ForGood));
        if let Stage::Handshaking { handshake, .. } = stage {
            entry.stage = Stage::Live { keys, handshake: Some(handshake) };
            self.command_session(index, WorkerCommand::SetKeys(index, media));
        } else {
            entry.stage = stage;
        }
    }

    /// Ends a session of the node's own accord and says so.
    pub(super) fn end(&mut self, index: EndpointIndex) {
        if let Some(Stage::Handshaking { .. } | Stage::Live { .. }) = self.stage_mut(index) {
            self.tell_of(index, |participant| NodeEventBody::Ended { participant });
            self.remove(index, Leaving::ForGood);
        }
    }

    /// Asks the worker for a session back; its participant may come anew at once.
    pub(super) fn remove(&mut self, index: EndpointIndex, leaving: Leaving) {
        let Some(entry) = self.entry_mut(index) else { return };
        let (room, participant) = (entry.room, entry.participant);
        let removal = match leaving {
            Leaving::ForGood => Removal::ForGood,
            Leaving::ToBeRestored(_) => Removal::ToReturn,
        };
        let was_asked = matches!(entry.stage, Stage::Leaving(_));
        entry.stage = Stage::Leaving(leaving);
        if !was_asked {
            self.command_session(index, WorkerCommand::RemoveSession(index, removal));
        }
        if removal == Removal::ForGood
            && let Some(room) = self.rooms.get_mut(&room)
        {
            room.participants.remove(&participant);
        }
    }

    /// Takes a session that the worker handed back.
    pub(super) fn handle_removed(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        memory: Option<Box<SessionMemory>>,
    ) {
        let Some(entry) = self.entry(index) else { return };
        let room = entry.room;
        let snapshot = match (&entry.stage, &memory) {
            (Stage::Leaving(Leaving::ToBeRestored(keys)), Some(memory)) => {
                SessionSnapshot::take(now, &entry.negotiated, &entry.local, keys, memory)
            }
            _ => None,
        };
        drop(memory);
        let is_back = snapshot.is_some_and(|snapshot| self.rebuild(now, index, snapshot).is_ok());
        if !is_back {
            self.forget(index);
        }
        self.finish_restore(room);
    }

    pub(super) fn forget(&mut self, index: EndpointIndex) {
        let Some(entry) = self.endpoints[index.get() as usize].take() else { return };
        self.free_endpoints.push(index);
        if let Some(room) = self.rooms.get_mut(&entry.room) {
            room.sessions -= 1;
            // A session that failed to come back from its snapshot is still on the list.
            if room.participants.get(&entry.participant) == Some(&index) {
                room.participants.remove(&entry.participant);
            }
        }
        self.forget_if_closed(entry.room);
    }

    pub(super) fn entry_mut(&mut self, index: EndpointIndex) -> Option<&mut EndpointEntry> {
        self.endpoints.get_mut(index.get() as usize)?.as_mut()
    }
}
