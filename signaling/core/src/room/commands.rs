//! What a room makes of its participants' messages.

use std::sync::Arc;

use protocol::{
    Instant, ParticipantId,
    client::{
        CHAT_CHARACTERS_MAX, ChatMessage, ChatRequest, ClientBody, ClientMessage, ErrorCode,
        MediaSection, PublishedSource, Role, SdpBody, ServerBody, SourceState, View,
    },
    media::Source,
    node::NodeCommand,
};

use super::{
    AtNode, Pending, Room, close,
    order::{not_allowed, unknown_participant},
};
use crate::{
    bucket::Verdict,
    requests::{OfferRequest, Refusal, check_view, plain_text, set_source, unpublished},
    session::{Session, not_joined},
    transmit::{CloseReason, LeaveCause},
    wire::Unreadable,
};

impl Room {
    /// A frame of a participant, as a message or as the reason why it is none.
    pub(crate) fn handle_message(
        &mut self,
        now: Instant,
        id: ParticipantId,
        message: Result<ClientMessage, Unreadable>,
    ) {
        if self.lobby.holds(id) {
            return self.handle_waiter_message(now, id, message);
        }
        let command = match &message {
            Ok(message) => message.id,
            Err(unreadable) => unreadable.id,
        };
        if !self.is_heard(now, id, command) {
            return;
        }
        match message {
            Ok(message) => self.handle_command(now, id, message),
            Err(unreadable) => {
                let Unreadable { id: re, code, detail } = unreadable;
                if re == 0 || self.is_new(id, re) {
                    self.refuse(id, re, Refusal::new(code, detail));
                }
            }
        }
    }

    /// A frame that is no message, such as a ping of the WebSocket. It counts all the same.
    pub(crate) fn handle_control_frame(&mut self, now: Instant, id: ParticipantId) {
        if self.hear_waiter(now, id, 0).is_none() {
            self.is_heard(now, id, 0);
        }
    }

    /// The participant's page is going, which is as good as the word `leave`.
    pub(crate) fn handle_page_gone(&mut self, now: Instant, id: ParticipantId) {
        self.end(now, id, LeaveCause::Left, AtNode::Here);
    }

    /// Whether the participant keeps to the limits. If not, they are told, or their socket closed.
    fn is_heard(&mut self, now: Instant, id: ParticipantId, command: u64) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        let verdict = session.meter.handle_message(now);
        if verdict == Verdict::Hear {
            return true;
        }
        session.last_id = session.last_id.max(command);
        session.refuse(&mut self.transmits, command, too_fast());
        if verdict == Verdict::Close
            && let Some(socket) = session.socket()
        {
            self.transmits.push_back(close(socket, CloseReason::Abuse));
            self.handle_socket_closed(now, id);
        }
        false
    }

    fn handle_command(&mut self, now: Instant, id: ParticipantId, message: ClientMessage) {
        let re = message.id;
        match message.body {
            ClientBody::Ping => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.mention(&mut self.transmits, ServerBody::Pong);
                }
                return;
            }
            ClientBody::Resume { .. } => return self.refuse(id, re, already_joined()),
            ClientBody::Join(_)
            | ClientBody::Offer { .. }
            | ClientBody::Publish { .. }
            | ClientBody::View(_)
            | ClientBody::Chat(_)
            | ClientBody::Hand { .. }
            | ClientBody::React { .. }
            | ClientBody::Vote { .. }
            | ClientBody::Record { .. }
            | ClientBody::Moderate(_)
            | ClientBody::Leave => {}
        }
        if re == 0 {
            let detail = "commands are numbered from 1 upward";
            return self.refuse(id, 0, Refusal::new(ErrorCode::BadMessage, detail));
        }
        if !self.is_new(id, re) {
            return;
        }
        let is_joined = self.sessions.get(&id).is_some_and(|s| s.is_joined());
        if !is_joined && message.body != ClientBody::Leave {
            return self.refuse(id, re, not_joined());
        }
        match message.body {
            ClientBody::Leave => self.end(now, id, LeaveCause::Left, AtNode::Here),
            ClientBody::Offer { offer, sections } => {
                self.handle_offer(now, id, re, offer, sections);
            }
            ClientBody::Publish { source, state, seen } => {
                self.handle_publish(id, re, source, state, seen);
            }
            ClientBody::View(view) => self.handle_view(id, re, view),
            ClientBody::Chat(chat) => self.handle_chat(id, re, &chat),
            ClientBody::Hand { raised } => {
                let result = self.handle_hand(now, id, raised);
                self.conclude(id, re, result);
            }
            ClientBody::React { reaction } => {
                let result = self.handle_reaction(now, id, reaction);
                self.conclude(id, re, result);
            }
            ClientBody::Vote { poll, choice } => {
                let result = self.handle_vote(now, id, poll, choice);
                self.conclude(id, re, result);
            }
            ClientBody::Record { on } => {
                let result = self.handle_record(now, id, on);
                self.conclude(id, re, result);
            }
            ClientBody::Moderate(moderation) => self.handle_moderation(now, id, re, moderation),
            ClientBody::Join(_) | ClientBody::Resume { .. } | ClientBody::Ping => {
                self.refuse(id, re, already_joined());
            }
        }
    }

    /// Whether a command comes for the first time; it then has come. Ids rise, because a socket
    /// keeps order and a resumed client goes on where [`ServerBody::Resumed`] says.
    fn is_new(&mut self, id: ParticipantId, command: u64) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        let is_new = command > session.last_id;
        session.last_id = session.last_id.max(command);
        is_new
    }

    fn handle_offer(
        &mut self,
        now: Instant,
        id: ParticipantId,
        re: u64,
        offer: SdpBody,
        sections: Vec<MediaSection>,
    ) {
        let offer = match OfferRequest::try_new(offer, sections, &self.limits) {
            Ok(offer) => offer,
            Err(why) => return self.refuse(id, re, why),
        };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.sdp_form = offer.form;
            session.publishes = offer.publishes();
        }
        let request = self.request(NodeCommand::UpdateEndpoint {
            participant: id,
            offer: offer.text,
            sections: offer.sections,
        });
        self.await_answer(now, request, Pending::Offer(id, re));
    }

    fn handle_publish(
        &mut self,
        id: ParticipantId,
        re: u64,
        source: Source,
        state: Option<SourceState>,
        seen: Option<u64>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if state.is_some() && !session.publishes.contains(&source) {
            return session.refuse(&mut self.transmits, re, unpublished());
        }
        if state.is_some() && seen.is_some_and(|seen| session.is_off_unseen(source, seen)) {
            let why = not_allowed("a host or a rule has turned it off meanwhile");
            return session.refuse(&mut self.transmits, re, why);
        }
        let role = session.participant.role;
        if state.is_some() && !self.permits(role, source) {
            return self.refuse(id, re, not_allowed("the rules of the room forbid it"));
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let published = state.map(|state| PublishedSource { source, state });
        if !set_source(&mut session.participant.sources, source, published) {
            return;
        }
        let participant = session.participant.clone();
        self.request(NodeCommand::SetSource { participant: id, source, state });
        self.say_to_all(ServerBody::ParticipantChanged { participant });
    }

    fn handle_view(&mut self, id: ParticipantId, re: u64, view: View) {
        match check_view(view) {
            Ok(view) => {
                self.request(NodeCommand::SetView { participant: id, view });
            }
            Err(why) => self.refuse(id, re, why),
        }
    }

    fn handle_chat(&mut self, from: ParticipantId, re: u64, chat: &ChatRequest) {
        let to = chat.to;
        let text = match plain_text(&chat.text, CHAT_CHARACTERS_MAX) {
            Ok(text) => text.to_owned(),
            Err(why) => return self.refuse(from, re, why),
        };
        let is_here = |to| self.sessions.get(&to).is_some_and(Session::is_joined);
        if to.is_some_and(|to| !is_here(to)) {
            return self.refuse(from, re, unknown_participant());
        }
        if let Err(why) = self.may_write(from, to) {
            return self.refuse(from, re, why);
        }
        let caption = chat.caption && to.is_none();
        let message = ChatMessage { from, to, text, caption, re };
        let others = ServerBody::Chat(ChatMessage { re: 0, ..message.clone() });
        match to {
            None => self.say_to_others(Some(from), others),
            Some(to) if to != from => self.say_to(to, others),
            Some(_) => {}
        }
        self.say_to(from, ServerBody::Chat(message));
    }

    /// Whether the rules let somebody write to whom. To hosts and to oneself everybody may.
    fn may_write(&self, from: ParticipantId, to: Option<ParticipantId>) -> Result<(), Refusal> {
        if self.role_of(from) == Some(Role::Host) {
            return Ok(());
        }
        let rules = self.state.rules;
        match to {
            None if !rules.chat => Err(not_allowed("guests may write to hosts alone")),
            Some(to)
                if !rules.private_chat && to != from && self.role_of(to) == Some(Role::Guest) =>
            {
                Err(not_allowed("guests may not write to one guest alone"))
            }
            None | Some(_) => Ok(()),
        }
    }

    /// Answers a command that changes the room or its people.
    pub(super) fn conclude(&mut self, id: ParticipantId, re: u64, result: Result<(), Refusal>) {
        match result {
            Ok(()) => self.say_to(id, ServerBody::Done { re }),
            Err(why) => self.refuse(id, re, why),
        }
    }

    pub(super) fn say_to(&mut self, id: ParticipantId, body: ServerBody) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.say(&mut self.transmits, Arc::new(body));
        }
    }

    pub(super) fn refuse(&mut self, id: ParticipantId, re: u64, why: Refusal) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.refuse(&mut self.transmits, re, why);
        }
    }
}

fn already_joined() -> Refusal {
    Refusal::new(ErrorCode::BadMessage, "the session is joined already")
}

pub(crate) fn too_fast() -> Refusal {
    Refusal::new(ErrorCode::TooFast, "at most 20 commands a second in the long run")
}
