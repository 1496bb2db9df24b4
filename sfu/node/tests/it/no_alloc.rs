//! A media thread under real traffic: model clients on real sockets, people coming and going,
//! keyframes asked for, layers changed; and not one call of the allocator.
//!
//! The DTLS handshake is a double, because it runs on the control side; everything on the media
//! thread is the real thing, from `recvmmsg` to `sendmmsg`.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant as StdInstant,
};

use load_tests::{
    client::{Client, Shape},
    handshake::DoubleMaker,
};
use protocol::{
    Duration, Epoch, Instant, ParticipantId, RequestId, RoomId,
    client::{SourceState, Tile, View},
    media::Source,
    node::{NodeAnswer, NodeCommand, NodeReport, NodeRequest},
};
use sfu_node::port::{Affinity, Port, ServeConfig, Served};
use sfu_worker::{Control, ControlConfig, Limits, Worker, WorkerConfig};

use crate::allocation::Watched;

/// Packets that must reach clients while the allocator is watched.
const FORWARDED_MIN: u64 = 100_000;

/// Clients live faster than the clock, so that the test does not take a minute.
const SPEED: u64 = 3;

const STAYERS: u32 = 12;
const SHAPE: Shape = Shape { publishes: true, voices: 3, videos: 9 };
const ROOM: RoomId = RoomId(1);
const LIMITS: Limits =
    Limits { endpoints: 32, rooms: 4, participants_per_room: 32, slots_per_endpoint: 13 };

#[test]
fn a_media_thread_never_calls_the_allocator_while_people_talk_come_and_go() {
    let mut call = Call::begin();
    for number in 1..=STAYERS {
        call.join(number);
    }
    call.run_until("everybody sees somebody", Call::everybody_sees_somebody);
    // Every kind of event once before the watch begins: a first time may set up what stays.
    let mut round = 0;
    while round < 4 {
        call.disturb(round);
        round += 1;
        call.run_for(Duration::from_millis(300));
    }

    let calls_before = call.allocator_calls.load(Ordering::Acquire);
    let packets_before = call.packets();
    while call.packets() - packets_before < FORWARDED_MIN {
        call.disturb(round);
        round += 1;
        call.run_for(Duration::from_millis(300));
    }
    let calls = call.allocator_calls.load(Ordering::Acquire) - calls_before;
    let packets = call.packets() - packets_before;
    println!("{packets} packets forwarded over {round} disturbances, {calls} allocator calls");
    assert!(call.keyframes_asked() > u64::from(STAYERS), "keyframe requests took part");
    assert!(call.layers_seen() > 1, "layer changes took part");
    assert_eq!(calls, 0);
    call.served.threads.shutdown().expect("a clean end");
}

struct Call {
    served: Served,
    address: SocketAddr,
    allocator_calls: Arc<AtomicU64>,
    origin: StdInstant,
    people: BTreeMap<u32, (Client, UdpSocket)>,
    /// Packets that those received who have left.
    packets_of_leavers: u64,
    requests: u64,
    next_comer: u32,
}

impl Call {
    fn begin() -> Self {
        let port = Port::bind(SocketAddr::from(([127, 0, 0, 1], 0)), &[]).expect("a port");
        let address = port.local_addr();
        let control = Control::new(ControlConfig {
            workers: 1,
            limits: LIMITS,
            candidates: port.candidates().to_vec(),
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
        let mut call = Call {
            served,
            address,
            allocator_calls,
            origin: StdInstant::now(),
            people: BTreeMap::new(),
            packets_of_leavers: 0,
            requests: 0,
            next_comer: 100,
        };
        call.ask(NodeCommand::OpenRoom);
        call
    }

    fn now(&self) -> Instant {
        let micros = u64::try_from(self.origin.elapsed().as_micros()).expect("a short test");
        Instant::from_micros(SPEED * micros)
    }

    fn ask(&mut self, command: NodeCommand) -> NodeAnswer {
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

    fn join(&mut self, number: u32) {
        let participant = ParticipantId(number);
        let mut client = Client::new(number, SHAPE, u64::from(number));
        let (offer, sections) = client.offer();
        let answer = self.ask(NodeCommand::AddEndpoint { participant, offer, sections });
        let NodeAnswer::Answer(answer) = answer else { panic!("no answer to an offer") };
        client.handle_answer(self.now(), &answer);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(self.address).expect("connected");
        socket.set_nonblocking(true).expect("not blocking");
        self.people.insert(number, (client, socket));
        for source in [Source::Microphone, Source::Camera] {
            let state = Some(SourceState { width: 1280, height: 720 });
            self.ask(NodeCommand::SetSource { participant, source, state });
        }
        self.show(number, 180);
    }

    fn leave(&mut self, number: u32) {
        self.ask(NodeCommand::RemoveEndpoint { participant: ParticipantId(number) });
        if let Some((client, _)) = self.people.remove(&number) {
            self.packets_of_leavers += packets_of(&client);
        }
    }

    /// Lets a client show everybody at this height.
    fn show(&mut self, number: u32, height: u16) {
        let others = (1..=STAYERS).filter(|other| *other != number).map(ParticipantId);
        let tile = |participant| Tile { participant, source: Source::Camera, height };
        let view = View { stage: None, tiles: others.map(tile).collect() };
        self.ask(NodeCommand::SetView { participant: ParticipantId(number), view });
    }

    /// Somebody comes, somebody goes, some change their layout, some ask for a keyframe.
    fn disturb(&mut self, round: u32) {
        self.next_comer += 1;
        self.join(self.next_comer);
        if round % 2 == 1 {
            self.leave(self.next_comer - 1);
            self.leave(self.next_comer);
        }
        let number = round % STAYERS + 1;
        self.show(number, [90, 360, 720][round as usize % 3]);
        if let Some((client, _)) = self.people.get_mut(&number) {
            let slots: Vec<_> = client.slots.keys().copied().collect();
            for ssrc in slots {
                client.request_keyframe(ssrc);
            }
        }
    }

    fn run_for(&mut self, time: Duration) {
        let end = StdInstant::now() + time;
        while StdInstant::now() < end {
            self.turn();
        }
    }

    fn run_until(&mut self, what: &str, mut is_so: impl FnMut(&Call) -> bool) {
        let end = StdInstant::now() + Duration::from_secs(20);
        while !is_so(self) {
            assert!(StdInstant::now() < end, "not in time: {what}");
            self.turn();
        }
    }

    /// Every client receives what came, then sends what is due.
    fn turn(&mut self) {
        let now = self.now();
        let mut buffer = [0; 2_048];
        for (client, socket) in self.people.values_mut() {
            while let Ok(length) = socket.recv(&mut buffer) {
                client.handle_datagram(now, &mut buffer[..length]);
            }
            if client.poll_timeout().is_some_and(|due| due <= now) {
                client.handle_timeout(now);
            }
            while let Some(datagram) = client.poll_transmit() {
                match socket.send(&datagram) {
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => panic!("a client cannot send: {error}"),
                }
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }

    fn everybody_sees_somebody(&self) -> bool {
        let mut clients = self.people.values().map(|(client, _)| client);
        clients.all(|client| !client.seen_since(Instant::ZERO).is_empty())
    }

    fn packets(&self) -> u64 {
        let present: u64 = self.people.values().map(|(client, _)| packets_of(client)).sum();
        self.packets_of_leavers + present
    }

    fn keyframes_asked(&self) -> u64 {
        let publishers = self.people.values().filter_map(|(client, _)| client.publisher.as_ref());
        publishers.map(|publisher| publisher.keyframes_asked.len() as u64).sum()
    }

    fn layers_seen(&self) -> usize {
        let slots = self.people.values().flat_map(|(client, _)| client.slots.values());
        let layers = slots.flat_map(|slot| slot.frames.iter().map(|frame| frame.layer));
        layers.collect::<std::collections::BTreeSet<_>>().len()
    }
}

fn packets_of(client: &Client) -> u64 {
    client.slots.values().map(|slot| slot.packets).sum()
}
