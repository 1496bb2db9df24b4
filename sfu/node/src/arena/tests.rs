use protocol::{Duration, EndpointIndex, Instant};
use sfu_worker::{PacketClass, Path, Sink, Tuple};

use super::{LENGTH_MAX, SendArena};
use crate::{
    net::{Message, SendError},
    sender::{Segmentation, Sender, Wire},
};

/// Takes everything and remembers how much.
#[derive(Default)]
struct Bottomless {
    bytes: usize,
}

impl Wire for Bottomless {
    fn send(&mut self, _: &[u8], messages: &[Message]) -> Result<usize, SendError> {
        self.bytes += messages.iter().map(|message| message.length).sum::<usize>();
        Ok(messages.len())
    }

    fn wait_writable(&mut self, _: Duration) -> (bool, Duration) {
        (true, Duration::ZERO)
    }
}

fn arena() -> SendArena<Bottomless> {
    let mut arena = SendArena::new(4, Sender::new(Bottomless::default(), Segmentation::Kernel));
    arena.begin_turn(Instant::ZERO);
    arena.expect(16);
    arena
}

fn tuple(path: Path) -> Tuple {
    let address = std::net::SocketAddr::from(([192, 0, 2, 1], 9));
    Tuple { local: address, remote: address, path }
}

#[test]
fn a_turn_larger_than_the_arena_loses_nothing() {
    let mut arena = arena();
    for number in 0..6_000 {
        let receiver = EndpointIndex(number % 4);
        let space = arena.reserve(receiver, &tuple(Path::Udp), 1200, PacketClass::Video);
        assert_eq!(space.map(|space| space.len()), Some(1200), "packet {number}");
    }
    arena.flush();
    assert_eq!(arena.counters().datagrams, 6_000);
    assert_eq!(arena.counters().bytes, 6_000 * 1200);
    assert!(arena.counters().early_flushes > 0, "7.2 MB went through 4 MiB");
}

#[test]
fn what_cannot_be_sent_is_counted_and_refused() {
    let mut arena = arena();
    assert!(arena.single(&tuple(Path::Udp), 0).is_none(), "empty");
    assert!(arena.single(&tuple(Path::Udp), LENGTH_MAX + 1).is_none(), "longer than a frame");
    assert!(arena.single(&tuple(Path::Udp), LENGTH_MAX).is_some());
    assert_eq!(arena.counters().unsendable, 2);
}

#[test]
fn what_is_discarded_is_never_sent() {
    let mut arena = arena();
    for _ in 0..3 {
        arena.reserve(EndpointIndex(0), &tuple(Path::Udp), 500, PacketClass::Audio);
    }
    assert_eq!(arena.discard(), 3);
    arena.flush();
    assert_eq!(arena.counters().datagrams, 0);
}
