//! The node under test: its control side and one worker, driven as the node's two threads do.
//!
//! Requests, commands and outputs cross in queues and are taken at the next turn of the other side,
//! so the two are as far apart as threads are. Datagrams are taken in batches, and what a batch
//! sends is flushed once.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};

use protocol::{
    EndpointIndex, Instant,
    media::CodecSet,
    node::{NodeReport, NodeRequest},
};
use sfu_worker::{
    Control, ControlConfig, Limits, PacketClass, Path, Sink, Tuple, Worker, WorkerCommand,
    WorkerConfig, WorkerOutput,
};

use super::{audit::Audit, events::Inbound};
use crate::{handshake::DoubleMaker, random::Random};

/// Datagrams taken before the other inputs get their turn, as in the node's loop.
const BATCH_MAX: usize = 64;

/// Datagrams that wait in the socket's buffer; the kernel drops more.
const BUFFER_MAX: usize = 4_096;

/// A node with one worker.
#[derive(Debug)]
pub(super) struct Node {
    address: SocketAddr,
    control: Control,
    worker: Worker,
    sink: CaptureSink,
    inbox: VecDeque<Inbound>,
    commands: VecDeque<WorkerCommand>,
    outputs: VecDeque<WorkerOutput>,
    requests: VecDeque<NodeRequest>,
    /// Datagrams that found the socket's buffer full.
    pub(super) overflow: u64,
}

impl Node {
    pub(super) fn new(address: SocketAddr, random: &mut Random) -> Self {
        let limits =
            Limits { endpoints: 128, rooms: 8, participants_per_room: 128, ..Limits::default() };
        let control = Control::new(ControlConfig {
            workers: 1,
            limits,
            codecs: CodecSet::default(),
            candidates: vec![address],
            tcp_candidates: Vec::new(),
            handshakes: Box::new(DoubleMaker),
            seed: random.bytes(),
        });
        // Noon of the first day of 2026, in seconds since 1900 (RFC 5905 §6).
        let ntp_at_zero = 3_976_257_600 << 32;
        let worker = Worker::new(WorkerConfig { limits, ntp_at_zero, seed: random.bytes() });
        Node {
            address,
            control,
            worker,
            sink: CaptureSink::default(),
            inbox: VecDeque::new(),
            commands: VecDeque::new(),
            outputs: VecDeque::new(),
            requests: VecDeque::new(),
            overflow: 0,
        }
    }

    pub(super) fn worker(&self) -> &Worker {
        &self.worker
    }

    pub(super) fn receive(&mut self, inbound: Inbound) {
        if self.inbox.len() < BUFFER_MAX {
            self.inbox.push_back(inbound);
        } else {
            self.overflow += 1;
        }
    }

    pub(super) fn ask(&mut self, request: NodeRequest) {
        self.requests.push_back(request);
    }

    /// When the media thread has something to do; `now` for at once.
    pub(super) fn media_due(&self, now: Instant) -> Option<Instant> {
        let has_input = !self.inbox.is_empty() || !self.commands.is_empty();
        if has_input { Some(now) } else { self.worker.poll_timeout().map(|due| due.max(now)) }
    }

    /// When the control thread has something to do.
    pub(super) fn control_due(&self, now: Instant) -> Option<Instant> {
        let has_input = !self.outputs.is_empty() || !self.requests.is_empty();
        if has_input { Some(now) } else { self.control.poll_timeout().map(|due| due.max(now)) }
    }

    /// A turn of the media thread; returns what it sends.
    pub(super) fn media_turn(&mut self, now: Instant, audit: &mut Audit) -> Vec<Sent> {
        while let Some(command) = self.commands.pop_front() {
            self.worker.handle_command(now, command, &mut self.sink);
            self.conclude(now, audit);
        }
        for _ in 0..BATCH_MAX {
            let Some(mut inbound) = self.inbox.pop_front() else { break };
            audit.note_arrival(now, &inbound);
            let tuple = Tuple { local: self.address, remote: inbound.from, path: Path::Udp };
            self.worker.handle_datagram(now, &tuple, &mut inbound.datagram, &mut self.sink);
            self.conclude(now, audit);
        }
        if self.worker.poll_timeout().is_some_and(|due| due <= now) {
            self.worker.handle_timeout(now, &mut self.sink);
            self.conclude(now, audit);
        }
        self.sink.flush()
    }

    /// A turn of the control thread; returns what it reports.
    pub(super) fn control_turn(&mut self, now: Instant) -> Vec<NodeReport> {
        while let Some(output) = self.outputs.pop_front() {
            self.control.handle_output(now, output);
        }
        while let Some(request) = self.requests.pop_front() {
            self.control.handle_request(now, request);
        }
        if self.control.poll_timeout().is_some_and(|due| due <= now) {
            self.control.handle_timeout(now);
        }
        while let Some((_, command)) = self.control.poll_command() {
            self.commands.push_back(command);
        }
        std::iter::from_fn(|| self.control.poll_report()).collect()
    }

    /// After each input: takes the outputs and checks what was sent.
    fn conclude(&mut self, now: Instant, audit: &mut Audit) {
        self.outputs.extend(std::iter::from_fn(|| self.worker.poll_output()));
        for sent in self.sink.take_unchecked() {
            audit.check_sent(now, &sent.tuple, &sent.datagram);
        }
        Audit::check_counters(now, &self.worker.counters());
    }
}

/// A datagram that the node sends.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) tuple: Tuple,
    pub(super) datagram: Vec<u8>,
}

/// Keeps what is sent, and lays it into trains as the send arena does: all segments of one length,
/// a shorter one closes.
#[derive(Debug, Default)]
struct CaptureSink {
    sent: Vec<Sent>,
    checked: usize,
    trains: BTreeMap<EndpointIndex, usize>,
}

impl CaptureSink {
    fn take_unchecked(&mut self) -> &[Sent] {
        let from = std::mem::replace(&mut self.checked, self.sent.len());
        &self.sent[from..]
    }

    fn flush(&mut self) -> Vec<Sent> {
        self.checked = 0;
        self.trains.clear();
        std::mem::take(&mut self.sent)
    }

    fn push(&mut self, tuple: &Tuple, length: usize) -> Option<&mut [u8]> {
        self.sent.push(Sent { tuple: *tuple, datagram: vec![0; length] });
        self.sent.last_mut().map(|sent| sent.datagram.as_mut_slice())
    }
}

impl Sink for CaptureSink {
    fn reserve(
        &mut self,
        receiver: EndpointIndex,
        tuple: &Tuple,
        length: usize,
        _class: PacketClass,
    ) -> Option<&mut [u8]> {
        match self.trains.get(&receiver) {
            Some(&segment) if length == segment => {}
            Some(&segment) if length < segment => {
                self.trains.remove(&receiver);
            }
            Some(_) | None => {
                self.trains.insert(receiver, length);
            }
        }
        self.push(tuple, length)
    }

    fn segment_length(&self, receiver: EndpointIndex) -> usize {
        self.trains.get(&receiver).copied().unwrap_or(0)
    }

    fn single(&mut self, tuple: &Tuple, length: usize) -> Option<&mut [u8]> {
        self.push(tuple, length)
    }
}
