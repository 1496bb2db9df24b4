//! A worker's thread: wait, receive, let the machine work, send, tell.
//!
//! One turn: commands of the control side, at most [`COMMANDS_MAX`]; datagrams in batches until the
//! socket is empty or [`DATAGRAMS_MAX`] are taken; as many that came over streams; timers that are
//! due; one flush; outputs to the control side. What a limit leaves over is the next turn's, at
//! once. All datagrams of a turn share one reading of the clock.
//!
//! After [`MediaLoop::try_new`] it does not allocate, lock or log. It decides nothing about media:
//! that is the [`Machine`]. A panic of the machine is contained: the input is dropped, and with it
//! what the turn has not sent. Which session is at fault the machine does not tell, so the session
//! lives on.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError},
    },
};

use protocol::{Duration, Instant};
use sfu_worker::{Path, Sink, Tuple, framing::MESSAGE_LENGTH_MAX};
use tokio::sync::Notify;

use crate::{
    arena::SendArena,
    clock::NodeClock,
    metrics::Snapshot,
    net::{self, Poller, ReceiveBatch, UdpSocket},
    sender::{PortWire, Segmentation, Sender, UdpWire},
    streams::{StreamLine, StreamOutlets},
};

/// What a media thread drives: a worker, or the null forwarder of the benchmarks.
pub trait Machine {
    /// What the control side tells it.
    type Command: Send + 'static;
    /// What it tells the control side.
    type Output: Send + 'static;

    /// Takes a datagram, which it may overwrite.
    fn handle_datagram(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &mut [u8],
        sink: &mut impl Sink,
    );

    /// Takes a command.
    fn handle_command(&mut self, now: Instant, command: Self::Command, sink: &mut impl Sink);

    /// Does what is due.
    fn handle_timeout(&mut self, now: Instant, sink: &mut impl Sink);

    /// When [`Machine::handle_timeout`] has something to do.
    fn poll_timeout(&self) -> Option<Instant>;

    /// The next thing to tell.
    fn poll_output(&mut self) -> Option<Self::Output>;

    /// A stream is gone: what was proven over it is proven no more.
    fn handle_path_closed(&mut self, now: Instant, path: Path) {
        let _ = (now, path);
    }

    /// Adds what it has counted.
    fn count_into(&self, snapshot: &mut Snapshot);
}

/// The most commands of a turn.
pub const COMMANDS_MAX: usize = 64;

/// The most datagrams of a turn: with 30 receivers, a few milliseconds of sending.
pub const DATAGRAMS_MAX: usize = 256;

/// What connects a loop with the rest of the node.
#[derive(Debug)]
pub struct LoopPorts<C, O> {
    /// Commands to the machine; the sender wakes the poller after sending.
    pub commands: Receiver<C>,
    /// Outputs of the machine. While it is full they wait in the machine, by its own rules.
    pub outputs: SyncSender<O>,
    /// Snapshots, one a second; one that finds the queue full is left out.
    pub snapshots: SyncSender<Snapshot>,
    /// Wakes the control side.
    pub control: Arc<Notify>,
    /// Ends the loop when set; the setter wakes the poller.
    pub stop: Arc<AtomicBool>,
}

/// How a loop runs.
#[derive(Clone, Copy, Debug)]
pub struct LoopConfig {
    /// The node's clock.
    pub clock: NodeClock,
    /// Numbers of receivers are below this.
    pub receivers_max: usize,
    /// Whether to send trains.
    pub segmentation: Segmentation,
}

/// The loop of one thread, on which it is made and stays.
#[derive(Debug)]
pub struct MediaLoop<M: Machine> {
    machine: M,
    config: LoopConfig,
    ports: LoopPorts<M::Command, M::Output>,
    socket: Rc<UdpSocket>,
    poller: Poller,
    batch: ReceiveBatch,
    arena: SendArena<PortWire>,
    /// Where a datagram of a stream is taken to.
    scratch: Box<[u8; MESSAGE_LENGTH_MAX]>,
    /// An output that found the queue full.
    held: Option<M::Output>,
    /// Something is left over from the last turn.
    has_more: HasMore,
    /// A machine whose timers panicked gets no other before this.
    timers_rest_until: Instant,
    publish_at: Instant,
    counters: LoopCounters,
}

/// What the last turn left over.
#[derive(Clone, Copy, Debug, Default)]
struct HasMore {
    datagrams: bool,
    commands: bool,
    streams: bool,
}

/// What the loop itself counts.
#[derive(Clone, Copy, Debug, Default)]
struct LoopCounters {
    turns: u64,
    commands: u64,
    receive_errors: u64,
    output_stalls: u64,
    faults_datagram: u64,
    faults_command: u64,
    faults_timeout: u64,
    discarded: u64,
    stream_datagrams: u64,
}

impl<M: Machine> MediaLoop<M> {
    /// Takes the memory of the loop.
    #[must_use]
    pub(crate) fn new(
        machine: M,
        socket: UdpSocket,
        poller: Poller,
        config: LoopConfig,
        ports: LoopPorts<M::Command, M::Output>,
        streams: Option<StreamLine>,
    ) -> Self {
        let socket = Rc::new(socket);
        let streams = streams.map_or_else(StreamOutlets::none, StreamOutlets::new);
        let wire = PortWire::new(UdpWire::new(Rc::clone(&socket)), streams);
        let sender = Sender::new(wire, config.segmentation);
        MediaLoop {
            machine,
            config,
            ports,
            socket,
            poller,
            batch: ReceiveBatch::new(),
            arena: SendArena::new(config.receivers_max, sender),
            scratch: Box::new([0; MESSAGE_LENGTH_MAX]),
            held: None,
            has_more: HasMore::default(),
            timers_rest_until: Instant::ZERO,
            publish_at: Instant::ZERO,
            counters: LoopCounters::default(),
        }
    }

    /// Runs until it is stopped.
    ///
    /// # Errors
    /// The kernel no longer lets it wait: the thread has lost its descriptors.
    pub fn run(&mut self) -> io::Result<()> {
        loop {
            let timeout = self.sleep_for(self.config.clock.now());
            let readiness = self.poller.wait(timeout)?;
            if self.ports.stop.load(Ordering::Acquire) {
                return Ok(());
            }
            self.has_more.datagrams |= readiness.socket;
            self.has_more.commands |= readiness.woken;
            self.has_more.streams |= readiness.woken;
            self.turn(self.config.clock.now());
        }
    }

    /// One turn at `now`.
    fn turn(&mut self, now: Instant) {
        self.counters.turns += 1;
        self.arena.begin_turn(now);
        if self.has_more.commands {
            self.has_more.commands = self.apply_commands(now);
        }
        if self.has_more.datagrams {
            self.has_more.datagrams = self.take_datagrams(now);
        }
        if self.has_more.streams {
            self.apply_stream_commands(now);
            self.has_more.streams = self.take_stream_datagrams(now);
        }
        self.fire_timers(now);
        self.arena.flush();
        self.hand_over_outputs();
        if now >= self.publish_at {
            self.publish_at = now + PUBLISH_EVERY;
            self.publish();
        }
    }

    /// How long there is nothing to do; `None` is for ever.
    fn sleep_for(&self, now: Instant) -> Option<Duration> {
        let HasMore { datagrams, commands, streams } = self.has_more;
        if datagrams || commands || streams {
            return Some(Duration::ZERO);
        }
        let timers = self.machine.poll_timeout().map(|due| due.max(self.timers_rest_until));
        let retry = self.held.is_some().then_some(now + OUTPUT_RETRY);
        let due = [timers, retry].into_iter().flatten().fold(self.publish_at, Instant::min);
        Some(due.saturating_duration_since(now))
    }

    /// Applies commands. Whether there may be more.
    fn apply_commands(&mut self, now: Instant) -> bool {
        // Without datagrams there is no telling how much a command sends.
        self.arena.expect(1);
        for applied in 0..COMMANDS_MAX {
            let command = match self.ports.commands.try_recv() {
                Ok(command) => command,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                    if applied > 0 {
                        self.ports.control.notify_one();
                    }
                    return false;
                }
            };
            self.counters.commands += 1;
            let (machine, arena) = (&mut self.machine, &mut self.arena);
            if contained(|| machine.handle_command(now, command, arena)).is_err() {
                self.counters.faults_command += 1;
                self.discard();
            }
        }
        self.ports.control.notify_one();
        true
    }

    /// Lets the machine take datagrams. Whether there may be more.
    fn take_datagrams(&mut self, now: Instant) -> bool {
        let mut may_have_more = true;
        let mut taken = 0;
        self.arena.expect(self.batch.remaining());
        while taken < DATAGRAMS_MAX {
            let Some((local, remote, datagram)) = self.batch.next_datagram() else {
                if !may_have_more {
                    return false;
                }
                may_have_more = self.receive();
                continue;
            };
            taken += 1;
            let tuple = Tuple { local, remote, path: Path::Udp };
            let (machine, arena) = (&mut self.machine, &mut self.arena);
            if contained(|| machine.handle_datagram(now, &tuple, datagram, arena)).is_err() {
                self.counters.faults_datagram += 1;
                self.discard();
            }
        }
        true
    }

    /// Takes note of streams that are there, and that are gone.
    fn apply_stream_commands(&mut self, now: Instant) {
        while let Some(closed) = self.arena.wire().streams().apply_command() {
            let Some(number) = closed else { continue };
            let machine = &mut self.machine;
            if contained(|| machine.handle_path_closed(now, Path::Stream(number))).is_err() {
                self.counters.faults_command += 1;
            }
        }
    }

    /// Lets the machine take what came over streams, a few datagrams of each in turn. Whether there
    /// is more.
    fn take_stream_datagrams(&mut self, now: Instant) -> bool {
        self.arena.wire().streams().look();
        self.arena.expect(StreamOutlets::SHARE);
        let (mut taken, mut slot) = (0, 0);
        while let Some(waiting) = self.arena.wire().streams().next_waiting(slot) {
            if taken >= DATAGRAMS_MAX {
                return true;
            }
            for _ in 0..StreamOutlets::SHARE {
                let space = &mut self.scratch[..];
                let Some((tuple, length)) = self.arena.wire().streams().take(waiting, space) else {
                    break;
                };
                taken += 1;
                self.counters.stream_datagrams += 1;
                let (machine, arena) = (&mut self.machine, &mut self.arena);
                let datagram = &mut self.scratch[..length];
                if contained(|| machine.handle_datagram(now, &tuple, datagram, arena)).is_err() {
                    self.counters.faults_datagram += 1;
                    self.discard();
                }
            }
            slot = waiting + 1;
        }
        self.arena.wire().streams().next_waiting(0).is_some()
    }

    /// Receives a batch. Whether the socket may hold more.
    fn receive(&mut self) -> bool {
        let result = self.batch.receive(&self.socket);
        self.arena.expect(self.batch.remaining());
        result.unwrap_or_else(|_| {
            self.counters.receive_errors += 1;
            false
        })
    }

    fn fire_timers(&mut self, now: Instant) {
        let is_due = self.machine.poll_timeout().is_some_and(|due| due <= now);
        if !is_due || now < self.timers_rest_until {
            return;
        }
        self.arena.expect(1);
        let (machine, arena) = (&mut self.machine, &mut self.arena);
        if contained(|| machine.handle_timeout(now, arena)).is_err() {
            self.counters.faults_timeout += 1;
            self.discard();
            // The timer is still due: without a rest the thread would do nothing but panic.
            self.timers_rest_until = now + TIMERS_REST;
        }
    }

    /// Hands outputs to the control side while it has room.
    fn hand_over_outputs(&mut self) {
        let mut has_told = false;
        while let Some(output) = self.held.take().or_else(|| self.machine.poll_output()) {
            match self.ports.outputs.try_send(output) {
                Ok(()) => has_told = true,
                Err(TrySendError::Full(output)) => {
                    self.held = Some(output);
                    self.counters.output_stalls += 1;
                    break;
                }
                // The node is going down.
                Err(TrySendError::Disconnected(_)) => break,
            }
        }
        if has_told || self.held.is_some() {
            self.ports.control.notify_one();
        }
    }

    /// Forgets what a fault may have left half-written.
    fn discard(&mut self) {
        self.counters.discarded += self.arena.discard() as u64;
    }

    fn publish(&mut self) {
        let mut snapshot = Snapshot::new();
        self.count_into(&mut snapshot);
        self.machine.count_into(&mut snapshot);
        // A full queue means that nobody looks; the next snapshot says it all again.
        if self.ports.snapshots.try_send(snapshot).is_ok() {
            self.ports.control.notify_one();
        }
    }

    fn count_into(&self, snapshot: &mut Snapshot) {
        let received = self.batch.counters();
        snapshot.push("sfu_received_datagrams_total", "", received.datagrams);
        snapshot.push("sfu_received_bytes_total", "", received.bytes);
        snapshot.push("sfu_received_merged_datagrams_total", "", received.merged);
        snapshot.push("sfu_received_empty_total", "", received.empty);
        snapshot.push("sfu_receive_overflow_total", "", received.overflow);
        self.arena.counters().count_into(snapshot);
        snapshot.push("sfu_gso_active", "", u64::from(self.arena.segmentation()));
        snapshot.push("sfu_gro_active", "", u64::from(self.socket.merges()));
        let buffers = self.socket.buffers();
        snapshot.push("sfu_socket_buffer_bytes", "send", buffers.send as u64);
        snapshot.push("sfu_socket_buffer_bytes", "receive", buffers.receive as u64);
        let own = &self.counters;
        snapshot.push("sfu_receive_errors_total", "", own.receive_errors);
        snapshot.push("sfu_stream_received_datagrams_total", "", own.stream_datagrams);
        snapshot.push("sfu_turns_total", "", own.turns);
        snapshot.push("sfu_commands_total", "", own.commands);
        snapshot.push("sfu_output_stalls_total", "", own.output_stalls);
        snapshot.push("sfu_invariant_violations_total", "datagram", own.faults_datagram);
        snapshot.push("sfu_invariant_violations_total", "command", own.faults_command);
        snapshot.push("sfu_invariant_violations_total", "timeout", own.faults_timeout);
        snapshot.push("sfu_discarded_datagrams_total", "", own.discarded);
        let processor_time = net::thread_processor_time().unwrap_or_default();
        let micros = u64::try_from(processor_time.as_micros()).unwrap_or(u64::MAX);
        snapshot.push("sfu_worker_cpu_seconds_total", "", micros);
        #[cfg(feature = "count-allocations")]
        snapshot.push("sfu_worker_allocations_total", "", net::allocations());
    }
}

/// Runs a piece of the machine; its panic is an error.
fn contained(run: impl FnOnce()) -> std::thread::Result<()> {
    // The machine's state after a panic is as good as the place where it panicked left it: no
    // memory is unsound, and a session left inconsistent ends by its own timers.
    catch_unwind(AssertUnwindSafe(run))
}

const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// How soon a full control side is tried again.
const OUTPUT_RETRY: Duration = Duration::from_millis(10);

/// How long timers rest after a fault in one of them.
const TIMERS_REST: Duration = Duration::from_millis(100);
