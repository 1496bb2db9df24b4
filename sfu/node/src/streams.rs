//! Media over TCP: streams for ICE-TCP (RFC 6544) and for TURN, beside the UDP port.
//!
//! Whoever listens hands over a connection whose first bytes say which it is; [`Streams::serve`]
//! carries it until it ends. What comes on it is cut into datagrams and goes to the media thread by
//! a ring of the stream's own; what the worker sends comes back by two more, sound and control
//! before pictures. To the worker a stream is a [`Path`] of a tuple, so everything that holds for
//! datagrams holds for it: nothing counts before an authenticated check.
//!
//! TCP does not lose, it delays. So pictures that have waited 200 ms are not sent, frame by frame;
//! sound and control never wait behind them; and how long something has waited is known here,
//! because the kernel is told to hold little. A stream's task reads no faster than the media thread
//! takes, and the media thread never waits for a stream: a ring that is full drops, and counts.
//!
//! Bounded: [`STREAMS_MAX`] streams, and [`UNPROVEN_PER_ADDRESS`] of one address that have proven
//! nothing; those that have do not count, because a school is one address. A stream that proves
//! nothing, says nothing or takes nothing ends by itself. Tests: beside the parts, and
//! `tests/it/streams.rs`.

mod carrier;
mod frames;
mod outlets;
mod places;
mod ring;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use protocol::Duration;
use sfu_worker::turn::{TurnDrop, TurnQuota, TurnSecret, TurnServer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{clock::NodeClock, metrics::Snapshot, net::Waker};
use carrier::Carrier;
pub(crate) use outlets::{StreamLine, StreamOutlets};
pub use outlets::{StreamPacket, StreamRefusal};
use places::{Hub, Places};

/// The most streams at once. Each costs 260 KiB once it has carried much.
pub const STREAMS_MAX: usize = 2_048;

/// The most streams of one address (of IPv6: one network of 64 bits) over which no authenticated
/// check has come, and no allocation was made.
pub const UNPROVEN_PER_ADDRESS: u32 = 128;

/// Pictures that have waited this long are not sent.
pub const PICTURE_DELAY_MAX: Duration = Duration::from_millis(200);

/// What a connection carries, as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Datagrams framed by RFC 4571, from a browser's active TCP candidate.
    IceTcp,
    /// TURN, over TLS as a rule.
    Turn,
}

/// Takes streams for a node. Clones take them for the same one.
#[derive(Clone, Debug)]
pub struct Streams {
    hub: Arc<Hub>,
    turn: Option<Arc<TurnServer>>,
}

impl Streams {
    /// What a media thread and the listeners share: the thread's end, and the listeners'.
    pub(crate) fn connect(
        clock: NodeClock,
        waker: Waker,
        media: Vec<SocketAddr>,
    ) -> (StreamLine, Streams) {
        let (line, places) = Places::connect();
        let hub = Hub {
            clock,
            waker,
            media,
            dirty: line.dirty(),
            places: Mutex::new(places),
            quota: Mutex::new(TurnQuota::default()),
            counters: StreamCounters::default(),
        };
        (line, Streams { hub: Arc::new(hub), turn: None })
    }

    /// Also serves TURN, to those whose credentials `secret` proves.
    #[must_use]
    pub fn with_turn(self, secret: TurnSecret) -> Streams {
        let server = TurnServer { realm: REALM.to_owned(), secret, media: self.hub.media.clone() };
        Streams { turn: Some(Arc::new(server)), ..self }
    }

    /// Carries a connection between `local` and `remote` until it ends. Dropping the future ends
    /// it too.
    pub async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        kind: StreamKind,
        local: SocketAddr,
        remote: SocketAddr,
    ) {
        let turn = match (kind, &self.turn) {
            (StreamKind::IceTcp, _) => None,
            (StreamKind::Turn, Some(server)) => Some(Arc::clone(server)),
            (StreamKind::Turn, None) => return self.hub.counters.refused(Refused::NoTurn),
        };
        match self.hub.open(kind, local, remote, turn) {
            Ok(opened) => {
                let end = Carrier::new(&self.hub, opened).run(stream).await;
                self.hub.counters.ended(end);
            }
            Err(refused) => self.hub.counters.refused(refused),
        }
    }

    /// How many streams of a kind there are.
    #[must_use]
    pub fn open(&self, kind: StreamKind) -> u64 {
        lock(&self.hub.places).open(kind)
    }

    /// How many streams of a kind there have been.
    #[must_use]
    pub fn opened(&self, kind: StreamKind) -> u64 {
        self.hub.counters.opened[kind as usize].load(Ordering::Relaxed)
    }

    /// How many packets of pictures were dropped because they came too late.
    #[must_use]
    pub fn late_pictures(&self) -> u64 {
        self.hub.counters.late_pictures.load(Ordering::Relaxed)
    }

    /// Adds what is counted here.
    pub(crate) fn count_into(&self, snapshot: &mut Snapshot) {
        self.hub.count_into(snapshot);
    }
}

/// What browsers show nobody, and use to tell one server's credentials from another's.
const REALM: &str = "preau";

/// Why a connection was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// All places are taken.
    Full,
    /// Too many of its address have proven nothing.
    Address,
    /// This node serves no TURN.
    NoTurn,
    /// The node is going down.
    NoNode,
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client, or the way to it, closed it.
    Closed,
    /// It does not keep to its framing, or does not begin as ICE does.
    BadFraming,
    /// No authenticated check, or no allocation, in time.
    Unproven,
    /// Nothing came for long.
    Silent,
    /// Nothing was taken for long.
    Stalled,
    /// Its requests were refused over and over.
    Tiresome,
}

/// What all streams count together.
#[derive(Debug, Default)]
pub(crate) struct StreamCounters {
    opened: [AtomicU64; 2],
    refused: [AtomicU64; 4],
    ended: [AtomicU64; 6],
    turn_drops: [AtomicU64; TurnDrop::ALL.len()],
    late_pictures: AtomicU64,
    full: AtomicU64,
}

const KIND_LABELS: [&str; 2] = ["ice_tcp", "turn"];
const REFUSED_LABELS: [&str; 4] = ["full", "address", "no_turn", "no_node"];
const ENDED_LABELS: [&str; 6] =
    ["closed", "bad_framing", "unproven", "silent", "stalled", "tiresome"];

impl StreamCounters {
    fn opened(&self, kind: StreamKind) {
        self.opened[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn refused(&self, why: Refused) {
        self.refused[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn ended(&self, why: Ended) {
        self.ended[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn turn_drop(&self, why: TurnDrop) {
        self.turn_drops[why.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// A packet of a picture that came too late.
    fn late_picture(&self) {
        self.late_pictures.fetch_add(1, Ordering::Relaxed);
    }

    /// A datagram that the media thread had no room for.
    fn full(&self) {
        self.full.fetch_add(1, Ordering::Relaxed);
    }

    fn count_into(&self, snapshot: &mut Snapshot) {
        let mut push = |name, labels: &[&'static str], values: &[AtomicU64]| {
            for (label, value) in labels.iter().zip(values) {
                snapshot.push(name, label, value.load(Ordering::Relaxed));
            }
        };
        push("sfu_streams_opened_total", &KIND_LABELS, &self.opened);
        push("sfu_streams_refused_total", &REFUSED_LABELS, &self.refused);
        push("sfu_streams_ended_total", &ENDED_LABELS, &self.ended);
        for reason in TurnDrop::ALL {
            let value = &self.turn_drops[reason.index()];
            push("sfu_stream_dropped_total", &[reason.label()], std::slice::from_ref(value));
        }
        let late = std::slice::from_ref(&self.late_pictures);
        push("sfu_stream_dropped_total", &["late_picture"], late);
        push("sfu_stream_dropped_total", &["media_busy"], std::slice::from_ref(&self.full));
    }
}

/// No code panics while it holds one of our locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
