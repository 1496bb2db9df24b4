//! One participant of a live room, with what was said to them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use protocol::{
    Instant, ParticipantId,
    client::{
        ConnectionState, ErrorCode, IceServer, Participant, SendConstraint, ServerBody,
        SlotContent, SlotMapping, order::Waiting, signs::RoomState,
    },
    media::Source,
};

use crate::{
    Limits,
    addresses::AddressKey,
    bucket::CommandMeter,
    ids::{SessionSecret, SocketId},
    link::{BrowserKey, Invitation},
    requests::{Admission, Refusal},
    ring::{Numbered, SentRing},
    sdp_body::SdpForm,
    transmit::Transmit,
};

/// A participant's place in a room.
#[derive(Debug)]
pub(crate) struct Session {
    /// What everybody sees.
    pub(crate) participant: Participant,
    pub(crate) state: State,
    /// Proves a ticket.
    pub(crate) secret: SessionSecret,
    /// The order in which people came, because ids are in none.
    pub(crate) arrival: u64,
    /// The highest id of a command that arrived; those up to it are not heard again.
    pub(crate) last_id: u64,
    pub(crate) meter: CommandMeter,
    /// Their browser, if it said what it is known by.
    pub(crate) browser: Option<BrowserKey>,
    /// Where they come from.
    pub(crate) address: AddressKey,
    /// How the client writes SDPs.
    pub(crate) sdp_form: SdpForm,
    /// Sources that the offer has m-lines for.
    pub(crate) publishes: BTreeSet<Source>,
    /// What each slot carries, by mid.
    pub(crate) slots: BTreeMap<String, Option<SlotContent>>,
    /// What is wanted of their own pictures, where it is not everything.
    pub(crate) send: BTreeMap<Source, SendConstraint>,
    /// How their line does.
    pub(crate) connection: Option<ConnectionState>,
    /// The number of the message that last turned a source of theirs off.
    turned_off: BTreeMap<Source, u64>,
    ring: SentRing,
}

/// Where a session is in its life.
#[derive(Debug)]
pub(crate) enum State {
    /// The node has the offer; the client waits for `joined`.
    Joining(Arriving),
    /// In the room, and there to be spoken to.
    Attached(SocketId),
    /// In the room; the media goes on, the socket is lost.
    Detached,
}

/// What is kept of a join until the node answers.
#[derive(Debug)]
pub(crate) struct Arriving {
    pub(crate) socket: SocketId,
    pub(crate) view: protocol::client::View,
    pub(crate) ice_servers: Vec<IceServer>,
}

/// What a client is told of the room when it is told everything.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) participants: Vec<Participant>,
    pub(crate) speaker: Option<ParticipantId>,
    pub(crate) room: RoomState,
    /// Empty for guests.
    pub(crate) lobby: Vec<Waiting>,
    /// Empty for guests.
    pub(crate) invitation: Invitation,
}

impl Session {
    /// The session of someone on their way in, and the offer for the node.
    pub(crate) fn new(
        now: Instant,
        limits: &Limits,
        id: ParticipantId,
        arrival: u64,
        socket: SocketId,
        admission: Admission,
    ) -> (Session, crate::requests::OfferRequest) {
        let join = admission.join;
        let session = Session {
            participant: Participant {
                id,
                name: join.name,
                role: admission.grant.role,
                sources: join.sources,
                recording: false,
            },
            state: State::Joining(Arriving {
                socket,
                view: join.view,
                ice_servers: admission.ice_servers,
            }),
            secret: admission.secret,
            arrival,
            last_id: join.id,
            meter: CommandMeter::new(now, limits),
            browser: admission.grant.browser,
            address: admission.address,
            sdp_form: join.offer.form,
            publishes: join.offer.publishes(),
            slots: BTreeMap::new(),
            send: BTreeMap::new(),
            connection: None,
            turned_off: BTreeMap::new(),
            ring: SentRing::new(limits.ring_messages, limits.ring_bytes),
        };
        (session, join.offer)
    }

    pub(crate) fn is_joined(&self) -> bool {
        match self.state {
            State::Joining(_) => false,
            State::Attached(_) | State::Detached => true,
        }
    }

    /// The socket on which the client can be spoken to.
    pub(crate) fn socket(&self) -> Option<SocketId> {
        match &self.state {
            State::Joining(arriving) => Some(arriving.socket),
            State::Attached(socket) => Some(*socket),
            State::Detached => None,
        }
    }

    /// Says something that a resume will repeat if it is missed.
    pub(crate) fn say(&mut self, transmits: &mut VecDeque<Transmit>, body: Arc<ServerBody>) {
        let numbered = self.ring.push(body);
        self.transmit(transmits, numbered);
    }

    /// Says that a source of theirs is off.
    pub(crate) fn say_turned_off(
        &mut self,
        transmits: &mut VecDeque<Transmit>,
        source: Source,
        by: Option<ParticipantId>,
    ) {
        self.say(transmits, Arc::new(ServerBody::TurnedOff { source, by }));
        self.turned_off.insert(source, self.ring.last_seq());
    }

    /// Whether a source was turned off, and its owner had not heard of it who had seen the message
    /// of that number.
    pub(crate) fn is_off_unseen(&self, source: Source, seen: u64) -> bool {
        self.turned_off.get(&source).is_some_and(|&told| told > seen)
    }

    /// Says `joined`, which nobody can miss and then resume.
    pub(crate) fn say_joined(&mut self, transmits: &mut VecDeque<Transmit>, body: ServerBody) {
        let numbered = self.ring.number(Arc::new(body));
        self.transmit(transmits, numbered);
    }

    /// Says something that has no number and is not repeated.
    pub(crate) fn mention(&self, transmits: &mut VecDeque<Transmit>, body: ServerBody) {
        let numbered = Numbered { seq: 0, body: Arc::new(body) };
        self.transmit(transmits, numbered);
    }

    /// Says that a command failed; numbered only for those who are in.
    pub(crate) fn refuse(&mut self, transmits: &mut VecDeque<Transmit>, re: u64, why: Refusal) {
        let body = error(re, why);
        if self.is_joined() {
            self.say(transmits, Arc::new(body));
        } else {
            self.mention(transmits, body);
        }
    }

    /// Says what was missed after `last_seq`; false if that is not all here any more.
    pub(crate) fn replay(&self, transmits: &mut VecDeque<Transmit>, last_seq: u64) -> bool {
        let Some(missed) = self.ring.after(last_seq) else {
            return false;
        };
        for numbered in missed {
            self.transmit(transmits, numbered);
        }
        true
    }

    /// Says the state as it is, and again what of the messages after `last_seq` is no part of it.
    pub(crate) fn say_snapshot(
        &mut self,
        transmits: &mut VecDeque<Transmit>,
        last_seq: u64,
        picture: Picture,
    ) {
        let up_to = self.ring.last_seq();
        let lasting = self.ring.restart(last_seq);
        let Picture { participants, speaker, room, lobby, invitation } = picture;
        let snapshot = ServerBody::Snapshot {
            up_to,
            participants,
            slots: self.slot_map(),
            send: self.send_constraints(),
            connection: self.connection,
            speaker,
            room,
            lobby,
            guest_secret: invitation.guest_secret,
            code: invitation.code.map(|code| code.to_string()),
        };
        self.say(transmits, Arc::new(snapshot));
        for body in lasting {
            self.say(transmits, body);
        }
    }

    pub(crate) fn slot_map(&self) -> Vec<SlotMapping> {
        let mapping = |(mid, carries): (&String, &Option<SlotContent>)| SlotMapping {
            mid: mid.clone(),
            carries: *carries,
        };
        self.slots.iter().map(mapping).collect()
    }

    pub(crate) fn send_constraints(&self) -> Vec<SendConstraint> {
        self.send.values().copied().collect()
    }

    fn transmit(&self, transmits: &mut VecDeque<Transmit>, numbered: Numbered) {
        if let Some(socket) = self.socket() {
            transmits.push_back(Transmit::Message {
                socket,
                seq: numbered.seq,
                body: numbered.body,
            });
        }
    }
}

/// The message that a command failed.
pub(crate) fn error(re: u64, why: Refusal) -> ServerBody {
    let Refusal { code, detail } = why;
    ServerBody::Error { re, code, detail }
}

/// The refusal of what needs a joined session.
pub(crate) fn not_joined() -> Refusal {
    Refusal::new(ErrorCode::NotJoined, "the session is not joined yet")
}
