//! A socket's way from its opening into a room, and out again.

use std::{net::IpAddr, sync::Arc};

use protocol::{
    Instant, RoomId, RoomName,
    client::{ClientBody, ClientMessage, ErrorCode, IceServer, Join, ServerBody, order::Rules},
};

use super::{Live, Rooms, Socket, Stage, Timer};
use crate::{
    addresses::AddressKey,
    bucket::{CommandMeter, Verdict},
    ids::{SessionSecret, SocketId, Ticket},
    link::{Grant, LinkCheck, LinkRefusal},
    requests::{Admission, JoinRequest, Refusal, Shown, Way, bad_code},
    room::{Room, banned, too_fast},
    session::{error, not_joined},
    transmit::{CloseReason, RoomEvent, Transmit},
    wire::{self, Unreadable},
};

impl Rooms {
    /// A client's socket is open. Ids are never used twice. The servers are told to whoever joins
    /// or resumes on it.
    pub fn handle_socket_opened(
        &mut self,
        now: Instant,
        id: SocketId,
        address: IpAddr,
        ice_servers: Vec<IceServer>,
    ) {
        let key = AddressKey::from(address);
        let admitted = self.addresses.admit(now, key);
        let socket = Socket {
            origin: key,
            address: admitted.unwrap_or(key),
            is_silent: admitted.is_some(),
            meter: CommandMeter::new(now, &self.limits),
            ice_servers,
            stage: Stage::Waiting,
        };
        self.sockets.insert(id, socket);
        if self.is_stopping {
            self.end(id);
        } else if admitted.is_none() {
            let detail = "too many sockets of this address have said nothing";
            let why = Refusal::new(ErrorCode::TooFast, detail);
            self.refuse_and_close(id, 0, why, CloseReason::Abuse);
        } else {
            self.timers.set(Timer::Hello(id), now + self.limits.hello);
        }
    }

    /// The credentials of a socket's servers were made anew.
    pub fn handle_ice_servers(&mut self, id: SocketId, ice_servers: Vec<IceServer>) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        match socket.stage {
            Stage::In(room, participant) => {
                self.with_room(room, |room| room.handle_ice_servers(participant, ice_servers));
            }
            Stage::Waiting | Stage::Checking(_) => socket.ice_servers = ice_servers,
            Stage::Closing => {}
        }
    }

    /// A text frame has come.
    pub fn handle_text(&mut self, now: Instant, id: SocketId, text: &str) {
        self.handle_frame(now, id, || wire::read(text));
    }

    /// A frame has come that can be no message: binary.
    pub fn handle_binary(&mut self, now: Instant, id: SocketId) {
        let unreadable =
            Unreadable { id: 0, code: ErrorCode::BadMessage, detail: "frames are text" };
        self.handle_frame(now, id, || Err(unreadable));
    }

    /// A frame has begun that is longer than any may be; the socket cannot be read on.
    pub fn handle_oversized(&mut self, now: Instant, id: SocketId) {
        let why = Refusal::new(ErrorCode::TooLong, "frames have at most 256 KiB");
        match self.sockets.get(&id).map(|socket| &socket.stage) {
            Some(Stage::Closing) | None => {}
            Some(Stage::Waiting | Stage::Checking(_)) => {
                self.refuse_and_close(id, 0, why, CloseReason::Abuse);
            }
            Some(Stage::In(room, participant)) => {
                let (room, participant) = (*room, *participant);
                self.mention(id, error(0, why));
                self.with_room(room, |room| room.handle_socket_closed(now, participant));
                self.close(id, CloseReason::Abuse);
            }
        }
    }

    /// A ping or pong of the WebSocket itself has come. It says nothing, and counts all the same.
    pub fn handle_control_frame(&mut self, now: Instant, id: SocketId) {
        match self.sockets.get(&id).map(|socket| &socket.stage) {
            Some(Stage::Waiting | Stage::Checking(_)) => {
                self.is_heard(now, id, 0);
            }
            Some(Stage::In(room, participant)) => {
                let (room, participant) = (*room, *participant);
                self.with_room(room, |room| room.handle_control_frame(now, participant));
            }
            Some(Stage::Closing) | None => {}
        }
    }

    /// The client closes its socket because its page goes (RFC 6455 §7.4.1: 1001, going away).
    /// Nobody is left to resume the session, so it does not wait. The socket's end follows.
    pub fn handle_page_gone(&mut self, now: Instant, id: SocketId) {
        if let Some(Stage::In(room, participant)) = self.sockets.get(&id).map(|s| &s.stage) {
            let (room, participant) = (*room, *participant);
            self.with_room(room, |room| room.handle_page_gone(now, participant));
        }
    }

    /// The store has answered [`Transmit::CheckLink`]. The secret is of fresh random bytes, for the
    /// session that may begin with it.
    pub fn handle_link_checked(
        &mut self,
        now: Instant,
        id: SocketId,
        result: Result<Grant, LinkRefusal>,
        secret: SessionSecret,
    ) {
        let Some(join) = self.take_join(id) else {
            return;
        };
        self.timers.cancel(Timer::Check(id));
        let Some(address) = self.sockets.get(&id).map(|socket| socket.origin) else {
            return;
        };
        let re = join.id;
        let ice_servers = self.take_ice_servers(id);
        let entered = match self.judge(now, &join, address, result) {
            Ok(grant) => {
                let admission = Admission { join, grant, secret, address, ice_servers };
                self.enter(now, id, admission)
            }
            Err(why) => Err(why),
        };
        if let Err(why) = entered {
            self.refuse_hello(now, id, re, why);
        }
    }

    /// A socket is gone, whoever closed it.
    pub fn handle_socket_closed(&mut self, now: Instant, id: SocketId) {
        let Some(socket) = self.sockets.remove(&id) else {
            return;
        };
        self.timers.cancel(Timer::Hello(id));
        self.timers.cancel(Timer::Check(id));
        if socket.is_silent {
            self.addresses.handle_heard(socket.address);
        }
        match socket.stage {
            Stage::In(room, participant) => {
                self.with_room(room, |room| room.handle_socket_closed(now, participant));
            }
            Stage::Checking(_) => self.events.push_back(RoomEvent::JoinAbandoned),
            Stage::Waiting | Stage::Closing => {}
        }
    }

    fn handle_frame(
        &mut self,
        now: Instant,
        id: SocketId,
        read: impl FnOnce() -> Result<ClientMessage, Unreadable>,
    ) {
        match self.sockets.get(&id).map(|socket| &socket.stage) {
            Some(Stage::In(room, participant)) => {
                let (room, participant) = (*room, *participant);
                self.with_room(room, |room| room.handle_message(now, participant, read()));
            }
            Some(Stage::Waiting | Stage::Checking(_)) => {
                let message = read();
                let re = match &message {
                    Ok(message) => message.id,
                    Err(unreadable) => unreadable.id,
                };
                if self.is_heard(now, id, re) {
                    self.handle_early_message(now, id, message);
                }
            }
            Some(Stage::Closing) | None => {}
        }
    }

    /// Whether a socket that is in no room keeps to the limits. If not, it is told, or closed.
    fn is_heard(&mut self, now: Instant, id: SocketId, re: u64) -> bool {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return false;
        };
        match socket.meter.handle_message(now) {
            Verdict::Hear => return true,
            Verdict::Refuse => self.mention(id, error(re, too_fast())),
            Verdict::Close => self.refuse_and_close(id, re, too_fast(), CloseReason::Abuse),
        }
        false
    }

    fn handle_early_message(
        &mut self,
        now: Instant,
        id: SocketId,
        message: Result<ClientMessage, Unreadable>,
    ) {
        let message = match message {
            Ok(message) => message,
            Err(Unreadable { id: re, code, detail }) => {
                let why = Refusal::new(code, detail);
                // A room of an impossible name is refused as one that is not there.
                if code == ErrorCode::UnknownLink {
                    return self.refuse_hello(now, id, re, why);
                }
                return self.mention(id, error(re, why));
            }
        };
        let stage = self.sockets.get(&id).map(|socket| &socket.stage);
        let is_waiting = matches!(stage, Some(Stage::Waiting));
        match message.body {
            ClientBody::Ping => self.mention(id, ServerBody::Pong),
            ClientBody::Join(join) if is_waiting => self.handle_join(now, id, message.id, join),
            ClientBody::Resume { ticket, last_seq } if is_waiting => {
                self.handle_resume(now, id, message.id, &ticket, last_seq);
            }
            ClientBody::Join(_)
            | ClientBody::Resume { .. }
            | ClientBody::Offer { .. }
            | ClientBody::Publish { .. }
            | ClientBody::View(_)
            | ClientBody::Chat(_)
            | ClientBody::Hand { .. }
            | ClientBody::React { .. }
            | ClientBody::Vote { .. }
            | ClientBody::Record { .. }
            | ClientBody::Moderate(_)
            | ClientBody::Leave => self.mention(id, error(message.id, not_joined())),
        }
    }

    fn handle_join(&mut self, now: Instant, id: SocketId, re: u64, join: Join) {
        if let Some(why) = self.tired_of(now, id) {
            return self.refuse_hello(now, id, re, why);
        }
        let (request, Shown { proof, browser }) = match JoinRequest::try_new(re, join, &self.limits)
        {
            Ok(request) => request,
            Err(why) => return self.refuse_hello(now, id, re, why),
        };
        let room = request.room.clone();
        if let Some(socket) = self.sockets.get_mut(&id) {
            if request.way == Way::Code && self.codes.is_deaf(now, &room, socket.origin) {
                return self.refuse_hello(now, id, re, bad_code());
            }
            socket.stage = Stage::Checking(Box::new(request));
        }
        self.handle_heard(id);
        self.timers.set(Timer::Check(id), now + self.limits.link_check);
        let check = LinkCheck { socket: id, room, proof, browser };
        self.transmits.push_back(Transmit::CheckLink(check));
    }

    fn handle_resume(&mut self, now: Instant, id: SocketId, re: u64, ticket: &str, last_seq: u64) {
        if let Some(why) = self.tired_of(now, id) {
            return self.refuse_hello(now, id, re, why);
        }
        if let Ok(ticket) = ticket.parse::<Ticket>() {
            let socket = self.sockets.get(&id);
            let from = socket.map(|socket| (socket.origin, socket.ice_servers.clone()));
            let resume = |room: &mut Room| {
                let (address, ice_servers) = from?;
                let socket = (id, address);
                Some(room.handle_resume(now, socket, &ticket, last_seq, ice_servers))
            };
            if self.with_room(ticket.room, resume) == Some(Some(true)) {
                if let Some(socket) = self.sockets.get_mut(&id) {
                    socket.stage = Stage::In(ticket.room, ticket.participant);
                }
                return self.handle_heard(id);
            }
        }
        if let Some(socket) = self.sockets.get(&id) {
            self.addresses.handle_failure(now, socket.address);
        }
        let why = Refusal::new(ErrorCode::SessionGone, "there is no such session");
        self.mention(id, error(re, why));
        self.events.push_back(RoomEvent::ResumeRefused);
        self.timers.set(Timer::Hello(id), now + self.limits.hello);
    }

    /// The reason not to hear an address that has failed too often.
    fn tired_of(&mut self, now: Instant, id: SocketId) -> Option<Refusal> {
        let address = self.sockets.get(&id)?.address;
        let detail = "this address has failed too often; try again in a minute";
        self.addresses.is_tired_of(now, address).then(|| Refusal::new(ErrorCode::TooFast, detail))
    }

    pub(super) fn refuse_hello(&mut self, now: Instant, id: SocketId, re: u64, why: Refusal) {
        if why.code == ErrorCode::UnknownLink
            && let Some(socket) = self.sockets.get(&id)
        {
            self.addresses.handle_failure(now, socket.address);
        }
        self.events.push_back(RoomEvent::JoinRefused { code: why.code });
        self.refuse_and_close(id, re, why, CloseReason::Refused);
    }

    /// A socket has said who it is: it counts as silent no more.
    fn handle_heard(&mut self, id: SocketId) {
        self.timers.cancel(Timer::Hello(id));
        if let Some(socket) = self.sockets.get_mut(&id)
            && std::mem::take(&mut socket.is_silent)
        {
            self.addresses.handle_heard(socket.address);
        }
    }

    /// The join whose link is being checked; its socket waits again.
    pub(super) fn take_join(&mut self, id: SocketId) -> Option<JoinRequest> {
        let socket = self.sockets.get_mut(&id)?;
        match std::mem::replace(&mut socket.stage, Stage::Waiting) {
            Stage::Checking(join) => Some(*join),
            other @ (Stage::Waiting | Stage::In(..) | Stage::Closing) => {
                socket.stage = other;
                None
            }
        }
    }

    /// What the client on a socket is to be told of servers; it is told once.
    fn take_ice_servers(&mut self, id: SocketId) -> Vec<IceServer> {
        let socket = self.sockets.get_mut(&id);
        socket.map(|socket| std::mem::take(&mut socket.ice_servers)).unwrap_or_default()
    }

    /// What somebody may do as whom the store knows, or as whom nobody does while too many guess.
    fn judge(
        &mut self,
        now: Instant,
        join: &JoinRequest,
        address: AddressKey,
        result: Result<Grant, LinkRefusal>,
    ) -> Result<Grant, Refusal> {
        if join.way == Way::Code {
            if self.codes.is_deaf(now, &join.room, address) {
                return Err(bad_code());
            }
            if result == Err(LinkRefusal::Unknown) {
                self.codes.handle_failure(now, join.room.clone(), address);
                return Err(bad_code());
            }
        }
        result.map_err(link_refusal)
    }

    /// Lets someone whose link is good into the room, or into its lobby. The room is made if it is
    /// not live.
    fn enter(&mut self, now: Instant, id: SocketId, admission: Admission) -> Result<(), Refusal> {
        let full = |detail| Err(Refusal::new(ErrorCode::ServerFull, detail));
        if self.load.sessions + self.load.waiting >= self.limits.sessions {
            return full("the server holds as many sessions as it may");
        }
        let name = &admission.join.room;
        let room = match self.names.get(name) {
            Some(room) => *room,
            None if self.rooms.len() < self.limits.rooms => {
                let rules = admission.grant.rules.unwrap_or(self.rules);
                self.open(now, name.clone(), rules)
            }
            None => return full("the server holds as many rooms as it may"),
        };
        let bytes_left = self.limits.lobby_bytes.saturating_sub(self.load.lobby_bytes);
        match self.with_room(room, |room| room.handle_join(now, id, admission, bytes_left)) {
            Some(Ok(participant)) => {
                if let Some(socket) = self.sockets.get_mut(&id) {
                    socket.stage = Stage::In(room, participant);
                }
                Ok(())
            }
            Some(Err(why)) => Err(why),
            None => full("the room is closing"),
        }
    }

    fn open(&mut self, now: Instant, name: RoomName, rules: Rules) -> RoomId {
        self.opened += 1;
        let id = RoomId(self.opened);
        // SplitMix64 (Steele, Lea, Flood 2014): each room draws its own ids.
        let mut seed = self.seed.wrapping_add(self.opened.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        seed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let which = (id, name.clone());
        let room = Room::new(now, which, rules, (seed >> 32) as u32, Arc::clone(&self.limits));
        self.names.insert(name.clone(), id);
        self.rooms.insert(id, Live { name, room });
        id
    }
}

fn link_refusal(refusal: LinkRefusal) -> Refusal {
    match refusal {
        LinkRefusal::Unknown => Refusal::new(ErrorCode::UnknownLink, "there is no such room"),
        LinkRefusal::Expired => Refusal::new(ErrorCode::ExpiredLink, "the link has ended"),
        LinkRefusal::Banned => banned(),
        LinkRefusal::Unavailable => {
            Refusal::new(ErrorCode::MediaUnavailable, "the store does not answer")
        }
    }
}
