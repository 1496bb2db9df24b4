//! The node's UDP port, and the threads that serve it.
//!
//! Two steps, because the control side must know the addresses before it can begin: [`Port::bind`],
//! then [`Port::serve`] with the machines to run. What runs is open, so that tests and the null
//! forwarder of the benchmarks use the very loops that ship.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use protocol::{
    Duration,
    node::{NodeReport, NodeRequest},
};
use tokio::sync::{Notify, mpsc};

use crate::{
    addresses,
    clock::NodeClock,
    control_loop::{ControlLoop, ControlPorts, Director, WorkerLine},
    media_loop::{LoopConfig, LoopPorts, Machine, MediaLoop},
    metrics::NodeMetrics,
    net::{self, BindError, Poller, UdpSocket, Waker},
    sender::Segmentation,
    streams::Streams,
};

/// Whether media threads stay on one processor each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Affinity {
    /// Each on one of its own: what a server wants.
    #[default]
    Pinned,
    /// Wherever the kernel puts them: for machines shared with other work, as in tests.
    Free,
}

/// The port, bound.
#[derive(Debug)]
pub struct Port {
    socket: UdpSocket,
    candidates: Vec<SocketAddr>,
    clock: NodeClock,
}

/// The threads of a node. Dropping it ends them too.
#[derive(Debug)]
pub struct NodeThreads {
    stop: Arc<AtomicBool>,
    media: Vec<Waker>,
    control: Arc<Notify>,
    handles: Vec<JoinHandle<()>>,
    /// Disconnected when the last thread has ended.
    running: std::sync::mpsc::Receiver<()>,
}

/// A thread did not end within [`SHUTDOWN_PATIENCE`]; it is left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a thread of the media node did not end in time")]
pub struct Stuck;

/// What a served port gives.
#[derive(Debug)]
pub struct Served {
    /// Takes requests; full, it makes the sender wait.
    pub requests: mpsc::Sender<NodeRequest>,
    /// Gives reports; full, it makes requests wait.
    pub reports: mpsc::Receiver<NodeReport>,
    /// What is counted.
    pub metrics: NodeMetrics,
    /// Takes streams for the first worker.
    pub streams: Streams,
    /// The threads.
    pub threads: NodeThreads,
}

/// How to serve a port.
#[derive(Clone, Copy, Debug)]
pub struct ServeConfig {
    /// How many media threads.
    pub workers: usize,
    /// Numbers of receivers of each worker are below this.
    pub receivers_max: usize,
    /// Where the media threads run.
    pub affinity: Affinity,
}

impl Port {
    /// Binds the port. `[::]` serves IPv4 too, and becomes `0.0.0.0` on a machine without IPv6.
    ///
    /// # Errors
    /// [`BindError`], with the cure.
    pub fn bind(listen: SocketAddr, advertise: &[IpAddr]) -> Result<Port, BindError> {
        let socket = UdpSocket::bind(listen)?;
        let candidates = addresses::candidates(socket.local_addr(), advertise);
        Ok(Port { socket, candidates, clock: NodeClock::start() })
    }

    /// The address it is bound to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.socket.local_addr()
    }

    /// Where browsers send media, best first.
    #[must_use]
    pub fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// The clock that the machines will be told the time of.
    #[must_use]
    pub fn clock(&self) -> NodeClock {
        self.clock
    }

    /// Starts the threads. `make_machine` is called with the number of each worker, on the thread
    /// that the machine stays on.
    ///
    /// # Errors
    /// The process is out of threads, sockets or descriptors.
    pub fn serve<M, D>(
        self,
        config: ServeConfig,
        make_machine: impl Fn(usize) -> M + Send + Sync + 'static,
        director: D,
    ) -> io::Result<Served>
    where
        M: Machine,
        D: Director<Command = M::Command, Output = M::Output> + Send + 'static,
    {
        let Port { socket, clock, candidates } = self;
        let sockets = with_siblings(socket, config.workers)?;
        let (requests, request_receiver) = mpsc::channel(REQUESTS_CAPACITY);
        let (report_sender, reports) = mpsc::channel(REPORTS_CAPACITY);
        let (alive, running) = sync_channel(1);
        let metrics = NodeMetrics::new(config.workers + 1);
        let mut threads = NodeThreads {
            stop: Arc::new(AtomicBool::new(false)),
            media: Vec::with_capacity(config.workers),
            control: Arc::new(Notify::new()),
            handles: Vec::with_capacity(config.workers + 1),
            running,
        };
        let make_machine = Arc::new(make_machine);
        let loop_config =
            LoopConfig { clock, receivers_max: config.receivers_max, segmentation: segmentation() };
        let mut workers = Vec::with_capacity(config.workers);
        let mut pollers = Vec::with_capacity(config.workers);
        for socket in &sockets {
            pollers.push(Poller::try_new(socket)?);
        }
        let first = pollers.first().map(Poller::waker).ok_or(io::ErrorKind::InvalidInput)?;
        let (stream_line, streams) = Streams::connect(clock, first, candidates);
        let mut stream_line = Some(stream_line);
        for ((number, socket), poller) in sockets.into_iter().enumerate().zip(pollers) {
            let stream_line = stream_line.take();
            let (line, ports) = connect(&poller, &threads);
            threads.media.push(line.waker.clone());
            workers.push(line);
            let make_machine = Arc::clone(&make_machine);
            let name = format!("preau-media-{number}");
            threads.handles.push(spawn(name, alive.clone(), move || {
                pin(config.affinity, number);
                let machine = make_machine(number);
                let streams = stream_line;
                let mut media =
                    MediaLoop::new(machine, socket, poller, loop_config, ports, streams);
                run_media(&mut media);
            })?);
        }
        let control_ports = ControlPorts {
            clock,
            requests: request_receiver,
            reports: report_sender,
            workers,
            metrics: metrics.clone(),
            streams: streams.clone(),
            wake: Arc::clone(&threads.control),
            stop: Arc::clone(&threads.stop),
        };
        threads.handles.push(spawn_control(director, control_ports, alive)?);
        Ok(Served { requests, reports, metrics, streams, threads })
    }
}

/// A socket for each of `count` workers, of which `first` is one.
fn with_siblings(first: UdpSocket, count: usize) -> io::Result<Vec<UdpSocket>> {
    let mut sockets = Vec::with_capacity(count);
    for _ in 1..count {
        sockets.push(first.try_sibling()?);
    }
    sockets.push(first);
    Ok(sockets)
}

/// The two ends of what connects a worker with the control side.
fn connect<C, O>(poller: &Poller, threads: &NodeThreads) -> (WorkerLine<C, O>, LoopPorts<C, O>) {
    let (command_sender, commands) = sync_channel(COMMANDS_CAPACITY);
    let (output_sender, outputs) = sync_channel(OUTPUTS_CAPACITY);
    let (snapshot_sender, snapshots) = sync_channel(SNAPSHOTS_CAPACITY);
    let line = WorkerLine {
        commands: command_sender,
        waker: poller.waker(),
        outputs,
        snapshots,
        has_news: false,
    };
    let ports = LoopPorts {
        commands,
        outputs: output_sender,
        snapshots: snapshot_sender,
        control: Arc::clone(&threads.control),
        stop: Arc::clone(&threads.stop),
    };
    (line, ports)
}

impl NodeThreads {
    /// Ends the threads, and waits for that.
    ///
    /// # Errors
    /// [`Stuck`], after [`SHUTDOWN_PATIENCE`].
    pub fn shutdown(mut self) -> Result<(), Stuck> {
        self.end()
    }

    /// Whether all threads are at work. One that is not has met an error that it could not live
    /// with, which the log tells.
    #[must_use]
    pub fn are_running(&self) -> bool {
        !self.handles.iter().any(JoinHandle::is_finished)
    }

    fn end(&mut self) -> Result<(), Stuck> {
        if self.handles.is_empty() {
            return Ok(());
        }
        self.stop.store(true, Ordering::Release);
        self.media.iter().for_each(Waker::wake);
        self.control.notify_one();
        if self.running.recv_timeout(SHUTDOWN_PATIENCE) == Err(RecvTimeoutError::Timeout) {
            self.handles.clear();
            return Err(Stuck);
        }
        for handle in self.handles.drain(..) {
            // A thread that panicked has said so on its way.
            let _ = handle.join();
        }
        Ok(())
    }
}

impl Drop for NodeThreads {
    fn drop(&mut self) {
        if self.end().is_err() {
            tracing::error!("a thread of the media node did not end in time");
        }
    }
}

/// How long a shutdown waits for the threads.
pub const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(1);

/// Queues, in messages. An output holds a DTLS datagram, so 256 of them are 400 KiB.
const REQUESTS_CAPACITY: usize = 1_024;
const REPORTS_CAPACITY: usize = 1_024;
const COMMANDS_CAPACITY: usize = 1_024;
const OUTPUTS_CAPACITY: usize = 256;
const SNAPSHOTS_CAPACITY: usize = 2;

fn spawn_control<D>(
    director: D,
    ports: ControlPorts<D::Command, D::Output>,
    alive: SyncSender<()>,
) -> io::Result<JoinHandle<()>>
where
    D: Director + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let control = ControlLoop::new(director, ports);
    spawn("preau-control".to_owned(), alive, move || runtime.block_on(control.run()))
}

/// Starts a thread that holds `alive` as long as it runs.
fn spawn(
    name: String,
    alive: SyncSender<()>,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(move || {
        run();
        drop(alive);
    })
}

fn run_media<M: Machine>(media: &mut MediaLoop<M>) {
    if let Err(error) = media.run() {
        tracing::error!(%error, "the media thread cannot go on");
    }
}

/// Keeps this thread on the processor `place` of those it may use. It runs without, too.
fn pin(affinity: Affinity, place: usize) {
    if affinity == Affinity::Free {
        return;
    }
    let allowed = net::allowed_processors().unwrap_or_default();
    let processor = allowed.get(place).copied();
    if processor.is_none_or(|processor| net::run_on(processor).is_err()) {
        tracing::info!("media thread not pinned: the system does not let it choose a processor");
    }
}

fn segmentation() -> Segmentation {
    if net::segmentation_works() {
        return Segmentation::Kernel;
    }
    tracing::warn!("this system does not segment UDP trains: sending costs about three times more");
    Segmentation::Off
}
