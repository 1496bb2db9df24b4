//! The simulator: one node, model clients, links and attackers on one heap of events, under virtual
//! time. One seed is one run.
//!
//! The node is the real one without its threads and sockets: the control side and a worker; only
//! DTLS is a double (see [`crate::handshake`]), because the real one draws random numbers of its
//! own. Signaling is played by the [`World`]: it joins clients, passes answers on and restarts ICE
//! when the node asks for it.
//!
//! At every event it is checked that nothing is sent to an address that is not proven, no media
//! goes out without consent, no SRTP index is sealed twice, nobody gets media from another room,
//! and the worker meets no impossible state. A violation ends the test with the virtual time; the
//! seed is the test's own. The stories are in `tests/simulation`.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use protocol::{
    Duration, Instant, ParticipantId, RequestId, RoomId,
    client::{SourceState, View},
    media::{Source, Ssrc},
    node::{NodeCommand, NodeReport, NodeRequest},
    rtp::RtpHeader,
};
use sfu_worker::Counters;

use crate::{
    client::{Client, Shape},
    random::Random,
};

use audit::{Audit, SessionKey};
use events::{Event, Events, Inbound, Origin};
use network::LinkConfig;
use node::{Node, Sent};
use person::Person;
use trace::Trace;

mod audit;
mod events;
pub mod network;
mod node;
mod person;
mod signaling;
mod trace;

pub use person::Fate;
pub use trace::Trace as Fingerprint;

/// Where the node listens (TEST-NET-2, RFC 5737).
pub const NODE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), 8_080);

/// The height of every model camera.
pub const CAMERA_HEIGHT: u16 = 720;

/// One way of signaling between a client and the node.
const SIGNALING_DELAY: Duration = Duration::from_millis(20);

/// The media thread takes what has come, this often at most.
///
/// Turns stand on a grid, so that what an attacker sends cannot move the turn of what others send:
/// two runs with and without the attacker can be compared byte by byte.
const MEDIA_TURN: Duration = Duration::from_micros(250);

/// The control thread, likewise.
const CONTROL_TURN: Duration = Duration::from_micros(500);

/// Everything there is.
#[derive(Debug)]
pub struct World {
    now: Instant,
    random: Random,
    seed: u64,
    events: Events,
    node: Node,
    media_turn_at: Option<Instant>,
    control_turn_at: Option<Instant>,
    /// The node's threads sleep until then.
    asleep_until: Instant,
    people: BTreeMap<u32, Person>,
    /// Who has which address.
    addresses: BTreeMap<SocketAddr, u32>,
    ports: u16,
    requests: u64,
    /// Offers and farewells whose answer is awaited, and whose in which session.
    asked: BTreeMap<RequestId, SessionKey>,
    audit: Audit,
    trace: Trace,
    /// Datagrams to addresses that are nobody's.
    strays: Vec<(SocketAddr, Vec<u8>)>,
    /// What clients have sent, while somebody listens on the wire.
    tap: Option<Vec<(SocketAddr, Vec<u8>)>>,
    /// Whether nobody outside does it.
    plays_signaling: bool,
    /// Who was said to have the floor of a room, and when.
    speakers: Vec<(Instant, RoomId, Option<u32>)>,
    /// For a signaling outside this world.
    reports: Vec<NodeReport>,
}

impl World {
    /// An empty world.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        World {
            now: Instant::ZERO,
            node: Node::new(NODE, &mut random),
            random,
            seed,
            events: Events::default(),
            media_turn_at: None,
            control_turn_at: None,
            asleep_until: Instant::ZERO,
            people: BTreeMap::new(),
            addresses: BTreeMap::new(),
            ports: 40_000,
            requests: 0,
            asked: BTreeMap::new(),
            audit: Audit::new(NODE),
            trace: Trace::NOTHING,
            strays: Vec::new(),
            tap: None,
            plays_signaling: true,
            speakers: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// What has happened so far, in 64 bits.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.trace
    }

    /// What the worker has counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.node.worker().counters()
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// Where something happens that must not.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, event)) = self.events.take_until(end) {
            self.now = at;
            self.happen(event);
            self.plan_turns();
        }
        self.now = end;
    }

    /// Lets time pass until `is_so`, at most `time`; whether it came to that.
    pub fn run_until(&mut self, time: Duration, is_so: impl Fn(&World) -> bool) -> bool {
        let end = self.now + time;
        while !is_so(self) {
            let Some((at, event)) = self.events.take_until(end) else {
                self.now = end;
                return is_so(self);
            };
            self.now = at;
            self.happen(event);
            self.plan_turns();
        }
        true
    }

    /// Somebody comes into a room, over good links, with all that they publish turned on.
    pub fn join(&mut self, room: RoomId, number: u32, shape: Shape) {
        let (session, seed) = self.next_session(number);
        self.settle(room, Client::new(number, shape, seed), session, seed);
        self.ask(room, NodeCommand::OpenRoom);
        self.offer(number, |participant, offer, sections| NodeCommand::AddEndpoint {
            participant,
            offer,
            sections,
        });
        if shape.publishes {
            self.set_source(number, Source::Microphone, Some(SourceState::default()));
            let state = SourceState { width: CAMERA_HEIGHT / 9 * 16, height: CAMERA_HEIGHT };
            self.set_source(number, Source::Camera, Some(state));
        }
    }

    /// Somebody whom a signaling outside this world has let in gets an address and good links.
    pub fn welcome(&mut self, room: RoomId, client: Client) {
        self.plays_signaling = false;
        let (session, seed) = self.next_session(client.number);
        self.settle(room, client, session, seed);
    }

    /// Which session of a participant begins, and its seed.
    fn next_session(&self, number: u32) -> (u32, u64) {
        let session = self.people.get(&number).map_or(1, |person| person.session + 1);
        let seed = self.seed ^ u64::from(number) << 32 ^ u64::from(session);
        (session, Random::new(seed).next_u64())
    }

    fn settle(&mut self, room: RoomId, client: Client, session: u32, seed: u64) {
        let number = client.number;
        let address = self.fresh_address(number);
        if client.takes_copies() {
            self.audit.allow_copies((number, session));
        }
        self.people.insert(number, Person::new(client, room, session, address, seed));
        self.addresses.insert(address, number);
        self.audit.settle(address, (number, session), room);
    }

    /// Somebody goes; their device is silent from here on.
    pub fn leave(&mut self, number: u32) {
        let Some(person) = self.people.get_mut(&number) else { return };
        person.fate = Fate::Left(self.now);
        let (room, session) = (person.room, person.session);
        let participant = ParticipantId(number);
        let id = self.ask(room, NodeCommand::RemoveEndpoint { participant });
        self.asked.insert(id, (number, session));
    }

    /// Turns a source on or off.
    pub fn set_source(&mut self, number: u32, source: Source, state: Option<SourceState>) {
        let Some(room) = self.people.get(&number).map(|person| person.room) else { return };
        let participant = ParticipantId(number);
        self.ask(room, NodeCommand::SetSource { participant, source, state });
    }

    /// Somebody shows something else.
    pub fn set_view(&mut self, number: u32, view: View) {
        let Some(room) = self.people.get(&number).map(|person| person.room) else { return };
        let participant = ParticipantId(number);
        self.ask(room, NodeCommand::SetView { participant, view });
    }

    /// Takes a room apart into snapshots and builds it again.
    pub fn restore(&mut self, room: RoomId) {
        self.ask(room, NodeCommand::RestoreRoom);
    }

    /// Changes somebody's links, to the node and from it.
    pub fn set_links(&mut self, number: u32, up: LinkConfig, down: LinkConfig) {
        if let Some(person) = self.people.get_mut(&number) {
            person.up.set_config(up);
            person.down.set_config(down);
        }
    }

    /// Somebody's NAT forgets them: what they send comes from another port, and what is sent to the
    /// old one goes nowhere.
    pub fn rebind(&mut self, number: u32) {
        let address = self.fresh_address(number);
        let Some(person) = self.people.get_mut(&number) else { return };
        self.addresses.remove(&person.address);
        person.address = address;
        self.addresses.insert(address, number);
        self.audit.settle(address, (number, person.session), person.room);
    }

    /// The node's threads get no time for a while; its socket goes on receiving.
    pub fn pause_node(&mut self, time: Duration) {
        self.asleep_until = self.now + time;
    }

    /// Somebody who is no client sends a datagram, from an address of their choice. It arrives at
    /// once.
    pub fn inject(&mut self, from: SocketAddr, datagram: Vec<u8>) {
        let inbound = Inbound { from, datagram, origin: Origin::Other };
        self.events.put(self.now, Event::ToNode(inbound));
    }

    /// A client sends a datagram from another of its addresses: one more interface, or one that it
    /// only claims to have.
    pub fn send_from(&mut self, from: SocketAddr, number: u32, datagram: Vec<u8>) {
        if let Some(person) = self.people.get(&number) {
            self.audit.settle(from, (number, person.session), person.room);
        }
        self.events
            .put(self.now, Event::ToNode(Inbound { from, datagram, origin: Origin::Client }));
    }

    /// Somebody on the wire overtakes a client's datagram with a copy from their own address: for
    /// the node there is nothing to tell it by, so the address counts as proven.
    pub fn overtake(&mut self, from: SocketAddr, datagram: Vec<u8>) {
        self.events
            .put(self.now, Event::ToNode(Inbound { from, datagram, origin: Origin::Client }));
    }

    /// Listens on the wire: every datagram of a client to the node, as it was sent.
    pub fn tap(&mut self) {
        self.tap = Some(Vec::new());
    }

    /// What was heard, oldest first; listening ends.
    pub fn take_tapped(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        self.tap.take().unwrap_or_default()
    }

    /// What the node believes that the line to somebody carries, in bits per second.
    #[must_use]
    pub fn estimate(&self, number: u32) -> Option<u64> {
        self.person(number).connection.last().map(|(_, state)| state.bits_per_second)
    }

    /// Who was said to have the floor of a room, and when.
    #[must_use]
    pub fn speakers(&self) -> &[(Instant, RoomId, Option<u32>)] {
        &self.speakers
    }

    /// Datagrams to addresses that were nobody's.
    #[must_use]
    pub fn strays(&self) -> &[(SocketAddr, Vec<u8>)] {
        &self.strays
    }

    /// Everybody who ever came, in their last session.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Somebody who came.
    ///
    /// # Panics
    /// If nobody of this number did.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a story knows whom it let in")]
    pub fn person(&self, number: u32) -> &Person {
        self.people.get(&number).expect("somebody who came")
    }

    /// Lets somebody's client do something of its own accord.
    pub fn with_client<T>(
        &mut self,
        number: u32,
        act: impl FnOnce(Instant, &mut Client) -> T,
    ) -> Option<T> {
        let now = self.now;
        let outcome = self.people.get_mut(&number).map(|person| act(now, &mut person.client));
        self.send_up(number);
        outcome
    }

    /// Numbers that the slot on somebody's m-line `mid` left out, and packets that it sealed.
    #[must_use]
    pub fn sealed(&self, number: u32, ssrc: Ssrc) -> (u64, u64) {
        let session = self.person(number).session;
        let stream = self.audit.stream((number, session), ssrc);
        stream.map_or((0, 0), |stream| (stream.holes(), stream.packets()))
    }

    /// Asks the node in the name of a signaling outside this world, which takes the reports.
    pub fn request(&mut self, request: NodeRequest) {
        self.events.put(self.now + SIGNALING_DELAY, Event::Request(request));
    }

    /// What the node has told a signaling outside this world.
    pub fn take_reports(&mut self) -> Vec<NodeReport> {
        std::mem::take(&mut self.reports)
    }

    /// A signaling outside this world has the answer for somebody.
    pub fn answer(&mut self, number: u32, sdp: &str) {
        self.with_client(number, |now, client| client.handle_answer(now, sdp));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::ToNode(inbound) => {
                self.trace.note(self.now, 1, &inbound.datagram);
                self.node.receive(inbound);
            }
            Event::ToAddress(to, datagram) => self.arrive(to, datagram),
            Event::MediaTurn => self.take_media_turn(),
            Event::ControlTurn => self.take_control_turn(),
            Event::Wake(number) => {
                let now = self.now;
                let person = self.people.get_mut(&number);
                if let Some(person) = person.filter(|person| person.wake_at == Some(now)) {
                    person.wake_at = None;
                    person.client.handle_timeout(now);
                    self.send_up(number);
                }
            }
            Event::Request(request) => self.node.ask(request),
            Event::Signal(number, session, signal) => self.take_signal(number, session, &signal),
        }
    }

    fn take_media_turn(&mut self) {
        if self.media_turn_at != Some(self.now) {
            return;
        }
        self.media_turn_at = None;
        let sent = self.node.media_turn(self.now, &mut self.audit);
        for Sent { tuple, datagram } in sent {
            self.trace.note(self.now, 2 ^ u64::from(tuple.remote.port()), &datagram);
            let Some(person) =
                self.addresses.get(&tuple.remote).and_then(|number| self.people.get_mut(number))
            else {
                self.strays.push((tuple.remote, datagram));
                continue;
            };
            let ssrc = rtp_ssrc(&datagram);
            person.sent.0 += 1;
            person.sent.1 += datagram.len() as u64;
            let deliveries = person.down.carry(self.now, datagram);
            if let (Some(ssrc), true) = (ssrc, deliveries.iter().all(|it| !it.is_intact)) {
                *person.lost_down.entry(ssrc).or_default() += 1;
            }
            for delivery in deliveries {
                let event = Event::ToAddress(tuple.remote, delivery.datagram);
                self.events.put(delivery.at, event);
            }
        }
    }

    fn take_control_turn(&mut self) {
        if self.control_turn_at != Some(self.now) {
            return;
        }
        self.control_turn_at = None;
        for report in self.node.control_turn(self.now) {
            self.trace.note(self.now, 3, &[]);
            self.take_report(report);
        }
    }

    /// Plans the turns of the node's threads for when they have something to do.
    fn plan_turns(&mut self) {
        let earliest = self.now.max(self.asleep_until);
        let plan = |due: Option<Instant>, grid: Duration, planned: Option<Instant>| {
            let at = next_on_grid(due?.max(earliest), grid);
            planned.is_none_or(|planned| at < planned).then_some(at)
        };
        if let Some(at) = plan(self.node.media_due(self.now), MEDIA_TURN, self.media_turn_at) {
            self.media_turn_at = Some(at);
            self.events.put(at, Event::MediaTurn);
        }
        if let Some(at) = plan(self.node.control_due(self.now), CONTROL_TURN, self.control_turn_at)
        {
            self.control_turn_at = Some(at);
            self.events.put(at, Event::ControlTurn);
        }
    }

    /// A datagram reaches the end of its way.
    fn arrive(&mut self, to: SocketAddr, mut datagram: Vec<u8>) {
        let now = self.now;
        let Some(&number) = self.addresses.get(&to) else {
            self.strays.push((to, datagram));
            return;
        };
        let Some(person) = self.people.get_mut(&number) else { return };
        if matches!(person.fate, Fate::Left(_)) {
            return;
        }
        person.received.note(now, 0, &datagram);
        person.arrived.0 += 1;
        person.arrived.1 += datagram.len() as u64;
        if let Some(author) = person.client.handle_datagram(now, &mut datagram) {
            self.audit.check_author(now, number, author);
        }
        self.send_up(number);
    }

    /// Puts what a client wants to send on its way, and plans when it wakes.
    fn send_up(&mut self, number: u32) {
        let now = self.now;
        let Some(person) = self.people.get_mut(&number) else { return };
        if matches!(person.fate, Fate::Left(_)) {
            return;
        }
        while let Some(datagram) = person.client.poll_transmit() {
            if let Some(tap) = &mut self.tap {
                tap.push((person.address, datagram.clone()));
            }
            let ssrc = rtp_ssrc(&datagram);
            let deliveries = person.up.carry(now, datagram);
            if let (Some(ssrc), true) = (ssrc, deliveries.iter().all(|it| !it.is_intact)) {
                *person.lost_up.entry(ssrc).or_default() += 1;
            }
            for delivery in deliveries {
                let origin = if delivery.is_intact { Origin::Client } else { Origin::Other };
                let from = person.address;
                let inbound = Inbound { from, datagram: delivery.datagram, origin };
                self.events.put(delivery.at, Event::ToNode(inbound));
            }
        }
        if let Some(due) = person.client.poll_timeout().map(|due| due.max(now))
            && person.wake_at.is_none_or(|at| due < at)
        {
            person.wake_at = Some(due);
            self.events.put(due, Event::Wake(number));
        }
    }

    /// An address that nobody had: somebody's number in the private range, and a port.
    fn fresh_address(&mut self, number: u32) -> SocketAddr {
        self.ports += 1;
        let [_, _, high, low] = number.to_be_bytes();
        SocketAddr::from(([10, 0, high, low], self.ports))
    }

    /// A draw of the story's own.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}

/// The stream that an SRTP packet belongs to.
fn rtp_ssrc(datagram: &[u8]) -> Option<Ssrc> {
    // RFC 5761 §4: the rest is RTCP.
    let is_rtp = datagram.get(1).is_some_and(|second| !matches!(second, 192..=223));
    RtpHeader::parse(datagram).filter(|_| is_rtp).map(|header| header.ssrc)
}

/// The first instant from `at` on that is a multiple of `grid`.
fn next_on_grid(at: Instant, grid: Duration) -> Instant {
    let grid_us = grid.as_micros() as u64;
    Instant::from_micros(at.as_micros().next_multiple_of(grid_us))
}
