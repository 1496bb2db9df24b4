//! What a room makes of the node's reports.

use std::{collections::BTreeSet, sync::Arc};

use protocol::{
    Instant, ParticipantId, RequestId,
    client::{ErrorCode, Joined, Role, ServerBody},
    node::{NodeAnswer, NodeCommand, NodeError, NodeEventBody},
};

use super::{AtNode, Pending, Room, Timer, order::voice_priority};
use crate::{
    ids::Ticket,
    requests::Refusal,
    session::{Session, State},
    transmit::{LeaveCause, RoomEvent},
};

impl Room {
    /// The node's answer to one of this room's requests.
    pub(crate) fn handle_response(
        &mut self,
        now: Instant,
        request: RequestId,
        result: Result<NodeAnswer, NodeError>,
    ) {
        let pending = self.pending.remove(&request);
        self.timers.cancel(Timer::Answer(request));
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => return self.handle_failure(now, pending, &error),
        };
        match (pending, answer) {
            (Some(Pending::Join(id)), NodeAnswer::Answer(text)) => self.admit(now, id, text),
            (Some(Pending::Offer(id, re)), NodeAnswer::Answer(text)) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    let answer = session.sdp_form.write(text);
                    let body = ServerBody::Answer { re, answer };
                    session.say(&mut self.transmits, Arc::new(body));
                }
            }
            (Some(Pending::List), NodeAnswer::Participants(present)) => {
                self.reconcile(now, present);
            }
            (Some(Pending::Join(id)), NodeAnswer::Done | NodeAnswer::Participants(_)) => {
                self.refuse_join(now, id, no_answer(), AtNode::Here);
            }
            (Some(Pending::Offer(id, re)), NodeAnswer::Done | NodeAnswer::Participants(_)) => {
                self.refuse_offer(id, re, no_answer());
            }
            (Some(Pending::Open | Pending::List) | None, _) => {}
        }
    }

    /// The node said nothing to an offer for [`crate::Limits::node_answer`].
    pub(super) fn handle_no_answer(&mut self, now: Instant, request: RequestId) {
        match self.pending.remove(&request) {
            Some(Pending::Join(id)) => self.refuse_join(now, id, no_answer(), AtNode::Here),
            Some(Pending::Offer(id, re)) => self.refuse_offer(id, re, no_answer()),
            Some(Pending::Open | Pending::List) | None => {}
        }
    }

    /// Something happened at the node.
    pub(crate) fn handle_event(&mut self, now: Instant, body: NodeEventBody) {
        match body {
            NodeEventBody::Connected { .. } => {}
            NodeEventBody::Ended { participant } => self.handle_media_lost(now, participant),
            NodeEventBody::Slots { participant, slots } => {
                let Some(session) = self.sessions.get_mut(&participant) else {
                    return;
                };
                for slot in &slots {
                    session.slots.insert(slot.mid.clone(), slot.carries);
                }
                self.say_if_joined(participant, ServerBody::Slots { slots });
            }
            NodeEventBody::SendConstraints { participant, sources } => {
                let Some(session) = self.sessions.get_mut(&participant) else {
                    return;
                };
                for &constraint in &sources {
                    session.send.insert(constraint.source, constraint);
                }
                self.say_if_joined(participant, ServerBody::SendConstraints { sources });
            }
            NodeEventBody::Connection { participant, state } => {
                if let Some(session) = self.sessions.get_mut(&participant) {
                    session.connection = Some(state);
                }
                self.say_if_joined(participant, ServerBody::Connection(state));
            }
            NodeEventBody::RestartIce { participant } => {
                self.say_if_joined(participant, ServerBody::RestartIce);
            }
            NodeEventBody::Speaker { participant } => self.handle_speaker(participant),
        }
    }

    /// Says what [`Room::admit`] would say of the state to somebody who is not in yet.
    fn say_if_joined(&mut self, id: ParticipantId, body: ServerBody) {
        if let Some(session) = self.sessions.get_mut(&id)
            && session.is_joined()
        {
            session.say(&mut self.transmits, Arc::new(body));
        }
    }

    /// Somebody else has the floor. Who has left since is nobody.
    fn handle_speaker(&mut self, participant: Option<ParticipantId>) {
        let is_here = |id: &ParticipantId| self.sessions.get(id).is_some_and(Session::is_joined);
        let participant = participant.filter(is_here);
        self.speaker = participant;
        self.say_to_all(ServerBody::Speaker { participant });
    }

    /// Events of the node were lost: it must be asked who is there.
    pub(crate) fn handle_event_gap(&mut self) {
        let request = self.request(NodeCommand::ListRoom);
        self.pending.insert(request, Pending::List);
    }

    /// The operator wants the room taken apart and built again.
    pub(crate) fn handle_restore(&mut self) {
        self.request(NodeCommand::RestoreRoom);
    }

    fn handle_failure(&mut self, now: Instant, pending: Option<Pending>, error: &NodeError) {
        match error {
            NodeError::UnknownRoom | NodeError::OldEpoch => return self.handle_lost(now, error),
            NodeError::UnknownParticipant | NodeError::BadOffer(_) | NodeError::Full => {}
        }
        match pending {
            Some(Pending::Open) => self.handle_lost(now, error),
            Some(Pending::Join(id)) => self.refuse_join(now, id, refusal(error), AtNode::Gone),
            Some(Pending::Offer(id, re)) => self.refuse_offer(id, re, refusal(error)),
            Some(Pending::List) | None => {}
        }
    }

    /// The node has made a session: its owner is in, and the others hear of it.
    fn admit(&mut self, now: Instant, id: ParticipantId, answer: String) {
        let forbidden = self.take_forbidden(id);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let State::Joining(arriving) = &mut session.state else {
            return;
        };
        let socket = arriving.socket;
        let view = std::mem::take(&mut arriving.view);
        let ice_servers = std::mem::take(&mut arriving.ice_servers);
        session.state = State::Attached(socket);
        let participant = session.participant.clone();
        for on in &participant.sources {
            self.request(NodeCommand::SetSource {
                participant: id,
                source: on.source,
                state: Some(on.state),
            });
        }
        self.request(NodeCommand::SetView { participant: id, view });
        if participant.role == Role::Host {
            let priority = voice_priority(participant.role);
            self.request(NodeCommand::SetVoice { participant: id, priority });
        }
        self.note_arrival(now, id);
        let picture = self.picture(now, id);
        if let Some(session) = self.sessions.get_mut(&id) {
            let ticket = Ticket { room: self.id, participant: id, secret: session.secret };
            let joined = ServerBody::Joined(Joined {
                you: id,
                role: participant.role,
                ticket: ticket.to_string(),
                answer: session.sdp_form.write(answer),
                participants: picture.participants,
                guest_secret: picture.invitation.guest_secret,
                code: picture.invitation.code.map(|code| code.to_string()),
                room: picture.room,
                lobby: picture.lobby,
                ice_servers,
            });
            session.say_joined(&mut self.transmits, joined);
            for source in forbidden {
                session.say_turned_off(&mut self.transmits, source, None);
            }
            if !session.slots.is_empty() {
                let slots = session.slot_map();
                session.say(&mut self.transmits, Arc::new(ServerBody::Slots { slots }));
            }
            if !session.send.is_empty() {
                let sources = session.send_constraints();
                session.say(&mut self.transmits, Arc::new(ServerBody::SendConstraints { sources }));
            }
            if let Some(state) = session.connection {
                session.say(&mut self.transmits, Arc::new(ServerBody::Connection(state)));
            }
            if let Some(participant) = self.speaker {
                let body = ServerBody::Speaker { participant: Some(participant) };
                session.say(&mut self.transmits, Arc::new(body));
            }
        }
        self.say_to_others(Some(id), ServerBody::ParticipantJoined { participant });
        self.note_hosts();
        self.events.push_back(RoomEvent::Joined { room: self.id, participant: id });
    }

    /// The node has ended a session itself.
    fn handle_media_lost(&mut self, now: Instant, id: ParticipantId) {
        match self.sessions.get(&id) {
            Some(session) if session.is_joined() => {
                self.end(now, id, LeaveCause::MediaLost, AtNode::Gone);
            }
            Some(_) => self.refuse_join(now, id, no_answer(), AtNode::Gone),
            None => {}
        }
    }

    /// The node has not got the room, or not for us: nothing of it is left.
    fn handle_lost(&mut self, now: Instant, error: &NodeError) {
        self.refuse_lobby(now, || refusal(error));
        let all: Vec<_> = self.sessions.iter().map(|(id, s)| (*id, s.is_joined())).collect();
        for (id, is_joined) in all {
            if is_joined {
                self.end(now, id, LeaveCause::MediaLost, AtNode::Gone);
            } else {
                self.refuse_join(now, id, refusal(error), AtNode::Gone);
            }
        }
        self.is_closed = true;
    }

    /// Makes both sides agree on who is there. The node answers in order, so everybody whose join
    /// it had answered by then is in its list.
    fn reconcile(&mut self, now: Instant, present: Vec<ParticipantId>) {
        let present: BTreeSet<_> = present.into_iter().collect();
        let is_missing = |id: &ParticipantId| !present.contains(id);
        let joined = self.sessions.iter().filter(|(_, s)| s.is_joined());
        let missing: Vec<_> = joined.map(|(id, _)| *id).filter(is_missing).collect();
        for id in missing {
            self.end(now, id, LeaveCause::MediaLost, AtNode::Gone);
        }
        for id in present {
            if !self.sessions.contains_key(&id) {
                self.request(NodeCommand::RemoveEndpoint { participant: id });
            }
        }
    }

    fn refuse_offer(&mut self, id: ParticipantId, re: u64, why: Refusal) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.refuse(&mut self.transmits, re, why);
        }
    }
}

fn no_answer() -> Refusal {
    Refusal::new(ErrorCode::MediaUnavailable, "the media node does not answer")
}

fn refusal(error: &NodeError) -> Refusal {
    let code = match error {
        NodeError::BadOffer(_) => ErrorCode::BadOffer,
        NodeError::Full => ErrorCode::ServerFull,
        NodeError::UnknownRoom | NodeError::UnknownParticipant | NodeError::OldEpoch => {
            ErrorCode::MediaUnavailable
        }
    };
    Refusal::new(code, error.to_string())
}
