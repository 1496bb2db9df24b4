//! Those who wait for a host's word before they are in.
//!
//! The node has heard nothing of them: what they asked is held here, and nobody but hosts hears
//! that they are there. Whoever loses the socket gives the place up. Bounded by
//! [`Limits::lobby_places`](crate::Limits::lobby_places) and
//! [`Limits::lobby_bytes`](crate::Limits::lobby_bytes).
//!
//! | somebody new | comes in if |
//! |---|---|
//! | by a host's link | always |
//! | whose browser is banned | never |
//! | while the room is locked | never; who waits already, at a host's word |
//! | by code, or from the address of somebody banned | a host says so |
//! | by a guest's link | there is no lobby, or a host says so, or the lobby is done away with |

use std::{collections::BTreeMap, sync::Arc};

use protocol::{
    Instant, ParticipantId,
    client::{
        ClientBody, ClientMessage, EndReason, ErrorCode, IceServer, Role, ServerBody,
        order::{Waiting, Whom},
    },
};

use super::{Room, close, too_fast};
use crate::{
    bucket::{CommandMeter, Verdict},
    ids::SocketId,
    requests::{Admission, Refusal, Way},
    session::{error, not_joined},
    transmit::{CloseReason, RoomEvent, Transmit},
    wire::Unreadable,
};

/// Who waits before a room.
#[derive(Debug, Default)]
pub(super) struct Lobby {
    waiters: BTreeMap<ParticipantId, Waiter>,
    /// What they have asked, in memory.
    bytes: usize,
    /// What they were told last.
    host_is_here: bool,
}

/// Somebody who waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) socket: SocketId,
    pub(super) admission: Admission,
    /// The order in which people came.
    pub(super) arrival: u64,
    gate: Gate,
    meter: CommandMeter,
}

/// What opens the way to somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// A host's word, or the end of the lobby.
    Lobby,
    /// A host's word alone.
    Word,
}

impl Lobby {
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn holds(&self, id: ParticipantId) -> bool {
        self.waiters.contains_key(&id)
    }

    fn add(&mut self, id: ParticipantId, waiter: Waiter) {
        self.bytes += weight(&waiter.admission);
        self.waiters.insert(id, waiter);
    }

    pub(super) fn take(&mut self, id: ParticipantId) -> Option<Waiter> {
        let waiter = self.waiters.remove(&id)?;
        self.bytes -= weight(&waiter.admission);
        Some(waiter)
    }

    /// Those of whom something is said, the first one first.
    fn ids(&self, are_meant: impl Fn(&ParticipantId, &Waiter) -> bool) -> Vec<ParticipantId> {
        let meant = self.waiters.iter().filter(|(id, waiter)| are_meant(id, waiter));
        let mut meant: Vec<_> = meant.map(|(id, waiter)| (waiter.arrival, *id)).collect();
        meant.sort_unstable();
        meant.into_iter().map(|(_, id)| id).collect()
    }

    fn named(&self, whom: &Whom) -> Vec<ParticipantId> {
        match whom {
            Whom::All => self.ids(|_, _| true),
            Whom::These(these) => self.ids(|id, _| these.contains(id)),
        }
    }

    fn listed(&self) -> Vec<Waiting> {
        let listed = |id: ParticipantId| {
            let join = &self.waiters.get(&id)?.admission.join;
            Some(Waiting { id, name: join.name.clone(), by_code: join.way == Way::Code })
        };
        self.ids(|_, _| true).into_iter().filter_map(listed).collect()
    }
}

/// About how many bytes of memory somebody's request takes while they wait.
fn weight(admission: &Admission) -> usize {
    let join = &admission.join;
    let view = size_of_val(&join.view.tiles[..]) + size_of_val(&join.sources[..]);
    size_of::<Waiter>() + join.name.len() + view + join.offer.weight()
}

impl Room {
    /// What stands between somebody new and the room; `None` if nothing does.
    ///
    /// # Errors
    /// Why they cannot even wait.
    pub(super) fn gate(&self, admission: &Admission) -> Result<Option<Gate>, Refusal> {
        if admission.grant.role == Role::Host {
            return Ok(None);
        }
        if self.bans.bars(admission.grant.browser) {
            return Err(banned());
        }
        if self.state.rules.locked {
            return Err(Refusal::new(ErrorCode::Locked, "nobody new comes in but hosts"));
        }
        if admission.join.way == Way::Code || self.bans.watches(admission.address) {
            return Ok(Some(Gate::Word));
        }
        Ok(self.state.rules.lobby.then_some(Gate::Lobby))
    }

    /// Lets somebody wait.
    pub(super) fn wait(
        &mut self,
        now: Instant,
        socket: SocketId,
        mut admission: Admission,
        gate: Gate,
        bytes_left: usize,
    ) -> Result<ParticipantId, Refusal> {
        if self.lobby.len() >= self.limits.lobby_places {
            let detail = format!("a lobby holds {}", self.limits.lobby_places);
            return Err(Refusal::new(ErrorCode::RoomFull, detail));
        }
        admission.join.offer.pack();
        if weight(&admission) > bytes_left {
            let detail = "the lobbies of the server hold as much as they may";
            return Err(Refusal::new(ErrorCode::ServerFull, detail));
        }
        let (id, arrival) = self.number_newcomer();
        let meter = CommandMeter::new(now, &self.limits);
        self.lobby.add(id, Waiter { socket, admission, arrival, gate, meter });
        let host_is_here = self.lobby.host_is_here;
        self.mention_at(socket, ServerBody::InLobby { host_is_here });
        self.tell_lobby();
        Ok(id)
    }

    /// Lets in who waits. Who finds no place goes on waiting.
    pub(super) fn admit_from_lobby(&mut self, now: Instant, whom: &Whom) -> Result<(), Refusal> {
        self.let_in(now, self.lobby.named(whom))
    }

    /// There is no lobby: who waited for nothing else comes in.
    pub(super) fn empty_lobby(&mut self, now: Instant) {
        let ids = self.lobby.ids(|_, waiter| waiter.gate == Gate::Lobby);
        // Who finds no place is still listed, and a host may say it again.
        let _ = self.let_in(now, ids);
    }

    fn let_in(&mut self, now: Instant, ids: Vec<ParticipantId>) -> Result<(), Refusal> {
        let mut result = Ok(());
        let is_anybody = !ids.is_empty();
        for id in ids {
            result = self.check_places();
            if result.is_err() {
                break;
            }
            if let Some(waiter) = self.lobby.take(id) {
                self.begin(now, id, waiter.arrival, waiter.socket, waiter.admission);
            }
        }
        if is_anybody {
            self.tell_lobby();
        }
        result
    }

    /// Sends away who waits.
    pub(super) fn deny(&mut self, now: Instant, whom: &Whom) {
        let ids = self.lobby.named(whom);
        self.send_away(now, &ids, || Refusal::new(ErrorCode::Denied, "a host said no"));
    }

    /// Sends away those of a browser that is banned.
    pub(super) fn send_away_banned(&mut self, now: Instant) {
        let ids = self.lobby.ids(|_, waiter| self.bans.bars(waiter.admission.grant.browser));
        self.send_away(now, &ids, banned);
    }

    fn send_away(&mut self, now: Instant, ids: &[ParticipantId], why: impl Fn() -> Refusal) {
        for &id in ids {
            let Some(waiter) = self.lobby.take(id) else {
                continue;
            };
            self.refuse_newcomer(waiter.socket, waiter.admission.join.id, why());
        }
        if !ids.is_empty() {
            self.tell_lobby();
            self.note_emptiness(now);
        }
    }

    /// Everybody who waits hears that it is over.
    pub(super) fn end_lobby(&mut self, reason: EndReason, closing: CloseReason) {
        for id in self.lobby.ids(|_, _| true) {
            if let Some(waiter) = self.lobby.take(id) {
                self.mention_at(waiter.socket, ServerBody::Ended { reason });
                self.transmits.push_back(close(waiter.socket, closing));
                self.events.push_back(RoomEvent::JoinAbandoned);
            }
        }
    }

    /// Everybody who waits is refused.
    pub(super) fn refuse_lobby(&mut self, now: Instant, why: impl Fn() -> Refusal) {
        let ids = self.lobby.ids(|_, _| true);
        self.send_away(now, &ids, why);
    }

    /// Somebody who waits is gone. False if nobody of that id waits.
    pub(super) fn give_up_waiting(&mut self, now: Instant, id: ParticipantId) -> bool {
        let is_there = self.lobby.take(id).is_some();
        if is_there {
            self.events.push_back(RoomEvent::JoinAbandoned);
            self.tell_lobby();
            self.note_emptiness(now);
        }
        is_there
    }

    /// A frame of somebody who waits: they can be there, and leave.
    pub(super) fn handle_waiter_message(
        &mut self,
        now: Instant,
        id: ParticipantId,
        message: Result<ClientMessage, Unreadable>,
    ) {
        let re = match &message {
            Ok(message) => message.id,
            Err(unreadable) => unreadable.id,
        };
        let Some(socket) = self.hear_waiter(now, id, re) else {
            return;
        };
        let body = match message {
            Ok(message) => message.body,
            Err(Unreadable { code, detail, .. }) => {
                return self.mention_at(socket, error(re, Refusal::new(code, detail)));
            }
        };
        match body {
            ClientBody::Ping => self.mention_at(socket, ServerBody::Pong),
            ClientBody::Leave => {
                let reason = EndReason::Left;
                self.mention_at(socket, ServerBody::Ended { reason });
                self.transmits.push_back(close(socket, CloseReason::Ended));
                self.give_up_waiting(now, id);
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
            | ClientBody::Moderate(_) => self.mention_at(socket, error(re, not_joined())),
        }
    }

    /// The socket of somebody who waits and keeps to the limits. Who does not is told, or their
    /// socket closed.
    pub(super) fn hear_waiter(
        &mut self,
        now: Instant,
        id: ParticipantId,
        re: u64,
    ) -> Option<SocketId> {
        let waiter = self.lobby.waiters.get_mut(&id)?;
        let socket = waiter.socket;
        let verdict = waiter.meter.handle_message(now);
        if verdict == Verdict::Hear {
            return Some(socket);
        }
        self.mention_at(socket, error(re, too_fast()));
        if verdict == Verdict::Close {
            self.transmits.push_back(close(socket, CloseReason::Abuse));
            self.give_up_waiting(now, id);
        }
        None
    }

    /// The credentials of somebody's servers were made anew; who waits is told once they are in.
    pub(crate) fn handle_ice_servers(&mut self, id: ParticipantId, ice_servers: Vec<IceServer>) {
        if let Some(waiter) = self.lobby.waiters.get_mut(&id) {
            waiter.admission.ice_servers = ice_servers;
        } else if let Some(session) = self.sessions.get(&id) {
            session.mention(&mut self.transmits, ServerBody::IceServers { ice_servers });
        }
    }

    /// Who waits, as one of the participants may know it.
    pub(super) fn lobby_for(&self, viewer: ParticipantId) -> Vec<Waiting> {
        match self.sessions.get(&viewer).map(|session| session.participant.role) {
            Some(Role::Host) => self.lobby.listed(),
            Some(Role::Guest) | None => Vec::new(),
        }
    }

    /// Tells the hosts who waits.
    fn tell_lobby(&mut self) {
        let body = Arc::new(ServerBody::Lobby { waiting: self.lobby.listed() });
        for session in self.sessions.values_mut() {
            if session.is_joined() && session.participant.role == Role::Host {
                session.say(&mut self.transmits, Arc::clone(&body));
            }
        }
    }

    /// Tells those who wait whether a host is there, if it has changed.
    pub(super) fn note_hosts(&mut self) {
        let host_is_here = self.hosts() > 0;
        if std::mem::replace(&mut self.lobby.host_is_here, host_is_here) == host_is_here {
            return;
        }
        let sockets: Vec<_> = self.lobby.waiters.values().map(|waiter| waiter.socket).collect();
        for socket in sockets {
            self.mention_at(socket, ServerBody::InLobby { host_is_here });
        }
    }

    /// Refuses somebody whom the node has not heard of.
    pub(super) fn refuse_newcomer(&mut self, socket: SocketId, re: u64, why: Refusal) {
        self.events.push_back(RoomEvent::JoinRefused { code: why.code });
        self.mention_at(socket, error(re, why));
        self.transmits.push_back(close(socket, CloseReason::Refused));
    }

    /// Says something without a number on a socket.
    fn mention_at(&mut self, socket: SocketId, body: ServerBody) {
        self.transmits.push_back(Transmit::Message { socket, seq: 0, body: Arc::new(body) });
    }
}

pub(crate) fn banned() -> Refusal {
    Refusal::new(ErrorCode::Banned, "a host has kept this browser out")
}
