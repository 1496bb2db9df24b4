//! All live rooms of one process, and the sockets at their doors.
//!
//! It never touches a socket, a clock or the store: it is told what arrives, and says in
//! [`Transmit`]s what is to be done. After each `handle_*` the shell polls until nothing is left.
//! It is bounded by [`Limits`]; the counts of sockets, by whoever accepts them. Its tests are in
//! `rooms/tests.rs` and, against a model, in `rooms/model.rs`.
//!
//! | socket | input | becomes |
//! |---|---|---|
//! | – | opened | waiting |
//! | waiting | `join` | checking; the store is asked |
//! | waiting | `resume` | in, or an error and waiting |
//! | waiting | nothing for [`Limits::hello`] | an error; closing |
//! | checking | the link is good | in: joining its room, or waiting before it |
//! | checking | the link is not, or the store is silent | an error; closing |
//! | in | the room closes it | closing |
//! | any | closed | – ; its room hears of it |

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use protocol::{
    Epoch, Instant, ParticipantId, RequestId, RoomId, RoomName,
    client::{EndReason, ErrorCode, IceServer, ServerBody, order::Rules},
    node::{NodeCommand, NodeEvent, NodeReport, NodeRequest, NodeResponse},
};

use crate::{
    Limits,
    addresses::{AddressKey, Addresses},
    bucket::CommandMeter,
    codes::CodeMeter,
    ids::SocketId,
    requests::{JoinRequest, Refusal},
    room::{Load, Room},
    session::error,
    timers::Timers,
    transmit::{CloseReason, RoomEvent, Transmit},
};

mod door;

/// The directory of live rooms.
#[derive(Debug)]
pub struct Rooms {
    limits: Arc<Limits>,
    /// With which a room comes to life of which the store says nothing else.
    rules: Rules,
    seed: u64,
    addresses: Addresses,
    codes: CodeMeter,
    sockets: BTreeMap<SocketId, Socket>,
    names: BTreeMap<RoomName, RoomId>,
    rooms: BTreeMap<RoomId, Live>,
    opened: u64,
    load: Load,
    /// The number of the node's last event.
    node_seq: u64,
    timers: Timers<Timer>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<RoomEvent>,
    is_stopping: bool,
}

/// A room with the name that leads to it.
#[derive(Debug)]
struct Live {
    name: RoomName,
    room: Room,
}

/// A client's socket.
#[derive(Debug)]
struct Socket {
    /// Where its client is.
    origin: AddressKey,
    /// Where its failures count: there, or where those are counted for whom there is no place.
    address: AddressKey,
    /// Whether it counts as one that has said nothing yet.
    is_silent: bool,
    /// How fast it may talk before it is in a room.
    meter: CommandMeter,
    /// What its client is told once it is in a room.
    ice_servers: Vec<IceServer>,
    stage: Stage,
}

/// How far a socket has come.
#[derive(Debug)]
enum Stage {
    /// Neither `join` nor `resume` has come.
    Waiting,
    /// The store is asked about the link.
    Checking(Box<JoinRequest>),
    /// It speaks for a participant.
    In(RoomId, ParticipantId),
    /// It was told to close; nothing from it is heard.
    Closing,
}

/// Why the directory wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Fires [`Limits::hello`] after a socket opened or a resume failed.
    Hello(SocketId),
    /// Fires [`Limits::link_check`] after the store was asked.
    Check(SocketId),
    /// Fires when the room's own earliest timer does.
    Room(RoomId),
}

/// The room that no room is: asking for it shows whether the node answers.
const NO_ROOM: RoomId = RoomId(0);

impl Rooms {
    /// No rooms yet. The rules are those of a room of which the store says nothing else. The seed
    /// makes participant ids look random; nothing secret hangs on it.
    #[must_use]
    pub fn new(limits: Limits, rules: Rules, seed: u64) -> Self {
        Rooms {
            addresses: Addresses::new(&limits),
            codes: CodeMeter::new(&limits),
            limits: Arc::new(limits),
            rules,
            seed,
            sockets: BTreeMap::new(),
            names: BTreeMap::new(),
            rooms: BTreeMap::new(),
            opened: 0,
            load: Load::default(),
            node_seq: 0,
            timers: Timers::new(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            is_stopping: false,
        }
    }

    /// Live rooms.
    #[must_use]
    pub fn live_rooms(&self) -> usize {
        self.rooms.len()
    }

    /// Sessions in all rooms, those on their way in and those without a socket included.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.load.sessions
    }

    /// People who wait in the lobbies of all rooms; they have no session yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.load.waiting
    }

    /// Open sockets, as far as the shell has told.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// The node has answered a request, or tells what happened.
    pub fn handle_report(&mut self, now: Instant, report: NodeReport) {
        match report {
            NodeReport::Response(NodeResponse { room: NO_ROOM, .. }) => {
                self.events.push_back(RoomEvent::NodeAnswered);
            }
            NodeReport::Response(NodeResponse { id, room, result }) => {
                self.with_room(room, |room| room.handle_response(now, id, result));
            }
            NodeReport::Event(NodeEvent { seq, room, body }) => {
                // Each event has its effect once, whatever the bus does.
                if seq <= self.node_seq {
                    return;
                }
                let has_gap = seq != self.node_seq + 1;
                self.node_seq = seq;
                if has_gap {
                    let all: Vec<_> = self.rooms.keys().copied().collect();
                    for room in all {
                        self.with_room(room, Room::handle_event_gap);
                    }
                }
                self.with_room(room, |room| room.handle_event(now, body));
            }
        }
    }

    /// Asks the node for a sign of life; [`RoomEvent::NodeAnswered`] is the answer.
    pub fn handle_probe(&mut self) {
        self.transmits.push_back(Transmit::Request(NodeRequest {
            id: RequestId(0),
            room: NO_ROOM,
            epoch: Epoch(0),
            command: NodeCommand::ListRoom,
        }));
    }

    /// The operator wants a live room taken apart and built again. False if it is not live.
    pub fn handle_restore(&mut self, name: &RoomName) -> bool {
        let Some(id) = self.names.get(name).copied() else {
            return false;
        };
        self.with_room(id, Room::handle_restore);
        true
    }

    /// The server is stopping: everybody is told, and nobody comes in any more.
    pub fn handle_stop(&mut self, now: Instant) {
        self.is_stopping = true;
        let all: Vec<_> = self.rooms.keys().copied().collect();
        for room in all {
            self.with_room(room, |room| room.handle_stop(now));
        }
        let waiting: Vec<_> = self.sockets.keys().copied().collect();
        for socket in waiting {
            self.end(socket);
        }
    }

    /// The time has come that [`Rooms::poll_timeout`] named.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Hello(socket) => {
                    let why = Refusal::new(ErrorCode::TooSlow, "neither join nor resume came");
                    self.refuse_and_close(socket, 0, why, CloseReason::Abuse);
                }
                Timer::Check(socket) => {
                    let why =
                        Refusal::new(ErrorCode::MediaUnavailable, "the store does not answer");
                    let re = self.take_join(socket).map_or(0, |join| join.id);
                    self.refuse_hello(now, socket, re, why);
                }
                Timer::Room(room) => {
                    self.with_room(room, |room| room.handle_timeout(now));
                }
            }
        }
    }

    /// When [`Rooms::handle_timeout`] is to be called, unless something else happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.poll_timeout()
    }

    /// The next thing to do.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next thing to log and count.
    pub fn poll_event(&mut self) -> Option<RoomEvent> {
        self.events.pop_front()
    }

    /// Lets a room work and takes up what it says. `None` if there is no such room.
    fn with_room<T>(&mut self, id: RoomId, work: impl FnOnce(&mut Room) -> T) -> Option<T> {
        let live = self.rooms.get_mut(&id)?;
        let before = live.room.load();
        let result = work(&mut live.room);
        self.load = self.load.after(before, live.room.load());
        while let Some(transmit) = live.room.poll_transmit() {
            if let Transmit::Close { socket, .. } = &transmit
                && let Some(socket) = self.sockets.get_mut(socket)
            {
                socket.stage = Stage::Closing;
            }
            self.transmits.push_back(transmit);
        }
        while let Some(event) = live.room.poll_event() {
            self.events.push_back(event);
        }
        match live.room.poll_timeout() {
            Some(at) => self.timers.set(Timer::Room(id), at),
            None => self.timers.cancel(Timer::Room(id)),
        }
        if live.room.is_closed() {
            self.timers.cancel(Timer::Room(id));
            self.names.remove(&live.name);
            self.rooms.remove(&id);
        }
        Some(result)
    }

    /// Says something without a number on a socket.
    fn mention(&mut self, socket: SocketId, body: ServerBody) {
        self.transmits.push_back(Transmit::Message { socket, seq: 0, body: Arc::new(body) });
    }

    fn refuse_and_close(&mut self, socket: SocketId, re: u64, why: Refusal, reason: CloseReason) {
        self.mention(socket, error(re, why));
        self.close(socket, reason);
    }

    /// Tells a socket that is in no room that the server is stopping.
    fn end(&mut self, socket: SocketId) {
        match self.sockets.get(&socket).map(|socket| &socket.stage) {
            Some(Stage::Waiting | Stage::Checking(_)) => {
                let reason = EndReason::ServerStopping;
                self.mention(socket, ServerBody::Ended { reason });
                self.close(socket, CloseReason::Stopping);
            }
            Some(Stage::In(..) | Stage::Closing) | None => {}
        }
    }

    fn close(&mut self, id: SocketId, reason: CloseReason) {
        self.timers.cancel(Timer::Hello(id));
        self.timers.cancel(Timer::Check(id));
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.stage = Stage::Closing;
        }
        self.transmits.push_back(Transmit::Close { socket: id, reason });
    }
}

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test names what it awaits; all else fails")]
mod fixture;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test names what it awaits; all else fails")]
mod model;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test names what it awaits; all else fails")]
mod tests;
