//! Somebody in the world: a client, where it is, and how the network treats it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use protocol::{
    Duration, Instant, RoomId,
    client::{ConnectionState, SlotContent},
    media::Ssrc,
};

use super::{
    network::{Link, LinkConfig},
    trace::Trace,
};
use crate::client::Client;

/// What has become of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there.
    Present,
    /// Its participant left.
    Left(Instant),
    /// The node ended it.
    Ended(Instant),
}

/// Somebody with a client.
#[derive(Debug)]
pub struct Person {
    /// The client, which is driven by the world.
    pub client: Client,
    /// Where they are.
    pub room: RoomId,
    /// Their public address.
    pub address: SocketAddr,
    /// Which session it is of this participant, from 1.
    pub session: u32,
    /// What has become of it.
    pub fate: Fate,
    /// When the node said that media flows.
    pub connected_at: Option<Instant>,
    /// What the node said of the slots.
    pub slot_map: BTreeMap<String, Option<SlotContent>>,
    /// How often it said something of a slot.
    pub slot_changes: usize,
    /// Everything that it said of them, with the mid, in order.
    pub slot_history: Vec<(Instant, String, Option<SlotContent>)>,
    /// SDP answers that have come.
    pub answers: usize,
    /// Everything that arrived, in 64 bits.
    pub received: Trace,
    /// RTP packets that the network lost or damaged on the way to the node.
    pub lost_up: BTreeMap<Ssrc, u64>,
    /// RTP packets that it lost on the way from there.
    pub lost_down: BTreeMap<Ssrc, u64>,
    /// What the node said of the line to them, and when.
    pub connection: Vec<(Instant, ConnectionState)>,
    /// Datagrams that the node has sent to them, and their bytes.
    pub sent: (u64, u64),
    /// Datagrams that have reached them, and their bytes.
    pub arrived: (u64, u64),
    pub(super) up: Link,
    pub(super) down: Link,
    pub(super) wake_at: Option<Instant>,
}

impl Person {
    pub(super) fn new(
        client: Client,
        room: RoomId,
        session: u32,
        address: SocketAddr,
        seed: u64,
    ) -> Self {
        Person {
            client,
            room,
            address,
            session,
            fate: Fate::Present,
            connected_at: None,
            slot_map: BTreeMap::new(),
            slot_changes: 0,
            slot_history: Vec::new(),
            answers: 0,
            received: Trace::NOTHING,
            lost_up: BTreeMap::new(),
            lost_down: BTreeMap::new(),
            connection: Vec::new(),
            sent: (0, 0),
            arrived: (0, 0),
            up: Link::new(LinkConfig::GOOD, seed ^ 1),
            down: Link::new(LinkConfig::GOOD, seed ^ 2),
            wake_at: None,
        }
    }

    /// Their number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.client.number
    }

    /// When, from `since` until `until`, no slot carried `content` although one had before: the
    /// node had nothing that fits the line, or nobody wanted it.
    #[must_use]
    pub fn pauses(
        &self,
        content: SlotContent,
        since: Instant,
        until: Instant,
    ) -> Vec<(Instant, Instant)> {
        let mut carrying: BTreeSet<&str> = BTreeSet::new();
        let mut paused_at = None;
        let mut pauses = Vec::new();
        for (at, mid, carries) in &self.slot_history {
            let had = !carrying.is_empty();
            if *carries == Some(content) {
                carrying.insert(mid);
            } else {
                carrying.remove(mid.as_str());
            }
            match (had, carrying.is_empty()) {
                (true, true) => paused_at = Some(*at),
                (false, false) => pauses.extend(paused_at.take().map(|from| (from, *at))),
                (true, false) | (false, true) => {}
            }
        }
        pauses.extend(paused_at.map(|from| (from, until)));
        pauses.retain(|(from, to)| *to > since && *from < until);
        pauses
    }

    /// The bits per second that their line from the node carries, if it has a bottleneck.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.down.rate()
    }

    /// How long a datagram from the node would wait in front of their bottleneck.
    #[must_use]
    pub fn queue(&self, now: Instant) -> Duration {
        self.down.queue(now)
    }

    /// Datagrams that got lost on the way from the node.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.down.lost
    }
}
