//! What the kernel does with our sockets.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket as StdUdpSocket},
    time::UNIX_EPOCH,
};

use protocol::{Duration, EndpointIndex, Instant};
use sfu_node::{
    arena::SendArena,
    net::{BindError, Message, Poller, ReceiveBatch, SendBatch, SendError, UdpSocket},
    sender::{Segmentation, Sender, UdpWire},
};
use sfu_worker::{PacketClass, Path, Sink, Tuple};

const PATIENCE: Duration = Duration::from_secs(5);

/// One of our sockets.
fn socket(listen: &str) -> UdpSocket {
    let listen = listen.parse().expect("a socket address");
    UdpSocket::bind(listen).expect("a socket")
}

/// A plain socket as a client has it.
fn client(ip: &str) -> StdUdpSocket {
    let client = StdUdpSocket::bind((ip, 0)).expect("a client");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client
}

fn address_of(client: &StdUdpSocket) -> SocketAddr {
    client.local_addr().expect("an address")
}

fn at(ip: &str, socket: &UdpSocket) -> SocketAddr {
    SocketAddr::new(ip.parse().expect("an address"), socket.local_addr().port())
}

fn udp(local: SocketAddr, remote: SocketAddr) -> Tuple {
    Tuple { local, remote, path: Path::Udp }
}

fn arena_over(socket: UdpSocket) -> SendArena<UdpWire> {
    let wire = UdpWire::new(std::rc::Rc::new(socket));
    let mut arena = SendArena::new(8, Sender::new(wire, Segmentation::Kernel));
    arena.begin_turn(Instant::ZERO);
    arena.expect(16);
    arena
}

/// Lays `lengths` into the train of `receiver`, each packet filled with its number.
fn fill(arena: &mut impl Sink, receiver: u32, tuple: &Tuple, lengths: &[usize]) {
    for (number, length) in lengths.iter().enumerate() {
        let index = EndpointIndex(receiver);
        let space = arena.reserve(index, tuple, *length, PacketClass::Video).expect("space");
        space.fill(number as u8);
    }
}

/// What a client gets: length and first byte of each datagram.
fn received(client: &StdUdpSocket, count: usize) -> Vec<(usize, u8)> {
    let mut buffer = [0; 65_536];
    (0..count)
        .map(|_| {
            let length = client.recv(&mut buffer).expect("a datagram");
            assert!(buffer[..length].iter().all(|byte| *byte == buffer[0]), "one packet's bytes");
            (length, buffer[0])
        })
        .collect()
}

/// Receives until `count` datagrams are there: their local addresses, lengths and first bytes.
fn take(socket: &UdpSocket, count: usize) -> Vec<(SocketAddr, usize, u8)> {
    let mut poller = Poller::try_new(socket).expect("a poller");
    let mut batch = ReceiveBatch::new();
    let mut taken = Vec::new();
    while taken.len() < count {
        assert!(poller.wait(Some(PATIENCE)).expect("a wait").socket, "{} came", taken.len());
        batch.receive(socket).expect("a batch");
        let remaining = batch.remaining();
        let before = taken.len();
        while let Some((local, _, datagram)) = batch.next_datagram() {
            taken.push((local, datagram.len(), datagram.first().copied().unwrap_or(0)));
        }
        assert_eq!(taken.len() - before, remaining, "as many as were announced");
    }
    taken
}

#[test]
fn a_train_arrives_as_the_packets_it_is_made_of() {
    for listen in ["[::]:0", "0.0.0.0:0", "127.0.0.1:0"] {
        let (socket, client) = (socket(listen), client("127.0.0.1"));
        let tuple = udp(at("127.0.0.1", &socket), address_of(&client));
        let mut arena = arena_over(socket);
        fill(&mut arena, 1, &tuple, &[1200, 1200, 1200, 700]);
        arena.flush();
        assert_eq!(received(&client, 4), [(1200, 0), (1200, 1), (1200, 2), (700, 3)]);
        assert_eq!((arena.counters().trains, arena.counters().refused_trains), (1, 0), "{listen}");
    }
}

#[test]
fn a_train_to_an_ipv6_address_arrives_too() {
    // A machine without IPv6 has nothing to show here.
    if StdUdpSocket::bind("[::1]:0").is_err() {
        return;
    }
    let (socket, client) = (socket("[::]:0"), client("::1"));
    let tuple = udp(at("::1", &socket), address_of(&client));
    let mut arena = arena_over(socket);
    fill(&mut arena, 1, &tuple, &[1100; 16]);
    arena.flush();
    assert_eq!(received(&client, 16).len(), 16);
    assert_eq!(arena.counters().trains, 1);
}

#[test]
fn a_merged_train_is_taken_apart_on_receipt() {
    let (ours, theirs) = (socket("[::]:0"), socket("127.0.0.1:0"));
    let tuple = udp(theirs.local_addr(), at("127.0.0.1", &ours));
    let mut arena = arena_over(theirs);
    fill(&mut arena, 1, &tuple, &[1000, 1000, 1000, 1000, 600]);
    arena.flush();
    let taken: Vec<(usize, u8)> =
        take(&ours, 5).into_iter().map(|(_, length, first)| (length, first)).collect();
    assert_eq!(taken, [(1000, 0), (1000, 1), (1000, 2), (1000, 3), (600, 4)]);
}

#[test]
fn the_address_that_a_client_asked_is_the_one_that_answers() {
    for listen in ["[::]:0", "0.0.0.0:0"] {
        let socket = socket(listen);
        let client = client("127.0.0.1");
        for ip in ["127.0.0.1", "127.0.0.2", "127.9.8.7"] {
            let asked = at(ip, &socket);
            client.send_to(b"?", asked).expect("a question");
            let (local, ..) = take(&socket, 1)[0];
            assert_eq!(local, asked, "{listen}: an unmapped address of ours");
            let tuple = udp(local, address_of(&client));
            let message = Message { start: 0, length: 2, segment: 0, tuple };
            assert_eq!(SendBatch::new().send(&socket, b"ok", &[message]), Ok(1));
            let (_, from) = client.recv_from(&mut [0; 8]).expect("an answer");
            assert_eq!(from, asked, "{listen}");
        }
    }
}

#[test]
fn a_destination_that_fails_stops_nobody_else() {
    let socket = socket("[::]:0");
    let local = at("127.0.0.1", &socket);
    let clients = [client("127.0.0.1"), client("127.0.0.1")];
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    // TEST-NET-1 is nobody's (RFC 5737).
    let not_ours = SocketAddr::from(([192, 0, 2, 1], local.port()));
    let mut arena = arena_over(socket);
    fill(&mut arena, 1, &udp(local, address_of(&clients[0])), &[900; 3]);
    fill(&mut arena, 2, &udp(local, nowhere), &[900; 3]);
    fill(&mut arena, 3, &udp(not_ours, address_of(&clients[0])), &[900; 1]);
    fill(&mut arena, 4, &udp(local, address_of(&clients[1])), &[900; 3]);
    arena.flush();
    for client in &clients {
        assert_eq!(received(client, 3), [(900, 0), (900, 1), (900, 2)]);
    }
    let counters = arena.counters();
    assert_eq!((counters.refused, counters.refused_trains, counters.trains), (4, 1, 2));
    assert!(arena.segmentation());
}

#[test]
fn a_message_to_the_wrong_family_is_refused_by_itself() {
    let (socket, client) = (socket("0.0.0.0:0"), client("127.0.0.1"));
    let local = at("127.0.0.1", &socket);
    let wrong: IpAddr = "2001:db8::1".parse().expect("an address");
    let message = |remote| Message { start: 0, length: 3, segment: 0, tuple: udp(local, remote) };
    let good = message(address_of(&client));
    let bad = message(SocketAddr::new(wrong, 9));
    let mut batch = SendBatch::new();
    assert_eq!(batch.send(&socket, b"abc", &[good, bad, good]), Ok(1));
    assert_eq!(batch.send(&socket, b"abc", &[bad, good]), Err(SendError::Refused));
}

#[test]
fn a_burst_that_overflows_the_receive_buffer_is_counted() {
    let socket = socket("127.0.0.1:0");
    let client = client("127.0.0.1");
    // Small datagrams cost the buffer some 800 bytes each.
    for _ in 0..socket.buffers().receive / 500 {
        client.send_to(&[7; 64], socket.local_addr()).expect("sent");
    }
    let mut batch = ReceiveBatch::new();
    loop {
        let may_have_more = batch.receive(&socket).expect("a batch");
        while batch.next_datagram().is_some() {}
        if !may_have_more {
            break;
        }
    }
    // The count comes with the next datagram that is taken in.
    client.send_to(b"!", socket.local_addr()).expect("sent");
    batch.receive(&socket).expect("a batch");
    let counters = batch.counters();
    let sent = socket.buffers().receive as u64 / 500 + 1;
    assert!(counters.overflow > 0, "{counters:?}");
    assert_eq!(counters.datagrams + counters.overflow, sent);
}

#[test]
fn siblings_share_a_port_and_nobody_else_does() {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let first = UdpSocket::bind(anywhere).expect("a socket");
    let second = first.try_sibling().expect("a second one");
    let port = first.local_addr().port();
    assert_eq!(second.local_addr(), first.local_addr());
    let error = UdpSocket::bind(first.local_addr()).expect_err("the port is taken");
    assert!(matches!(error, BindError::Busy { .. }), "{error:?}");
    assert!(error.to_string().contains(&port.to_string()), "it names the port: {error}");
}

#[test]
fn an_address_that_is_not_ours_is_named() {
    let listen = SocketAddr::from(([192, 0, 2, 1], 0));
    let error = UdpSocket::bind(listen).expect_err("not our address");
    assert!(matches!(error, BindError::NoSuchAddress { .. }), "{error:?}");
}

#[test]
fn buffers_are_as_large_as_the_machine_allows() {
    let socket = socket("[::]:0");
    let buffers = socket.buffers();
    assert!(buffers.send >= 2 * 208 * 1024 && buffers.receive >= 2 * 208 * 1024, "{buffers:?}");
}

#[test]
fn this_machine_cuts_trains() {
    assert!(sfu_node::net::segmentation_works());
}

#[test]
fn a_socket_that_asks_is_told_when_the_kernel_got_a_datagram() {
    let since_1970 = || UNIX_EPOCH.elapsed().expect("a clock that is set");
    let socket = socket("127.0.0.1:0");
    let mut poller = Poller::try_new(&socket).expect("a poller");
    let mut batch = ReceiveBatch::new();
    let mut arrival = || {
        let sent = client("127.0.0.1").send_to(b"x", socket.local_addr());
        sent.expect("sent");
        assert!(poller.wait(Some(PATIENCE)).expect("a sleep").socket, "nothing came");
        batch.receive(&socket).expect("received");
        let arrival = batch.arrival();
        assert!(batch.next_datagram().is_some() && batch.arrival().is_none());
        arrival
    };
    assert_eq!(arrival(), None);
    socket.stamp_arrivals().expect("Linux 2.6.22");
    let before = since_1970();
    // The kernel reads a coarser clock than we do, by a tick of 10 ms at most.
    let tick = Duration::from_millis(10);
    let stamp = arrival().expect("a stamp");
    assert!((before - tick..since_1970() + tick).contains(&stamp), "{before:?}, {stamp:?}");
}
