//! The threads of a node, with small machines in the place of the worker's.

use std::{
    net::{SocketAddr, UdpSocket as StdUdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant as StdInstant,
};

use protocol::{
    Duration, EndpointIndex, Epoch, Instant, RequestId, RoomId,
    node::{NodeAnswer, NodeCommand, NodeReport, NodeRequest, NodeResponse},
};
use sfu_node::{
    control_loop::Director,
    media_loop::{DATAGRAMS_MAX, Machine},
    metrics::Snapshot,
    net::{BindError, Message, Poller, ReceiveBatch, SendBatch, UdpSocket},
    port::{Affinity, Port, ServeConfig, Served},
};
use sfu_worker::{PacketClass, Path, Sink, Tuple};

use crate::allocation::Watched;

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends every datagram back. `panic` is a fault; `echo`, and commands, are told to the control
/// side.
struct Echo {
    outputs: Vec<u64>,
    commands: u64,
    due: Option<Instant>,
    /// The tuple of the last datagram.
    last: Option<Tuple>,
}

impl Machine for Echo {
    type Command = u64;
    type Output = u64;

    fn handle_datagram(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &mut [u8],
        sink: &mut impl Sink,
    ) {
        let length = datagram.len();
        let space = sink.reserve(EndpointIndex(0), tuple, length, PacketClass::Audio);
        let space = space.expect("space");
        assert_ne!(datagram, b"panic", "a fault in the middle of a packet");
        space.copy_from_slice(datagram);
        self.last = Some(*tuple);
        if datagram == b"later" {
            self.due = Some(now + Duration::from_millis(20));
        }
    }

    fn handle_command(&mut self, _: Instant, command: u64, _: &mut impl Sink) {
        assert_ne!(command, 13, "a fault in a command");
        self.commands += 1;
        self.outputs.push(command);
    }

    fn handle_timeout(&mut self, _: Instant, sink: &mut impl Sink) {
        self.due = None;
        let tuple = self.last.expect("a datagram came before");
        sink.single(&tuple, 3).expect("space").copy_from_slice(b"now");
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn poll_output(&mut self) -> Option<u64> {
        self.outputs.pop()
    }

    fn count_into(&self, _: &mut Snapshot) {}
}

/// Turns each request into a command, and answers it when the command has been told back.
struct Relay {
    workers: usize,
    commands: Vec<u64>,
    reports: Vec<NodeReport>,
}

impl Director for Relay {
    type Command = u64;
    type Output = u64;

    fn handle_request(&mut self, _: Instant, request: NodeRequest) {
        self.commands.push(request.id.get());
    }

    fn handle_output(&mut self, _: Instant, output: u64) {
        self.reports.push(NodeReport::Response(NodeResponse {
            id: RequestId(output),
            room: RoomId(1),
            result: Ok(NodeAnswer::Done),
        }));
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll_command(&mut self) -> Option<(usize, u64)> {
        let command = self.commands.pop()?;
        Some((command as usize % self.workers, command))
    }

    fn poll_report(&mut self) -> Option<NodeReport> {
        self.reports.pop()
    }
}

struct Running {
    served: Served,
    address: SocketAddr,
    calls_of_allocator: Arc<AtomicU64>,
}

fn serve() -> Running {
    serve_with(1)
}

fn serve_with(workers: usize) -> Running {
    let port = Port::bind(SocketAddr::from(([127, 0, 0, 1], 0)), &[]).expect("a port");
    let address = port.local_addr();
    let calls_of_allocator = Arc::new(AtomicU64::new(0));
    let calls = Arc::clone(&calls_of_allocator);
    let echo = move |_| {
        let outputs = Vec::with_capacity(2_000);
        Watched::new(Echo { outputs, commands: 0, due: None, last: None }, Arc::clone(&calls))
    };
    let config = ServeConfig { workers, receivers_max: 1, affinity: Affinity::Free };
    let relay = Relay { workers, commands: Vec::new(), reports: Vec::new() };
    let served = port.serve(config, echo, relay).expect("threads");
    Running { served, address, calls_of_allocator }
}

impl Running {
    fn client(&self) -> StdUdpSocket {
        let client = StdUdpSocket::bind("127.0.0.1:0").expect("a client");
        client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        client.connect(self.address).expect("connected");
        client
    }

    /// Waits until a counter has at least this value: snapshots come once a second.
    fn await_value(&self, name: &str, label: &str, value: u64) {
        let start = StdInstant::now();
        while self.served.metrics.value(name, label) < value {
            assert!(start.elapsed() < PATIENCE, "{name} {label} stays below {value}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn answer(client: &StdUdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2048];
    let length = client.recv(&mut buffer).expect("an answer");
    buffer[..length].to_vec()
}

fn request(id: u64) -> NodeRequest {
    NodeRequest {
        id: RequestId(id),
        room: RoomId(1),
        epoch: Epoch(1),
        command: NodeCommand::ListRoom,
    }
}

fn id_of(report: Option<NodeReport>) -> u64 {
    match report {
        Some(NodeReport::Response(response)) => response.id.get(),
        other => panic!("no response but {other:?}"),
    }
}

#[test]
fn datagrams_are_answered_and_counted() {
    let running = serve();
    let client = running.client();
    for text in ["one", "two", "three"] {
        client.send(text.as_bytes()).expect("sent");
        assert_eq!(answer(&client), text.as_bytes());
    }
    running.await_value("sfu_received_datagrams_total", "", 3);
    running.await_value("sfu_sent_datagrams_total", "", 3);
    running.await_value("sfu_gso_active", "", 1);
    running.served.threads.shutdown().expect("a clean end");
}

#[test]
fn a_burst_longer_than_a_turn_is_answered_whole_and_in_order() {
    let running = serve();
    // One of our own sockets, because the buffer of a plain one would overflow.
    let client = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a client");
    let tuple = Tuple { local: client.local_addr(), remote: running.address, path: Path::Udp };
    let count = DATAGRAMS_MAX + 150;
    let mut send_batch = SendBatch::new();
    for number in 0..count {
        let message = Message { start: 0, length: 8, segment: 0, tuple };
        send_batch.send(&client, &number.to_be_bytes(), &[message]).expect("sent");
    }
    let mut poller = Poller::try_new(&client).expect("a poller");
    let mut batch = ReceiveBatch::new();
    let mut answers = Vec::new();
    while answers.len() < count {
        assert!(poller.wait(Some(PATIENCE)).expect("a wait").socket, "{} came", answers.len());
        batch.receive(&client).expect("a batch");
        while let Some((_, _, datagram)) = batch.next_datagram() {
            answers.push(usize::from_be_bytes((&*datagram).try_into().expect("a number")));
        }
    }
    assert!(answers.into_iter().eq(0..count));
}

#[test]
fn a_timer_fires_without_a_datagram() {
    let running = serve();
    let client = running.client();
    client.send(b"later").expect("sent");
    assert_eq!(answer(&client), b"later");
    assert_eq!(answer(&client), b"now");
}

#[test]
fn a_fault_costs_one_datagram_and_is_counted() {
    let running = serve();
    let client = running.client();
    client.send(b"before").expect("sent");
    assert_eq!(answer(&client), b"before");
    client.send(b"panic").expect("sent");
    client.send(b"after").expect("sent");
    assert_eq!(answer(&client), b"after", "and nothing half-written came before it");
    running.await_value("sfu_invariant_violations_total", "datagram", 1);
    running.await_value("sfu_discarded_datagrams_total", "", 1);
    assert!(running.served.threads.are_running());
}

#[test]
fn a_fault_in_a_command_costs_that_command() {
    let mut running = serve();
    let requests = running.served.requests.clone();
    requests.blocking_send(request(13)).expect("sent");
    requests.blocking_send(request(14)).expect("sent");
    assert_eq!(id_of(running.served.reports.blocking_recv()), 14);
    running.await_value("sfu_invariant_violations_total", "command", 1);
}

#[test]
fn more_requests_than_any_queue_holds_are_all_answered() {
    let mut running = serve();
    let count = 6_000;
    let requests = running.served.requests.clone();
    let asking = std::thread::spawn(move || {
        for id in 100..100 + count {
            requests.blocking_send(request(id)).expect("sent");
        }
    });
    // Nobody reads for a while, so that reports, outputs and commands fill up one after another.
    std::thread::sleep(Duration::from_millis(200));
    let mut ids: Vec<u64> =
        (0..count).map(|_| id_of(running.served.reports.blocking_recv())).collect();
    asking.join().expect("all asked");
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(100..100 + count), "each once");
    running.await_value("sfu_requests_total", "", count);
}

#[test]
fn several_workers_share_the_port_and_the_requests() {
    let mut running = serve_with(3);
    // Each client keeps to one worker; together they reach all.
    for number in 0..30u32 {
        let client = running.client();
        client.send(&number.to_be_bytes()).expect("sent");
        assert_eq!(answer(&client), number.to_be_bytes());
    }
    for id in 0..30 {
        running.served.requests.blocking_send(request(1_000 + id)).expect("sent");
    }
    let mut ids: Vec<u64> =
        (0..30).map(|_| id_of(running.served.reports.blocking_recv())).collect();
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(1_000..1_030), "each once");
    running.await_value("sfu_gso_active", "", 3);
    running.await_value("sfu_received_datagrams_total", "", 30);
    running.served.threads.shutdown().expect("a clean end");
}

#[test]
fn a_busy_port_says_what_to_do() {
    let running = serve();
    let error = Port::bind(running.address, &[]).expect_err("the port is taken");
    assert!(matches!(error, BindError::Busy { .. }));
    let text = error.to_string();
    assert!(text.contains(&running.address.port().to_string()) && text.contains("ss -ulpn"));
}

#[test]
fn a_port_is_free_again_after_shutdown() {
    let running = serve();
    let address = running.address;
    let start = StdInstant::now();
    running.served.threads.shutdown().expect("a clean end");
    assert!(start.elapsed() < Duration::from_secs(1));
    Port::bind(address, &[]).expect("free again");
}

#[test]
fn dropping_the_threads_ends_them() {
    let running = serve();
    let address = running.address;
    drop(running);
    Port::bind(address, &[]).expect("free again");
}

#[test]
fn signaling_that_goes_away_does_not_stop_media() {
    let Running { served, address, calls_of_allocator: _calls } = serve();
    let Served { requests, reports, threads, .. } = served;
    requests.blocking_send(request(1)).expect("sent");
    drop((requests, reports));
    let client = StdUdpSocket::bind("127.0.0.1:0").expect("a client");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.connect(address).expect("connected");
    client.send(b"still there?").expect("sent");
    assert_eq!(answer(&client), b"still there?");
    assert!(threads.are_running());
}

#[test]
fn the_loop_does_not_allocate() {
    let mut running = serve();
    let client = running.client();
    let calls_of_allocator = Arc::clone(&running.calls_of_allocator);
    let calls = || calls_of_allocator.load(Ordering::Acquire);
    client.send(b"warm").expect("sent");
    answer(&client);
    let before = calls();
    assert_ne!(before, 0, "making the loop was seen");
    // Longer than a second, so that a snapshot is among it.
    let start = StdInstant::now();
    let mut rounds = 0;
    while start.elapsed() < Duration::from_millis(1_200) {
        for _ in 0..64 {
            client.send(&[1; 1200]).expect("sent");
        }
        for _ in 0..64 {
            answer(&client);
        }
        for id in 0..3 {
            running.served.requests.blocking_send(request(100 + rounds * 3 + id)).expect("sent");
            id_of(running.served.reports.blocking_recv());
        }
        rounds += 1;
    }
    assert_eq!(calls() - before, 0);
    running.await_value("sfu_received_datagrams_total", "", 1_000);
    running.await_value("sfu_commands_total", "", 30);
}
