//! A call on real sockets whose DTLS handshake is a double: that runs on the control side, and
//! everything on the media thread is the real thing, from `recvmmsg` to `sendmmsg`.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::Instant as StdInstant,
};

use load_tests::{
    client::{Client, Shape},
    handshake::DoubleMaker,
};
use protocol::{
    Duration, Epoch, Instant, ParticipantId, RequestId, RoomId,
    client::{SourceState, Tile, View},
    media::{CodecSet, Source},
    node::{NodeAnswer, NodeCommand, NodeReport, NodeRequest},
};
use sfu_node::{
    port::{Affinity, Port, ServeConfig, Served},
    streams::StreamKind,
};
use sfu_worker::{CameraLimit, Control, ControlConfig, Limits, Worker, WorkerConfig};

use crate::{
    allocation::Watched,
    line::{Front, Line},
};

/// Clients live faster than the clock, so that the test does not take a minute; but not those that
/// tell when packets arrive, for to them the way would seem to get longer and longer.
const SPEED: u32 = 3;

/// The most that time goes on by from one turn to the next: on a busy machine clients live more
/// slowly, where else they would swamp the node with what they have missed.
const STEP_MAX: Duration = Duration::from_millis(7);

pub(crate) const STAYERS: u32 = 12;
const SHAPE: Shape = Shape { videos: 9, ..Shape::PARTICIPANT };
const BROWSER: Shape = Shape { videos: 9, ..Shape::BROWSER };

const ROOM: RoomId = RoomId(1);
const LIMITS: Limits = Limits {
    endpoints: 32,
    rooms: 4,
    participants_per_room: 32,
    slots_per_endpoint: 13,
    camera: CameraLimit::NONE,
};

/// A model client, its line, and its time.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) line: Line,
    now: Instant,
    speed: u32,
}

/// A room on a real node, and model clients on sockets of their own.
pub(crate) struct Call {
    pub(crate) served: Served,
    pub(crate) address: SocketAddr,
    /// Where clients reach it by TCP.
    pub(crate) front: Front,
    pub(crate) allocator_calls: Arc<AtomicU64>,
    /// When time was last advanced.
    advanced: StdInstant,
    pub(crate) people: BTreeMap<u32, Person>,
    /// Packets that those received who have left.
    packets_of_leavers: u64,
    requests: u64,
    next_comer: u32,
    /// Datagrams of publishers are lost, and every fourth client sends them again.
    pub(crate) is_lossy: bool,
    /// Datagrams of publishers.
    media: u64,
}

impl Call {
    pub(crate) fn begin() -> Self {
        let port = Port::bind(SocketAddr::from(([127, 0, 0, 1], 0)), &[]).expect("a port");
        let address = port.local_addr();
        let control = Control::new(ControlConfig {
            workers: 1,
            limits: LIMITS,
            codecs: CodecSet::default(),
            candidates: port.candidates().to_vec(),
            tcp_candidates: Vec::new(),
            handshakes: Box::new(DoubleMaker),
            seed: [1; 32],
        });
        let allocator_calls = Arc::new(AtomicU64::new(0));
        let calls = Arc::clone(&allocator_calls);
        let worker = WorkerConfig { limits: LIMITS, ntp_at_zero: 0, seed: [2; 32] };
        let machine = move |_| Watched::new(Worker::new(worker), Arc::clone(&calls));
        let serve =
            ServeConfig { workers: 1, receivers_max: LIMITS.endpoints, affinity: Affinity::Free };
        let served = port.serve(serve, machine, control).expect("threads");
        let front = Front::of(&served.streams, StreamKind::IceTcp);
        let mut call = Call {
            served,
            address,
            front,
            allocator_calls,
            advanced: StdInstant::now(),
            people: BTreeMap::new(),
            packets_of_leavers: 0,
            requests: 0,
            next_comer: 100,
            is_lossy: false,
            media: 0,
        };
        call.ask(NodeCommand::OpenRoom);
        call
    }

    /// Lets time go on.
    fn advance(&mut self) {
        let passed = self.advanced.elapsed();
        self.advanced += passed;
        let passed = Duration::from_micros(u64::try_from(passed.as_micros()).expect("not long"));
        for person in self.people.values_mut() {
            person.now = person.now + passed.min(STEP_MAX) * person.speed;
        }
    }

    pub(crate) fn ask(&mut self, command: NodeCommand) -> NodeAnswer {
        self.requests += 1;
        let id = RequestId(self.requests);
        let request = NodeRequest { id, room: ROOM, epoch: Epoch(1), command };
        self.served.requests.blocking_send(request).expect("the node takes requests");
        loop {
            let report = self.served.reports.blocking_recv().expect("the node answers");
            if let NodeReport::Response(response) = report
                && response.id == id
            {
                return response.result.expect("a good request");
            }
        }
    }

    /// Every third client comes by TCP.
    pub(crate) fn join(&mut self, number: u32) {
        let line = match number % 3 {
            0 => Line::tcp(self.front.address),
            _ => Line::udp(self.address),
        };
        self.join_by(number, line);
    }

    pub(crate) fn join_by(&mut self, number: u32, line: Line) {
        let participant = ParticipantId(number);
        let repairs = self.is_lossy && number.is_multiple_of(4);
        let (shape, speed) = if repairs { (BROWSER, 1) } else { (SHAPE, SPEED) };
        let now = Instant::from_micros(1);
        let mut client = Client::new(number, shape, u64::from(number));
        let (offer, sections) = client.offer();
        let answer = self.ask(NodeCommand::AddEndpoint { participant, offer, sections });
        let NodeAnswer::Answer(answer) = answer else { panic!("no answer to an offer") };
        client.handle_answer(now, &answer);
        self.people.insert(number, Person { client, line, now, speed });
        for source in [Source::Microphone, Source::Camera] {
            let state = Some(SourceState { width: 1280, height: 720 });
            self.ask(NodeCommand::SetSource { participant, source, state });
        }
        self.show(number, 180);
    }

    pub(crate) fn leave(&mut self, number: u32) {
        self.ask(NodeCommand::RemoveEndpoint { participant: ParticipantId(number) });
        if let Some(Person { client, .. }) = self.people.remove(&number) {
            self.packets_of_leavers += packets_of(&client);
        }
    }

    /// Lets a client show everybody at this height.
    pub(crate) fn show(&mut self, number: u32, height: u16) {
        let others = (1..=STAYERS).filter(|other| *other != number).map(ParticipantId);
        let tile = |participant| Tile { participant, source: Source::Camera, height };
        let view = View { stage: None, tiles: others.map(tile).collect() };
        self.ask(NodeCommand::SetView { participant: ParticipantId(number), view });
    }

    /// Somebody comes, somebody goes, some change their layout, some ask for a keyframe and for
    /// packets again.
    pub(crate) fn disturb(&mut self, round: u32) {
        self.next_comer += 1;
        self.join(self.next_comer);
        if round % 2 == 1 {
            self.leave(self.next_comer - 1);
            self.leave(self.next_comer);
        }
        let number = round % STAYERS + 1;
        self.show(number, [90, 360, 720][round as usize % 3]);
        if let Some(Person { client, .. }) = self.people.get_mut(&number) {
            let slots: Vec<_> = client.slots.keys().copied().collect();
            for ssrc in slots {
                client.request_keyframe(ssrc);
                client.claim_lost(ssrc);
            }
        }
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = StdInstant::now() + time;
        while StdInstant::now() < end {
            self.turn();
        }
    }

    pub(crate) fn run_until(&mut self, what: &str, mut is_so: impl FnMut(&Call) -> bool) {
        let end = StdInstant::now() + Duration::from_secs(60);
        while !is_so(self) {
            assert!(StdInstant::now() < end, "not in time: {what}");
            self.turn();
        }
    }

    /// Every client receives what came, then sends what is due.
    fn turn(&mut self) {
        self.advance();
        for Person { client, line, now, .. } in self.people.values_mut() {
            let now = *now;
            while let Some(mut datagram) = line.receive() {
                client.handle_datagram(now, &mut datagram);
            }
            if client.poll_timeout().is_some_and(|due| due <= now) {
                client.handle_timeout(now);
            }
            while let Some(datagram) = client.poll_transmit() {
                self.media += 1;
                if self.is_lossy && is_media(&datagram) && is_unlucky(self.media) {
                    continue;
                }
                line.send(&datagram);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }

    /// The next RTP packet that a client would send; it does not send it.
    pub(crate) fn next_media_of(&mut self, number: u32) -> Vec<u8> {
        let end = StdInstant::now() + Duration::from_secs(5);
        while StdInstant::now() < end {
            self.advance();
            if let Some(Person { client, now, .. }) = self.people.get_mut(&number) {
                client.handle_timeout(*now);
                while let Some(datagram) = client.poll_transmit() {
                    if is_media(&datagram) {
                        return datagram;
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("client {number} sends no media");
    }

    /// Sends from a client's own address.
    pub(crate) fn send_as(&mut self, number: u32, datagram: &[u8]) {
        self.people.get_mut(&number).expect("somebody who is here").line.send(datagram);
    }

    /// Packets that clients could not open, or that came twice.
    pub(crate) fn failures(&self) -> u64 {
        let clients = self.people.values().map(|person| &person.client);
        clients
            .map(|client| {
                let twice: u64 = client.slots.values().map(|slot| slot.duplicates).sum();
                client.srtp_failures + twice
            })
            .sum()
    }

    pub(crate) fn everybody_sees_somebody(&self) -> bool {
        let mut clients = self.people.values().map(|person| &person.client);
        clients.all(|client| !client.seen_since(Instant::ZERO).is_empty())
    }

    pub(crate) fn packets(&self) -> u64 {
        let present: u64 = self.people.values().map(|person| packets_of(&person.client)).sum();
        self.packets_of_leavers + present
    }

    pub(crate) fn keyframes_asked(&self) -> u64 {
        let people = self.people.values();
        let publishers = people.filter_map(|person| person.client.publisher.as_ref());
        publishers.map(|publisher| publisher.keyframes_asked.len() as u64).sum()
    }

    pub(crate) fn layers_seen(&self) -> usize {
        let slots = self.people.values().flat_map(|person| person.client.slots.values());
        let layers = slots.flat_map(|slot| slot.frames.iter().map(|frame| frame.layer));
        layers.collect::<std::collections::BTreeSet<_>>().len()
    }
}

/// Whether the datagram of this number is lost: one in 64, in no order (Fibonacci hashing).
const fn is_unlucky(number: u64) -> bool {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58 == 0
}

/// RFC 7983 §7, RFC 5761 §4.
fn is_media(datagram: &[u8]) -> bool {
    datagram[0] >> 6 == 2 && !(64..=95).contains(&(datagram[1] & 0x7F))
}

fn packets_of(client: &Client) -> u64 {
    client.slots.values().map(|slot| slot.packets).sum()
}
