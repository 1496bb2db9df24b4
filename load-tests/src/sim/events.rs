//! The heap of events: what happens next, and in which order at one instant.

use std::{cmp::Ordering, collections::BinaryHeap, net::SocketAddr};

use protocol::{Instant, client::SendConstraint, node::NodeRequest};

/// Whether a datagram on its way to the node is what a model client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A model client sent every bit of it.
    Client,
    /// Somebody made it, repeated it or damaged it.
    Other,
}

/// Something that happens.
#[derive(Debug)]
pub(super) enum Event {
    /// A datagram reaches the node's port.
    ToNode(Inbound),
    /// A datagram reaches an address.
    ToAddress(SocketAddr, Vec<u8>),
    /// The media thread has something to do.
    MediaTurn,
    /// The control thread has something to do.
    ControlTurn,
    /// A client's timer is due.
    Wake(u32),
    /// A request of signaling reaches the node.
    Request(NodeRequest),
    /// A word of signaling reaches a client, in its nth session.
    Signal(u32, u32, Signal),
}

/// A datagram at the node.
#[derive(Clone, Debug)]
pub(super) struct Inbound {
    pub(super) from: SocketAddr,
    pub(super) datagram: Vec<u8>,
    pub(super) origin: Origin,
}

/// What signaling tells a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The answer to its offer.
    Answer(String),
    /// It is to restart ICE.
    RestartIce,
    /// What is wanted of its pictures has changed.
    SendConstraints(Vec<SendConstraint>),
}

/// Events by time, and at one time in the order in which they were put.
#[derive(Debug, Default)]
pub(super) struct Events {
    heap: BinaryHeap<Entry>,
    put: u64,
}

impl Events {
    pub(super) fn put(&mut self, at: Instant, event: Event) {
        self.put += 1;
        self.heap.push(Entry { at, place: self.put, event });
    }

    /// The next event, if it is not after `end`.
    pub(super) fn take_until(&mut self, end: Instant) -> Option<(Instant, Event)> {
        self.heap.peek().filter(|entry| entry.at <= end)?;
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    place: u64,
    event: Event,
}

impl Ord for Entry {
    /// The earliest is the greatest, because a heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.place).cmp(&(self.at, self.place))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
