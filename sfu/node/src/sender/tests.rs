use std::{collections::HashSet, net::SocketAddr};

use protocol::{Duration, EndpointIndex, Instant};
use sfu_worker::{PacketClass, Path, Tuple};

use super::{MUTE_FOR, PATIENCE, PLAIN_FOR, Segmentation, Sender, Wire};
use crate::{
    arena::trains::TrainBuffer,
    net::{Message, SendBatch, SendError},
};

/// A socket that fails as it is told.
#[derive(Default)]
struct FaultyWire {
    /// Remote ports at which every train fails, and every datagram.
    no_trains: HashSet<u16>,
    refuses: HashSet<u16>,
    too_long: HashSet<u16>,
    no_segmentation: bool,
    /// Datagrams it takes before it is full; waiting does not help.
    room: Option<usize>,
    /// How many it takes again after a wait.
    room_after_wait: usize,
    waited: Duration,
    calls: usize,
    /// What went: remote port, segment length, bytes.
    sent: Vec<(u16, u16, usize)>,
}

impl FaultyWire {
    fn check(&mut self, message: &Message) -> Result<(), SendError> {
        let port = message.tuple.remote.port();
        let is_train = message.segment > 0;
        if self.room == Some(0) {
            return Err(SendError::Full);
        }
        if is_train && self.no_segmentation {
            return Err(SendError::NoSegmentation);
        }
        if self.refuses.contains(&port) || (is_train && self.no_trains.contains(&port)) {
            return Err(SendError::Refused);
        }
        if self.too_long.contains(&port) {
            return Err(SendError::TooLong);
        }
        self.room = self.room.map(|room| room - 1);
        self.sent.push((port, message.segment, message.length));
        Ok(())
    }

    fn sent_to(&self, port: u16) -> usize {
        self.sent.iter().filter(|(to, _, _)| *to == port).count()
    }
}

impl Wire for FaultyWire {
    /// Like `sendmmsg`: stops at the first failure and reports it only if nothing went before.
    fn send(&mut self, _: &[u8], messages: &[Message]) -> Result<usize, SendError> {
        self.calls += 1;
        for (index, message) in messages.iter().take(SendBatch::MESSAGES_MAX).enumerate() {
            match self.check(message) {
                Ok(()) => {}
                Err(error) if index == 0 => return Err(error),
                Err(_) => return Ok(index),
            }
        }
        Ok(messages.len())
    }

    fn wait_writable(&mut self, timeout: Duration) -> (bool, Duration) {
        if self.room_after_wait > 0 {
            self.room = Some(std::mem::take(&mut self.room_after_wait));
            let spent = Duration::from_millis(1);
            self.waited += spent;
            return (true, spent);
        }
        self.waited += timeout;
        (false, timeout)
    }
}

fn to(port: u16) -> Tuple {
    let local = SocketAddr::from(([198, 51, 100, 1], 7));
    Tuple { local, remote: SocketAddr::from(([192, 0, 2, 1], port)), path: Path::Udp }
}

/// Trains of `packets` packets of 1 000 bytes, one to each port.
fn trains(ports: &[u16], packets: usize, class: PacketClass) -> TrainBuffer {
    let mut buffer = TrainBuffer::new(1_000);
    buffer.expect(packets);
    for port in ports {
        put(&mut buffer, *port, packets, class);
    }
    buffer
}

fn put(buffer: &mut TrainBuffer, port: u16, packets: usize, class: PacketClass) {
    for _ in 0..packets {
        let receiver = Some(EndpointIndex(u32::from(port)));
        buffer.reserve(receiver, &to(port), 1000, class).expect("room");
    }
}

fn sender(wire: FaultyWire) -> Sender<FaultyWire> {
    let mut sender = Sender::new(wire, Segmentation::Kernel);
    sender.begin_turn(Instant::ZERO);
    sender
}

const PORTS: [u16; 3] = [1, 2, 3];

#[test]
fn a_train_goes_as_one_message_and_a_packet_alone_as_a_plain_one() {
    let mut sender = sender(FaultyWire::default());
    let mut buffer = trains(&[1], 3, PacketClass::Video);
    put(&mut buffer, 2, 1, PacketClass::Audio);
    sender.send(&buffer);
    assert_eq!(sender.wire.sent, [(1, 1000, 3000), (2, 0, 1000)]);
    assert_eq!(sender.wire.calls, 1);
    assert_eq!((sender.counters().trains, sender.counters().datagrams), (1, 4));
}

#[test]
fn more_messages_than_a_call_takes_all_go() {
    let ports: Vec<u16> = (0..200).collect();
    let mut sender = sender(FaultyWire::default());
    sender.send(&trains(&ports, 2, PacketClass::Video));
    assert_eq!(sender.counters().datagrams, 400);
    assert_eq!(sender.wire.calls, 200usize.div_ceil(SendBatch::MESSAGES_MAX));
}

#[test]
fn a_refused_train_goes_singly_and_the_others_as_trains() {
    let wire = FaultyWire { no_trains: [2].into(), ..FaultyWire::default() };
    let mut sender = sender(wire);
    sender.send(&trains(&PORTS, 3, PacketClass::Video));
    let expected = [(1, 1000, 3000), (2, 0, 1000), (2, 0, 1000), (2, 0, 1000), (3, 1000, 3000)];
    assert_eq!(sender.wire.sent, expected);
    assert_eq!((sender.counters().refused_trains, sender.counters().datagrams), (1, 9));
    assert!(sender.segmentation(), "one tuple's fault is not the node's");
}

#[test]
fn a_tuple_that_refused_a_train_gets_single_datagrams_for_a_while() {
    let wire = FaultyWire { no_trains: [2].into(), ..FaultyWire::default() };
    let mut sender = sender(wire);
    sender.send(&trains(&[2], 3, PacketClass::Video));
    sender.send(&trains(&[2], 3, PacketClass::Video));
    assert_eq!(sender.counters().refused_trains, 1, "no second train was tried");
    sender.wire.no_trains.clear();
    sender.begin_turn(Instant::ZERO + PLAIN_FOR);
    sender.send(&trains(&[2], 3, PacketClass::Video));
    assert_eq!(sender.counters().trains, 1, "then trains again");
}

#[test]
fn a_tuple_that_refuses_everything_is_left_alone_for_a_moment() {
    let wire = FaultyWire { refuses: [2].into(), ..FaultyWire::default() };
    let mut sender = sender(wire);
    sender.send(&trains(&PORTS, 3, PacketClass::Video));
    assert_eq!([sender.wire.sent_to(1), sender.wire.sent_to(3)], [1, 1], "others got their train");
    assert_eq!(sender.counters().refused, 3);
    let calls = sender.wire.calls;
    sender.send(&trains(&[2], 3, PacketClass::Audio));
    assert_eq!(sender.wire.calls, calls, "no call for it");
    assert_eq!(sender.counters().refused, 6);
    sender.wire.refuses.clear();
    sender.begin_turn(Instant::ZERO + MUTE_FOR);
    sender.send(&trains(&[2], 3, PacketClass::Audio));
    assert_eq!(sender.wire.sent_to(2), 3, "back, and still without trains");
}

#[test]
fn a_packet_that_is_too_long_does_not_mute_its_tuple() {
    let wire = FaultyWire { too_long: [2].into(), ..FaultyWire::default() };
    let mut sender = sender(wire);
    sender.send(&trains(&[2], 1, PacketClass::Video));
    assert_eq!(sender.counters().too_long, 1);
    sender.wire.too_long.clear();
    sender.send(&trains(&[2], 1, PacketClass::Audio));
    assert_eq!(sender.wire.sent_to(2), 1);
}

#[test]
fn a_way_out_without_segmentation_ends_trains_for_good() {
    let wire = FaultyWire { no_segmentation: true, ..FaultyWire::default() };
    let mut sender = sender(wire);
    sender.send(&trains(&PORTS, 3, PacketClass::Video));
    assert_eq!(sender.counters().datagrams, 9, "all went, singly");
    assert!(!sender.segmentation());
    sender.wire.no_segmentation = false;
    sender.begin_turn(Instant::ZERO + PLAIN_FOR);
    sender.send(&trains(&PORTS, 3, PacketClass::Video));
    assert_eq!(sender.counters().trains, 0);
}

#[test]
fn a_full_socket_that_empties_in_time_loses_nothing() {
    let wire = FaultyWire { room: Some(1), room_after_wait: 100, ..FaultyWire::default() };
    let mut sender = sender(wire);
    sender.send(&trains(&PORTS, 3, PacketClass::Video));
    assert_eq!(sender.counters().datagrams, 9);
    assert_eq!((sender.counters().waits, sender.counters().backlog_video), (1, 0));
}

#[test]
fn a_full_socket_costs_the_worker_five_milliseconds_a_turn() {
    let mut sender = sender(FaultyWire { room: Some(0), ..FaultyWire::default() });
    sender.send(&trains(&PORTS, 3, PacketClass::Video));
    sender.send(&trains(&PORTS, 3, PacketClass::Audio));
    assert_eq!(sender.wire.waited, PATIENCE, "both flushes together");
    assert_eq!(sender.counters().backlog_video, 9);
    assert_eq!(sender.counters().backlog_audio, 9);
    sender.begin_turn(Instant::from_micros(10));
    sender.send(&trains(&[1], 1, PacketClass::Control));
    assert_eq!(sender.wire.waited, 2 * PATIENCE, "the next turn is patient again");
    assert_eq!(sender.counters().backlog_control, 1);
}

/// A socket that is full, but takes four datagrams when the wait is over.
struct LateRoom(FaultyWire);

impl Wire for LateRoom {
    fn send(&mut self, arena: &[u8], messages: &[Message]) -> Result<usize, SendError> {
        self.0.send(arena, messages)
    }

    fn wait_writable(&mut self, timeout: Duration) -> (bool, Duration) {
        self.0.room = Some(4);
        (false, timeout)
    }
}

#[test]
fn when_patience_ends_pictures_are_dropped_and_sound_goes() {
    let wire = LateRoom(FaultyWire { room: Some(0), ..FaultyWire::default() });
    let mut sender = Sender::new(wire, Segmentation::Kernel);
    sender.begin_turn(Instant::ZERO);
    let mut buffer = trains(&[1], 3, PacketClass::Video);
    // One train in which both are mixed, and one of sound alone.
    put(&mut buffer, 2, 2, PacketClass::Video);
    put(&mut buffer, 2, 2, PacketClass::Audio);
    put(&mut buffer, 3, 3, PacketClass::Audio);
    sender.send(&buffer);
    let sent = &sender.wire.0.sent;
    assert!(!sent.iter().any(|(port, _, _)| *port == 1), "no picture: {sent:?}");
    assert_eq!(sender.counters().backlog_video, 3, "the train of pictures");
    assert_eq!(sender.counters().backlog_audio, 0);
    assert_eq!(sender.counters().datagrams, 7, "the mixed train fitted as it was");
}

#[test]
fn sound_is_taken_out_of_a_train_that_does_not_fit() {
    let mut sender = sender(FaultyWire { room: Some(0), ..FaultyWire::default() });
    let mut buffer = trains(&[1], 2, PacketClass::Video);
    put(&mut buffer, 1, 2, PacketClass::Audio);
    sender.send(&buffer);
    assert_eq!((sender.counters().backlog_video, sender.counters().backlog_audio), (2, 2));
}

#[test]
fn a_fault_that_hits_more_tuples_than_are_remembered_stops_nobody_else() {
    let ports: Vec<u16> = (0..300).collect();
    let refuses = ports.iter().copied().filter(|port| port % 2 == 0).collect();
    let mut sender = sender(FaultyWire { refuses, ..FaultyWire::default() });
    for _ in 0..2 {
        sender.send(&trains(&ports, 2, PacketClass::Video));
    }
    assert_eq!((sender.counters().datagrams, sender.counters().refused), (600, 600));
}
