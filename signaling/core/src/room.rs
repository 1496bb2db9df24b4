//! One live room: who is in it, and what each of them was told.
//!
//! It never touches a socket, a clock or a link's secret; it is told the time and each input, and
//! answers with [`Transmit`]s. It is bounded by [`Limits`]. Its tests are in `room/tests.rs` and,
//! against a model, in `rooms/model.rs`.
//!
//! | session | input | becomes |
//! |---|---|---|
//! | – | a join whose link opens the room | joining; the node is asked |
//! | – | a join that needs a host's word ([`lobby`]) | waits; the hosts hear of it |
//! | waits | a host's word | joining; the node is asked |
//! | waits | a host's no, socket lost, `leave` | – ; the hosts hear of it |
//! | joining | the node's answer | attached; `joined`, the others hear of it |
//! | joining | the node's refusal, or none in time | – ; an error |
//! | joining | socket lost, `leave` | – ; nobody hears of it |
//! | attached | socket lost | detached; nobody hears of it |
//! | attached, detached | `resume` | attached; what was missed, or the state |
//! | attached | `leave` | – ; `ended left` |
//! | attached, detached | a host removes them, or ends the call | – ; `ended` |
//! | attached, detached | the node ended the media | – ; `ended media_lost` |
//! | detached | [`Limits::resume`] passed | – |

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use protocol::{
    Epoch, Instant, ParticipantId, RequestId, RoomId, RoomName,
    client::{
        EndReason, ErrorCode, IceServer, Participant, Role, ServerBody, order::Rules,
        signs::RoomState,
    },
    node::{NodeCommand, NodeRequest},
};

use crate::{
    Limits,
    addresses::AddressKey,
    ids::{ParticipantIds, SocketId, Ticket},
    link::{Grant, Invitation},
    requests::{Admission, Refusal},
    session::{Picture, Session, State},
    timers::Timers,
    transmit::{CloseReason, LeaveCause, ResumedFrom, RoomEvent, Transmit},
};

mod attendance;
mod bans;
mod commands;
mod lobby;
mod node;
mod order;
mod signs;

pub(crate) use {commands::too_fast, lobby::banned};

use {bans::Bans, lobby::Lobby, signs::Signs};

/// A live room.
#[derive(Debug)]
pub(crate) struct Room {
    id: RoomId,
    name: RoomName,
    limits: Arc<Limits>,
    ids: ParticipantIds,
    sessions: BTreeMap<ParticipantId, Session>,
    lobby: Lobby,
    bans: Bans,
    /// As the store told it to the host who came last.
    invitation: Invitation,
    /// Who has the floor.
    speaker: Option<ParticipantId>,
    /// What is the same for everybody; [`Room::state_at`] fills in what the time changes.
    state: RoomState,
    signs: Signs,
    arrivals: u64,
    requests: u32,
    pending: BTreeMap<RequestId, Pending>,
    timers: Timers<Timer>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<RoomEvent>,
    is_closed: bool,
}

/// What an answer of the node is awaited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    /// The room itself.
    Open,
    /// Somebody on their way in.
    Join(ParticipantId),
    /// A new offer, with the command that brought it.
    Offer(ParticipantId, u64),
    /// The list of who is at the node.
    List,
}

/// Why the room wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Fires [`Limits::node_answer`] after an offer went to the node.
    Answer(RequestId),
    /// Fires [`Limits::resume`] after a socket was lost.
    Resume(ParticipantId),
    /// Fires [`Limits::empty_room`] after the last session ended.
    Empty,
    /// Fires [`Limits::state_interval`] after a change that was not told at once.
    State,
    /// Fires when the time is up that a host has given.
    TimeUp,
}

/// What a room takes of what the rooms share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Sessions, those on their way in included.
    pub(crate) sessions: usize,
    /// People who wait.
    pub(crate) waiting: usize,
    /// Bytes of what those have asked.
    pub(crate) lobby_bytes: usize,
}

impl Load {
    /// This load with that of one room as it has become.
    pub(crate) fn after(self, room_before: Load, room_after: Load) -> Load {
        let moved = |all: usize, before: usize, after: usize| all + after - before;
        Load {
            sessions: moved(self.sessions, room_before.sessions, room_after.sessions),
            waiting: moved(self.waiting, room_before.waiting, room_after.waiting),
            lobby_bytes: moved(self.lobby_bytes, room_before.lobby_bytes, room_after.lobby_bytes),
        }
    }
}

/// Whether the node still has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtNode {
    /// It has, or may have.
    Here,
    /// It has ended it itself.
    Gone,
}

impl Room {
    /// A room without anybody, which the node is asked to make.
    pub(crate) fn new(
        now: Instant,
        (id, name): (RoomId, RoomName),
        rules: Rules,
        seed: u32,
        limits: Arc<Limits>,
    ) -> Self {
        let mut room = Room {
            id,
            name,
            signs: Signs::new(now, &limits),
            limits,
            ids: ParticipantIds::new(seed),
            sessions: BTreeMap::new(),
            lobby: Lobby::default(),
            bans: Bans::default(),
            invitation: Invitation::default(),
            speaker: None,
            state: RoomState { rules, ..RoomState::default() },
            arrivals: 0,
            requests: 0,
            pending: BTreeMap::new(),
            timers: Timers::new(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            is_closed: false,
        };
        let request = room.request(NodeCommand::OpenRoom);
        room.pending.insert(request, Pending::Open);
        room.timers.set(Timer::Empty, now + room.limits.empty_room);
        room
    }

    /// Whether it has ended; it hears nothing more.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(crate) fn load(&self) -> Load {
        Load {
            sessions: self.sessions.len(),
            waiting: self.lobby.len(),
            lobby_bytes: self.lobby.bytes(),
        }
    }

    /// Somebody whose link or code opens the room, or its lobby.
    pub(crate) fn handle_join(
        &mut self,
        now: Instant,
        socket: SocketId,
        admission: Admission,
        lobby_bytes_left: usize,
    ) -> Result<ParticipantId, Refusal> {
        if let Some(gate) = self.gate(&admission)? {
            return self.wait(now, socket, admission, gate, lobby_bytes_left);
        }
        self.check_places()?;
        let (id, arrival) = self.number_newcomer();
        self.begin(now, id, arrival, socket, admission);
        Ok(id)
    }

    /// Refuses whoever finds no place in the room.
    fn check_places(&self) -> Result<(), Refusal> {
        if self.sessions.len() < self.limits.participants_per_room {
            return Ok(());
        }
        let detail = format!("a room holds {}", self.limits.participants_per_room);
        Err(Refusal::new(ErrorCode::RoomFull, detail))
    }

    /// The id of somebody new, and the order in which they came.
    fn number_newcomer(&mut self) -> (ParticipantId, u64) {
        self.arrivals += 1;
        self.timers.cancel(Timer::Empty);
        (self.ids.next(), self.arrivals)
    }

    /// Asks the node for a place for somebody who may come in.
    fn begin(
        &mut self,
        now: Instant,
        id: ParticipantId,
        arrival: u64,
        socket: SocketId,
        mut admission: Admission,
    ) {
        if let Err(why) = admission.join.offer.unpack() {
            return self.refuse_newcomer(socket, admission.join.id, why);
        }
        if admission.grant.role == Role::Host {
            self.learn_from(&mut admission.grant);
        }
        let (session, offer) = Session::new(now, &self.limits, id, arrival, socket, admission);
        self.sessions.insert(id, session);
        let request = self.request(NodeCommand::AddEndpoint {
            participant: id,
            offer: offer.text,
            sections: offer.sections,
        });
        self.await_answer(now, request, Pending::Join(id));
    }

    /// Takes what the store tells hosts.
    fn learn_from(&mut self, grant: &mut Grant) {
        self.invitation =
            Invitation { guest_secret: grant.guest_secret.take(), code: grant.code.take() };
        self.bans.load(std::mem::take(&mut grant.bans));
    }

    /// Somebody whose socket was lost, on a new one. False if the session is gone or another's.
    pub(crate) fn handle_resume(
        &mut self,
        now: Instant,
        (socket, address): (SocketId, AddressKey),
        ticket: &Ticket,
        last_seq: u64,
        ice_servers: Vec<IceServer>,
    ) -> bool {
        let id = ticket.participant;
        let picture = self.picture(now, id);
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        if !session.is_joined() || !ticket.proves(&session.secret) {
            return false;
        }
        if let State::Attached(old) = session.state {
            // The server may learn long after the client that a socket is dead.
            let reason = EndReason::Replaced;
            session.mention(&mut self.transmits, ServerBody::Ended { reason });
            self.transmits.push_back(close(old, CloseReason::Ended));
        }
        session.state = State::Attached(socket);
        session.address = address;
        self.timers.cancel(Timer::Resume(id));
        let last_id = session.last_id;
        session.mention(&mut self.transmits, ServerBody::Resumed { last_id, ice_servers });
        let from = if session.replay(&mut self.transmits, last_seq) {
            ResumedFrom::Ring
        } else {
            session.say_snapshot(&mut self.transmits, last_seq, picture);
            ResumedFrom::Snapshot
        };
        self.events.push_back(RoomEvent::Resumed { room: self.id, participant: id, from });
        true
    }

    /// The socket of a participant is lost.
    pub(crate) fn handle_socket_closed(&mut self, now: Instant, id: ParticipantId) {
        if self.give_up_waiting(now, id) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        match session.state {
            State::Joining(_) => self.remove(now, id, LeaveCause::Left, AtNode::Here),
            State::Attached(_) => {
                session.state = State::Detached;
                self.timers.set(Timer::Resume(id), now + self.limits.resume);
            }
            State::Detached => {}
        }
    }

    /// The server is stopping.
    pub(crate) fn handle_stop(&mut self, now: Instant) {
        self.end_all(now, LeaveCause::Stopping);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Answer(request) => self.handle_no_answer(now, request),
                Timer::Resume(id) => self.remove(now, id, LeaveCause::TimedOut, AtNode::Here),
                Timer::Empty => self.close(),
                Timer::State => self.handle_state_owed(now),
                Timer::TimeUp => self.tell_state(now),
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.poll_timeout()
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub(crate) fn poll_event(&mut self) -> Option<RoomEvent> {
        self.events.pop_front()
    }

    /// Ends a session with a word to the client.
    fn end(&mut self, now: Instant, id: ParticipantId, cause: LeaveCause, at_node: AtNode) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let reason = EndReason::from(cause);
        let body = ServerBody::Ended { reason };
        if session.is_joined() {
            session.say(&mut self.transmits, Arc::new(body));
        } else {
            session.mention(&mut self.transmits, body);
        }
        if let Some(socket) = session.socket() {
            self.transmits.push_back(close(socket, cause.into()));
        }
        self.remove(now, id, cause, at_node);
    }

    /// Ends a session that can hear nothing any more, and tells the others.
    fn remove(&mut self, now: Instant, id: ParticipantId, cause: LeaveCause, at_node: AtNode) {
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        self.forget_pending(id);
        self.timers.cancel(Timer::Resume(id));
        if at_node == AtNode::Here {
            self.request(NodeCommand::RemoveEndpoint { participant: id });
        }
        let room = self.id;
        if session.is_joined() {
            // That nobody has the floor is the node's to say; a snapshot names nobody who is gone.
            self.speaker = self.speaker.filter(|&speaker| speaker != id);
            self.say_to_all(ServerBody::ParticipantLeft { participant: id });
            self.note_departure(now, &session.participant);
            self.note_hosts();
            self.events.push_back(RoomEvent::Left { room, participant: id, cause });
        } else {
            self.events.push_back(RoomEvent::JoinAbandoned);
        }
        self.note_emptiness(now);
    }

    /// Ends a session that never came to be.
    fn refuse_join(&mut self, now: Instant, id: ParticipantId, why: Refusal, at_node: AtNode) {
        let Some(mut session) = self.sessions.remove(&id) else {
            return;
        };
        self.forget_pending(id);
        if at_node == AtNode::Here {
            self.request(NodeCommand::RemoveEndpoint { participant: id });
        }
        let code = why.code;
        let join = session.last_id;
        session.refuse(&mut self.transmits, join, why);
        if let Some(socket) = session.socket() {
            self.transmits.push_back(close(socket, CloseReason::Refused));
        }
        self.events.push_back(RoomEvent::JoinRefused { code });
        self.note_emptiness(now);
    }

    /// A room in which nobody is, and before which nobody waits, closes after a while.
    fn note_emptiness(&mut self, now: Instant) {
        if self.sessions.is_empty() && self.lobby.len() == 0 {
            self.timers.set(Timer::Empty, now + self.limits.empty_room);
        }
    }

    fn close(&mut self) {
        self.request(NodeCommand::CloseRoom);
        self.is_closed = true;
    }

    /// Says the same to everybody who is in.
    fn say_to_all(&mut self, body: ServerBody) {
        self.say_to_others(None, body);
    }

    fn say_to_others(&mut self, but: Option<ParticipantId>, body: ServerBody) {
        let body = Arc::new(body);
        for (id, session) in &mut self.sessions {
            if session.is_joined() && Some(*id) != but {
                session.say(&mut self.transmits, Arc::clone(&body));
            }
        }
    }

    /// Everybody who is in, in the order in which they came.
    fn participants(&self) -> Vec<Participant> {
        let mut present: Vec<&Session> = self.sessions.values().filter(|s| s.is_joined()).collect();
        present.sort_by_key(|session| session.arrival);
        present.iter().map(|session| session.participant.clone()).collect()
    }

    /// The room as one of its participants may see it.
    fn picture(&self, now: Instant, viewer: ParticipantId) -> Picture {
        Picture {
            participants: self.participants(),
            speaker: self.speaker,
            room: self.state_at(now),
            lobby: self.lobby_for(viewer),
            invitation: self.invitation_for(viewer),
        }
    }

    /// With what somebody who is in may invite others.
    fn invitation_for(&self, viewer: ParticipantId) -> Invitation {
        match self.sessions.get(&viewer).map(|session| session.participant.role) {
            Some(Role::Host) => self.invitation.clone(),
            Some(Role::Guest) | None => Invitation::default(),
        }
    }

    /// Asks the node something. Request ids are the room's number and the request's in it, so that
    /// no two rooms share one.
    fn request(&mut self, command: NodeCommand) -> RequestId {
        self.requests = self.requests.wrapping_add(1);
        let id = RequestId(self.id.get() << 32 | u64::from(self.requests));
        self.transmits.push_back(Transmit::Request(NodeRequest {
            id,
            room: self.id,
            epoch: FIRST_EPOCH,
            command,
        }));
        id
    }

    fn await_answer(&mut self, now: Instant, request: RequestId, pending: Pending) {
        self.pending.insert(request, pending);
        let deadline = now + self.limits.node_answer;
        self.timers.set(Timer::Answer(request), deadline);
    }

    fn forget_pending(&mut self, id: ParticipantId) {
        let timers = &mut self.timers;
        self.pending.retain(|request, pending| {
            let is_theirs = match *pending {
                Pending::Join(of) | Pending::Offer(of, _) => of == id,
                Pending::Open | Pending::List => false,
            };
            if is_theirs {
                timers.cancel(Timer::Answer(*request));
            }
            !is_theirs
        });
    }
}

/// A process owns each of its rooms from the start, and numbers them anew.
const FIRST_EPOCH: Epoch = Epoch(1);

fn close(socket: SocketId, reason: CloseReason) -> Transmit {
    Transmit::Close { socket, reason }
}
