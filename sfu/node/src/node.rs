//! The media node: the port, served by real workers.

use std::{
    fs::File,
    io::{self, Read},
    net::{IpAddr, SocketAddr},
    time::{SystemTime, UNIX_EPOCH},
};

use protocol::{
    media::CodecSet,
    node::{NodeReport, NodeRequest},
};
use sfu_worker::{
    Control, ControlConfig, DtlsServer, Identity, IdentityError, Limits, Worker, WorkerConfig,
    turn::TurnSecret,
};
use tokio::sync::mpsc;

use crate::{
    clock::NodeClock,
    metrics::NodeMetrics,
    net::BindError,
    port::{Affinity, NodeThreads, Port, ServeConfig, Served, Stuck},
    streams::Streams,
};

/// How to start a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where media is received. `[::]` serves IPv4 too; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What browsers are told to send to, best first; empty for the machine's own addresses
    /// ([`crate::addresses::usable`]).
    pub advertise: Vec<IpAddr>,
    /// The codecs of every room.
    pub codecs: CodecSet,
    /// Media threads. Only 1: a client may yet reach a worker that does not have its room.
    pub workers: usize,
    /// Whether a media thread stays on one processor.
    pub affinity: Affinity,
    /// Sizes of each worker's tables.
    pub limits: Limits,
    /// Whether TCP connections are handed to [`Node::streams`] that come to the same addresses and
    /// port: browsers are told of them then.
    pub tcp: bool,
    /// What proves the credentials of TURN; without it there is none.
    pub turn_secret: Option<TurnSecret>,
}

impl NodeConfig {
    /// One worker at `listen`, with everything else as it is by default.
    #[must_use]
    pub fn at(listen: SocketAddr) -> Self {
        NodeConfig {
            listen,
            advertise: Vec::new(),
            codecs: CodecSet::default(),
            workers: 1,
            affinity: Affinity::default(),
            limits: Limits::default(),
            tcp: false,
            turn_secret: None,
        }
    }
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeStartError {
    /// The port is not to be had; the text tells the cure.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Another number of workers than there can be.
    #[error("a node has exactly one media worker, not {0}: set `workers` to 1")]
    Workers(usize),
    /// No certificate for DTLS could be made.
    #[error("the certificate for media encryption cannot be made")]
    Identity(#[from] IdentityError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers (/dev/urandom)")]
    Random(#[source] io::Error),
    /// The process is out of threads, sockets or descriptors.
    #[error("the threads of the media node cannot start")]
    Threads(#[source] io::Error),
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    /// Takes requests of signaling; full, it makes the sender wait.
    pub requests: mpsc::Sender<NodeRequest>,
    /// Gives responses and events; while it is full, no request is taken.
    pub reports: mpsc::Receiver<NodeReport>,
    /// Where it listens.
    pub local_addr: SocketAddr,
    /// What browsers are told to send to.
    pub candidates: Vec<SocketAddr>,
    /// What it counts, to be registered with Prometheus.
    pub metrics: NodeMetrics,
    /// Takes TCP connections that carry media.
    pub streams: Streams,
    /// Its threads; dropping them ends the node.
    pub threads: NodeThreads,
}

impl Node {
    /// Binds the port and starts the threads. It takes a few milliseconds, most of them for the
    /// certificate.
    ///
    /// # Errors
    /// [`NodeStartError`].
    pub fn start(config: NodeConfig) -> Result<Node, NodeStartError> {
        let NodeConfig { listen, advertise, codecs, workers, affinity, limits, .. } = config;
        if workers != 1 {
            return Err(NodeStartError::Workers(workers));
        }
        let port = Port::bind(listen, &advertise)?;
        let (local_addr, candidates) = (port.local_addr(), port.candidates().to_vec());
        let clock_origin = std::time::Instant::now();
        let handshakes = DtlsServer::new(Identity::generate()?, clock_origin);
        let control = Control::new(ControlConfig {
            workers,
            limits,
            codecs,
            candidates: candidates.clone(),
            tcp_candidates: if config.tcp { candidates.clone() } else { Vec::new() },
            handshakes: Box::new(handshakes),
            seed: secret().map_err(NodeStartError::Random)?,
        });
        let worker = WorkerConfig {
            limits,
            ntp_at_zero: ntp_at_zero(port.clock()),
            seed: secret().map_err(NodeStartError::Random)?,
        };
        let serve = ServeConfig { workers, receivers_max: limits.endpoints, affinity };
        let served = port.serve(serve, move |_| Worker::new(worker), control);
        let Served { requests, reports, metrics, streams, threads } =
            served.map_err(NodeStartError::Threads)?;
        let streams = match config.turn_secret {
            Some(secret) => streams.with_turn(secret),
            None => streams,
        };
        tracing::info!(port = local_addr.port(), "media node ready");
        Ok(Node { requests, reports, local_addr, candidates, metrics, streams, threads })
    }

    /// Ends the node, and waits until its threads have ended.
    ///
    /// # Errors
    /// [`Stuck`], after a second.
    pub fn shutdown(self) -> Result<(), Stuck> {
        self.threads.shutdown()
    }
}

/// 32 bytes that nobody else knows.
fn secret() -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut secret)?;
    Ok(secret)
}

/// NTP time (RFC 5905 §6, 32.32 fixed point) at the clock's zero.
fn ntp_at_zero(clock: NodeClock) -> u64 {
    let running = protocol::Duration::from_micros(clock.now().as_micros());
    // A clock set before 1970 is no worse than one set wrongly.
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_zero = since_1970.saturating_sub(running);
    let seconds = at_zero.as_secs().wrapping_add(SECONDS_1900_TO_1970);
    let fraction = (u64::from(at_zero.subsec_nanos()) << 32) / 1_000_000_000;
    (seconds << 32) | fraction
}

/// RFC 5905 §6, figure 4.
const SECONDS_1900_TO_1970: u64 = 2_208_988_800;
