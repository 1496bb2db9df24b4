//! Signaling as the world plays it: offers, answers and restarts, with a delay and without a room
//! machine, so that stories of media need none.

use protocol::{
    Epoch, ParticipantId, RequestId, RoomId,
    client::MediaSection,
    node::{NodeAnswer, NodeCommand, NodeEventBody, NodeReport, NodeRequest},
};

use super::{
    SIGNALING_DELAY, World,
    events::{Event, Signal},
    person::Fate,
};

impl World {
    /// Sends a client's offer to the node.
    pub(super) fn offer(
        &mut self,
        number: u32,
        command: impl FnOnce(ParticipantId, String, Vec<MediaSection>) -> NodeCommand,
    ) {
        let Some(person) = self.people.get(&number) else { return };
        let (offer, sections) = person.client.offer();
        let (room, session) = (person.room, person.session);
        let id = self.ask(room, command(ParticipantId(number), offer, sections));
        self.asked.insert(id, (number, session));
    }

    pub(super) fn ask(&mut self, room: RoomId, command: NodeCommand) -> RequestId {
        self.requests += 1;
        let id = RequestId(self.requests);
        self.request(NodeRequest { id, room, epoch: Epoch(1), command });
        id
    }

    pub(super) fn take_report(&mut self, report: NodeReport) {
        match report {
            NodeReport::Response(response) if response.id.get() <= self.requests => {
                let id = response.id;
                let refusal = response.result.as_ref().err();
                assert!(refusal.is_none(), "{:?}: the node refused {id:?}: {refusal:?}", self.now);
                match (self.asked.remove(&id), response.result) {
                    (Some((number, session)), Ok(NodeAnswer::Answer(sdp))) => {
                        self.signal(number, session, Signal::Answer(sdp));
                    }
                    (Some(session), Ok(NodeAnswer::Done)) => self.audit.forget_proofs(session),
                    (_, Ok(_) | Err(_)) => {}
                }
            }
            NodeReport::Event(event) => {
                self.note_event(event.room, &event.body);
                self.reports.push(NodeReport::Event(event));
            }
            NodeReport::Response(_) => self.reports.push(report),
        }
    }

    fn note_event(&mut self, room: RoomId, body: &NodeEventBody) {
        let (NodeEventBody::Connected { participant }
        | NodeEventBody::Ended { participant }
        | NodeEventBody::Slots { participant, .. }
        | NodeEventBody::SendConstraints { participant, .. }
        | NodeEventBody::Connection { participant, .. }
        | NodeEventBody::RestartIce { participant }) = body
        else {
            if let NodeEventBody::Speaker { participant } = body {
                self.speakers.push((self.now, room, participant.map(ParticipantId::get)));
            }
            return;
        };
        let number = participant.get();
        let now = self.now;
        let Some(person) = self.people.get_mut(&number) else { return };
        let session = person.session;
        match body {
            NodeEventBody::Connected { .. } => person.connected_at = Some(now),
            NodeEventBody::Ended { .. } => {
                person.fate = Fate::Ended(now);
                self.audit.forget_proofs((number, session));
            }
            NodeEventBody::Slots { slots, .. } => {
                for slot in slots {
                    person.slot_map.insert(slot.mid.clone(), slot.carries);
                    person.slot_history.push((now, slot.mid.clone(), slot.carries));
                }
                person.slot_changes += slots.len();
            }
            NodeEventBody::Connection { state, .. } => person.connection.push((now, *state)),
            NodeEventBody::SendConstraints { sources, .. } => {
                self.signal(number, session, Signal::SendConstraints(sources.clone()));
            }
            NodeEventBody::Speaker { .. } => {}
            NodeEventBody::RestartIce { .. } => {
                self.audit.forget_proofs((number, session));
                if self.plays_signaling {
                    self.signal(number, session, Signal::RestartIce);
                }
            }
        }
    }

    fn signal(&mut self, number: u32, session: u32, signal: Signal) {
        self.events.put(self.now + SIGNALING_DELAY, Event::Signal(number, session, signal));
    }

    pub(super) fn take_signal(&mut self, number: u32, session: u32, signal: &Signal) {
        let is_there = self.people.get(&number).is_some_and(|person| {
            person.session == session && matches!(person.fate, Fate::Present)
        });
        if !is_there {
            return;
        }
        match signal {
            Signal::Answer(sdp) => {
                if let Some(person) = self.people.get_mut(&number) {
                    person.answers += 1;
                }
                self.answer(number, sdp);
            }
            Signal::SendConstraints(sources) => {
                self.with_client(number, |_, client| client.constrain(sources));
            }
            Signal::RestartIce => {
                self.with_client(number, |_, client| client.restart_ice());
                self.offer(number, |participant, offer, sections| NodeCommand::UpdateEndpoint {
                    participant,
                    offer,
                    sections,
                });
            }
        }
    }
}
