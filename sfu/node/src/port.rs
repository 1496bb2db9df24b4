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
    control_loop::{ControlLoop, ControlPorts, Director, SOURCES, WorkerLine},
    media_loop::{LoopConfig, LoopPorts, Machine, MediaLoop},
    metrics::NodeMetrics,
    net::{self, BindError, Poller, UdpSocket, Waker},
    sender::Segmentation,
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
    media: Waker,
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
    /// The threads.
    pub threads: NodeThreads,
}

/// How to serve a port.
#[derive(Clone, Copy, Debug)]
pub struct ServeConfig {
    /// Numbers of receivers are below this.
    pub receivers_max: usize,
    /// Where the media thread runs.
    pub affinity: Affinity,
}

impl Port {
    /// Binds the port. `[::]` serves IPv4 too, and becomes `0.0.0.0` on a machine without IPv6.
    ///
    /// # Errors
    /// [`BindError`], with the cure.
    pub fn bind(listen: SocketAddr, advertise: &[IpAddr]) -> Result<Port, BindError> {
        let mut sockets = UdpSocket::bind_group(listen, 1)?;
        // One was asked for, so one is there.
        let socket = sockets.swap_remove(0);
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

    /// Starts the threads: `make_machine` is called on the one that the machine stays on.
    ///
    /// # Errors
    /// The process is out of threads or descriptors.
    pub fn serve<M, D>(
        self,
        config: ServeConfig,
        make_machine: impl FnOnce() -> M + Send + 'static,
        director: D,
    ) -> io::Result<Served>
    where
        M: Machine,
        D: Director<Command = M::Command, Output = M::Output> + Send + 'static,
    {
        let poller = Poller::try_new(&self.socket)?;
        let waker = poller.waker();
        let (command_sender, commands) = sync_channel(COMMANDS_CAPACITY);
        let (output_sender, outputs) = sync_channel(OUTPUTS_CAPACITY);
        let (snapshot_sender, snapshots) = sync_channel(SNAPSHOTS_CAPACITY);
        let (requests, request_receiver) = mpsc::channel(REQUESTS_CAPACITY);
        let (report_sender, reports) = mpsc::channel(REPORTS_CAPACITY);
        let (alive, running) = sync_channel(1);
        let (stop, control) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let metrics = NodeMetrics::new(SOURCES);
        let control_ports = ControlPorts {
            clock: self.clock,
            requests: request_receiver,
            reports: report_sender,
            worker: WorkerLine {
                commands: command_sender,
                waker: waker.clone(),
                outputs,
                snapshots,
            },
            metrics: metrics.clone(),
            wake: Arc::clone(&control),
            stop: Arc::clone(&stop),
        };
        let loop_ports = LoopPorts {
            commands,
            outputs: output_sender,
            snapshots: snapshot_sender,
            control: Arc::clone(&control),
            stop: Arc::clone(&stop),
        };
        let handles = Vec::with_capacity(2);
        let mut threads = NodeThreads { stop, media: waker, control, handles, running };
        threads.handles.push(spawn_control(director, control_ports, alive.clone())?);
        let loop_config = LoopConfig {
            clock: self.clock,
            receivers_max: config.receivers_max,
            segmentation: segmentation(),
        };
        let socket = self.socket;
        threads.handles.push(spawn("preau-media-0", alive, move || {
            if config.affinity == Affinity::Pinned {
                pin(0);
            }
            run_media(&mut MediaLoop::new(make_machine(), socket, poller, loop_config, loop_ports));
        })?);
        Ok(Served { requests, reports, metrics, threads })
    }
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
        self.media.wake();
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
    spawn("preau-control", alive, move || runtime.block_on(control.run()))
}

/// Starts a thread that holds `alive` as long as it runs.
fn spawn(
    name: &str,
    alive: SyncSender<()>,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(move || {
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
fn pin(place: usize) {
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
