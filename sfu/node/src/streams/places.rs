//! The listeners' side: who has which place, and what each stream is made of.
//!
//! A stream's number is its place and how often that place was given out, so that it is no other
//! stream's for two million streams to come. A place is given out again when the media thread has
//! given back what it held of the last stream there.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use sfu_worker::{
    Path, Tuple,
    turn::{Family, TurnConnection, TurnQuota, TurnServer},
};
use tokio::sync::Notify;

use super::{
    Refused, STREAMS_MAX, StreamCounters, StreamKind, UNPROVEN_PER_ADDRESS,
    frames::FrameFates,
    lock,
    outlets::{Dirty, MediaEnd, StreamCommand, StreamLine},
    ring::{RingReader, RingWriter, ring},
};
use crate::{clock::NodeClock, metrics::Snapshot, net::Waker};

/// Bytes of a stream's queues. What a client sends waits for a turn of the media thread; three
/// voices fill 64 KiB in 3 s; pictures at 5 Mb/s fill 128 KiB in the 200 ms that they may wait.
const INBOUND_BYTES: usize = 48 << 10;
const URGENT_BYTES: usize = 64 << 10;
const PICTURES_BYTES: usize = 128 << 10;

/// Bits of a number that are the place.
const SLOT_BITS: u32 = STREAMS_MAX.trailing_zeros();

/// The place in a number.
pub(super) const fn slot_of(number: u32) -> usize {
    number as usize % STREAMS_MAX
}

/// What all streams of a node share.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) clock: NodeClock,
    pub(super) waker: Waker,
    /// Where browsers send media.
    pub(super) media: Vec<SocketAddr>,
    pub(super) dirty: Arc<Dirty>,
    pub(super) places: Mutex<Places>,
    pub(super) quota: Mutex<TurnQuota>,
    pub(super) counters: StreamCounters,
}

/// Who has which place.
#[derive(Debug)]
pub(super) struct Places {
    /// The one free for longest first.
    free: VecDeque<u32>,
    /// How often each place was given out.
    uses: Box<[u32]>,
    open: [u64; 2],
    unproven: HashMap<IpAddr, u32>,
    commands: SyncSender<StreamCommand>,
    returns: Receiver<Box<MediaEnd>>,
}

/// A stream, as its task holds it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) place: Place,
    pub(super) inbound: RingWriter,
    pub(super) urgent: RingReader,
    pub(super) pictures: RingReader,
    pub(super) tuples: Vec<Tuple>,
    pub(super) news: Arc<Notify>,
    pub(super) turn: Option<TurnConnection>,
}

/// A place that is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    hub: Arc<Hub>,
    pub(super) number: u32,
    kind: StreamKind,
    /// Where it counts until it has proven something.
    address: Option<IpAddr>,
}

impl Places {
    /// All places free, and the media thread's end.
    pub(super) fn connect() -> (StreamLine, Places) {
        // One of each for every place, so that sending never waits.
        let (commands, command_receiver) = sync_channel(2 * STREAMS_MAX);
        let (return_sender, returns) = sync_channel(STREAMS_MAX);
        let dirty = Arc::new(Dirty::new());
        let line = StreamLine { commands: command_receiver, returns: return_sender, dirty };
        let places = Places {
            free: (0..STREAMS_MAX as u32).collect(),
            uses: vec![0; STREAMS_MAX].into(),
            open: [0; 2],
            unproven: HashMap::new(),
            commands,
            returns,
        };
        (line, places)
    }

    /// How many streams of a kind there are.
    pub(super) fn open(&self, kind: StreamKind) -> u64 {
        self.open[kind as usize]
    }

    /// Takes back the places of streams that the media thread has forgotten.
    fn take_returned(&mut self) {
        while let Ok(end) = self.returns.try_recv() {
            self.free.push_back(slot_of(end.number) as u32);
        }
    }
}

impl Hub {
    /// Makes a stream, and tells the media thread.
    pub(super) fn open(
        self: &Arc<Self>,
        kind: StreamKind,
        local: SocketAddr,
        remote: SocketAddr,
        turn: Option<Arc<TurnServer>>,
    ) -> Result<Opened, Refused> {
        let mut places = lock(&self.places);
        places.take_returned();
        let address = network(remote.ip());
        let unproven = places.unproven.get(&address).copied().unwrap_or(0);
        if unproven >= UNPROVEN_PER_ADDRESS {
            return Err(Refused::Address);
        }
        let slot = places.free.pop_front().ok_or(Refused::Full)?;
        let uses = &mut places.uses[slot as usize];
        *uses = uses.wrapping_add(1);
        let number = *uses << SLOT_BITS | slot;
        let tuples = match &turn {
            Some(server) => turn_tuples(server, number),
            None => vec![Tuple {
                local: canonical(local),
                remote: canonical(remote),
                path: Path::Stream(number),
            }],
        };
        let (inbound_writer, inbound) = ring(INBOUND_BYTES);
        let (urgent, urgent_reader) = ring(URGENT_BYTES);
        let (pictures, pictures_reader) = ring(PICTURES_BYTES);
        let news = Arc::new(Notify::new());
        let end = MediaEnd {
            number,
            tuples: tuples.clone(),
            inbound,
            urgent,
            pictures,
            fates: FrameFates::new(),
            task: Arc::clone(&news),
            has_news: false,
        };
        if places.commands.try_send(StreamCommand::Open(Box::new(end))).is_err() {
            places.free.push_front(slot);
            return Err(Refused::NoNode);
        }
        *places.unproven.entry(address).or_default() += 1;
        places.open[kind as usize] += 1;
        drop(places);
        self.waker.wake();
        self.counters.opened(kind);
        let connection = |server| TurnConnection::new(self.clock.now(), server, remote, number);
        Ok(Opened {
            place: Place { hub: Arc::clone(self), number, kind, address: Some(address) },
            inbound: inbound_writer,
            urgent: urgent_reader,
            pictures: pictures_reader,
            tuples,
            news,
            turn: turn.map(connection),
        })
    }

    pub(super) fn count_into(&self, snapshot: &mut Snapshot) {
        let open = lock(&self.places).open;
        for (label, count) in super::KIND_LABELS.iter().zip(open) {
            snapshot.push("sfu_streams", label, count);
        }
        self.counters.count_into(snapshot);
    }
}

impl Place {
    /// The stream has proven something: it counts at its address no more.
    pub(super) fn prove(&mut self) {
        if let Some(address) = self.address.take() {
            forget_unproven(&mut lock(&self.hub.places), address);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = lock(&self.hub.places);
        if let Some(address) = self.address.take() {
            forget_unproven(&mut places, address);
        }
        places.open[self.kind as usize] -= 1;
        // The media thread is gone when the node is going down.
        let _ = places.commands.try_send(StreamCommand::Close(self.number));
        drop(places);
        self.hub.waker.wake();
    }
}

fn forget_unproven(places: &mut Places, address: IpAddr) {
    if let Some(count) = places.unproven.get_mut(&address) {
        *count -= 1;
        if *count == 0 {
            places.unproven.remove(&address);
        }
    }
}

/// A relay's client may talk to each of our addresses, under one name in each family.
fn turn_tuples(server: &TurnServer, number: u32) -> Vec<Tuple> {
    let tuple = |local: &SocketAddr| {
        let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
        let remote = server.relayed_address(number, family)?;
        Some(Tuple { local: *local, remote, path: Path::Stream(number) })
    };
    server.media.iter().filter_map(tuple).collect()
}

/// Tuples have IPv4 addresses as such.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whom an address counts for: IPv6 hosts have a network of 64 bits each (RFC 6177 §2).
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
    }
}
