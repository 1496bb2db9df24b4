//! The control side's thread: requests of signaling and outputs of the workers in, commands and
//! reports out.
//!
//! Everything is bounded, and nothing is lost when something is full:
//!
//! | full | who waits |
//! |---|---|
//! | requests | signaling, in `send` |
//! | commands | they stay in the [`Director`], and no request is taken until the worker has room |
//! | outputs | they stay in the machine, by its own rules |
//! | reports | they stay in the [`Director`], and no request is taken until signaling has room |
//!
//! So whoever asks too much is slowed down, while handshakes and timers go on. It may allocate; it
//! decides nothing: that is the [`Director`], whose panic is contained and counted.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError},
    },
};

use protocol::{
    Duration, Instant,
    node::{NodeReport, NodeRequest},
};
use tokio::sync::{Notify, mpsc};

use crate::{
    clock::NodeClock,
    metrics::{NodeMetrics, Snapshot},
    net::Waker,
    streams::Streams,
};

/// What the control thread drives: the control side of the workers.
pub trait Director {
    /// What it tells a worker.
    type Command: Send + 'static;
    /// What a worker tells it.
    type Output: Send + 'static;

    /// Takes a request of signaling.
    fn handle_request(&mut self, now: Instant, request: NodeRequest);

    /// Takes an output of a worker.
    fn handle_output(&mut self, now: Instant, output: Self::Output);

    /// Does what is due.
    fn handle_timeout(&mut self, now: Instant);

    /// When [`Director::handle_timeout`] has something to do.
    fn poll_timeout(&self) -> Option<Instant>;

    /// The next command, and the number of the worker it is for.
    fn poll_command(&mut self) -> Option<(usize, Self::Command)>;

    /// The next report for signaling.
    fn poll_report(&mut self) -> Option<NodeReport>;
}

/// The other ends of a worker's [`crate::media_loop::LoopPorts`].
#[derive(Debug)]
pub(crate) struct WorkerLine<C, O> {
    pub(crate) commands: SyncSender<C>,
    pub(crate) waker: Waker,
    pub(crate) outputs: Receiver<O>,
    pub(crate) snapshots: Receiver<Snapshot>,
    /// Commands were sent since it was last woken.
    pub(crate) has_news: bool,
}

/// What connects the control thread with the rest of the node.
#[derive(Debug)]
pub(crate) struct ControlPorts<C, O> {
    pub(crate) clock: NodeClock,
    pub(crate) requests: mpsc::Receiver<NodeRequest>,
    pub(crate) reports: mpsc::Sender<NodeReport>,
    /// One for each worker, by number.
    pub(crate) workers: Vec<WorkerLine<C, O>>,
    pub(crate) metrics: NodeMetrics,
    pub(crate) streams: Streams,
    pub(crate) wake: Arc<Notify>,
    pub(crate) stop: Arc<AtomicBool>,
}

/// The loop of the control thread.
#[derive(Debug)]
pub(crate) struct ControlLoop<D: Director> {
    director: D,
    ports: ControlPorts<D::Command, D::Output>,
    /// A command and a report that found their queues full.
    held_command: Option<(usize, D::Command)>,
    held_report: Option<NodeReport>,
    is_signaling_gone: bool,
    /// A director whose timers panicked gets no other before this.
    timers_rest_until: Instant,
    requests: u64,
    faults: u64,
}

/// Why the loop went on.
enum Wake {
    Request(NodeRequest),
    /// Signaling takes no more requests and has dropped its end.
    RequestsClosed,
    /// Signaling has room for the held report.
    Room,
    /// An output, a snapshot, room for commands, the end, or a timer.
    Other,
}

impl<D: Director> ControlLoop<D> {
    pub(crate) fn new(director: D, ports: ControlPorts<D::Command, D::Output>) -> Self {
        ControlLoop {
            director,
            ports,
            held_command: None,
            held_report: None,
            is_signaling_gone: false,
            timers_rest_until: Instant::ZERO,
            requests: 0,
            faults: 0,
        }
    }

    /// Runs until it is stopped.
    pub(crate) async fn run(mut self) {
        while !self.ports.stop.load(Ordering::Acquire) {
            self.take_outputs();
            self.fire_timers();
            self.send_commands();
            self.send_reports();
            self.take_snapshots();
            match self.wait().await {
                Wake::Request(request) => {
                    self.requests += 1;
                    self.directed(|director, now| director.handle_request(now, request));
                }
                Wake::RequestsClosed => self.is_signaling_gone = true,
                Wake::Room | Wake::Other => {}
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let takes_requests =
            !self.is_signaling_gone && self.held_command.is_none() && self.held_report.is_none();
        let has_report = self.held_report.is_some();
        let now = self.ports.clock.now();
        let due = self.director.poll_timeout().map(|due| due.max(self.timers_rest_until));
        let nap = due.map_or(NAP_MAX, |due| due.saturating_duration_since(now).min(NAP_MAX));
        tokio::select! {
            () = self.ports.wake.notified() => Wake::Other,
            permit = self.ports.reports.reserve(), if has_report => {
                // Reports to a signaling that is gone are nobody's.
                let report = self.held_report.take();
                if let (Ok(permit), Some(report)) = (permit, report) {
                    permit.send(report);
                }
                Wake::Room
            }
            request = self.ports.requests.recv(), if takes_requests => {
                request.map_or(Wake::RequestsClosed, Wake::Request)
            }
            () = tokio::time::sleep(nap) => Wake::Other,
        }
    }

    /// Takes what the workers have said, up to a limit for each.
    fn take_outputs(&mut self) {
        for worker in 0..self.ports.workers.len() {
            let mut taken = 0;
            while taken < OUTPUTS_MAX {
                let Ok(output) = self.ports.workers[worker].outputs.try_recv() else { break };
                self.directed(|director, now| director.handle_output(now, output));
                taken += 1;
            }
            if taken == OUTPUTS_MAX {
                // There may be more: come back without a sleep.
                self.ports.wake.notify_one();
            }
        }
    }

    fn fire_timers(&mut self) {
        let now = self.ports.clock.now();
        let is_due = self.director.poll_timeout().is_some_and(|due| due <= now);
        if is_due && now >= self.timers_rest_until {
            let faults = self.faults;
            self.directed(|director, now| director.handle_timeout(now));
            if self.faults > faults {
                self.timers_rest_until = now + TIMERS_REST;
            }
        }
    }

    /// Sends commands until one finds its worker's queue full.
    fn send_commands(&mut self) {
        while let Some((worker, command)) =
            self.held_command.take().or_else(|| self.director.poll_command())
        {
            let Some(line) = self.ports.workers.get_mut(worker) else {
                debug_assert!(false, "a command for worker {worker}, which there is not");
                continue;
            };
            match line.commands.try_send(command) {
                Ok(()) => line.has_news = true,
                Err(TrySendError::Full(command)) => {
                    self.held_command = Some((worker, command));
                    break;
                }
                // The node is going down.
                Err(TrySendError::Disconnected(_)) => break,
            }
        }
        for line in &mut self.ports.workers {
            if std::mem::take(&mut line.has_news) {
                line.waker.wake();
            }
        }
    }

    fn send_reports(&mut self) {
        while self.held_report.is_none() {
            let Some(report) = self.director.poll_report() else { return };
            match self.ports.reports.try_send(report) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(report)) => self.held_report = Some(report),
            }
        }
    }

    /// Passes on the workers' latest counters, with our own.
    fn take_snapshots(&mut self) {
        let mut has_news = false;
        for (worker, line) in self.ports.workers.iter().enumerate() {
            if let Some(snapshot) = line.snapshots.try_iter().last() {
                self.ports.metrics.update(worker, snapshot);
                has_news = true;
            }
        }
        if has_news {
            let mut own = Snapshot::new();
            own.push("sfu_requests_total", "", self.requests);
            own.push("sfu_invariant_violations_total", "control", self.faults);
            self.ports.streams.count_into(&mut own);
            self.ports.metrics.update(self.ports.workers.len(), own);
        }
    }

    /// Lets the director do something; its panic is counted.
    fn directed(&mut self, act: impl FnOnce(&mut D, Instant)) {
        let now = self.ports.clock.now();
        let director = &mut self.director;
        if catch_unwind(AssertUnwindSafe(|| act(director, now))).is_err() {
            self.faults += 1;
            tracing::error!("the control side of the media node panicked and goes on");
        }
    }
}

/// Outputs taken before the other inputs get their turn.
const OUTPUTS_MAX: usize = 64;

/// The longest sleep: tokio's timers have a limit of their own.
const NAP_MAX: Duration = Duration::from_secs(60);

/// How long timers rest after a fault in one of them.
const TIMERS_REST: Duration = Duration::from_millis(100);
