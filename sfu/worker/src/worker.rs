//! One core's machine: what arrives on the port, in; sealed packets and answers, into the Sink.
//!
//! A datagram is demultiplexed by its first byte (RFC 7983) and its 5-tuple. Only an authentic
//! connectivity check may come from a tuple that is not proven; everything else from there is
//! counted and dropped, and gets no answer. It never allocates, locks or logs: memory comes with
//! commands and goes back with outputs. It is bounded by [`Limits`].
//!
//! Tests: `worker/tests.rs`, the simulator, and the counting allocator on real sockets.

use protocol::{EndpointIndex, Instant, media::MediaKind, rtp::RtpHeader};
use sfu_core::{Egress, Forwarder, Limits, OutgoingPacket};
use sfu_transport::{
    demux::{DatagramKind, classify},
    ice::IceLapse,
    stun::{self, Message, REQUEST_LENGTH_MAX, SUCCESS_LENGTH_MAX, TransactionId},
};

use crate::{
    command::{DtlsDatagram, WorkerOutput},
    counters::{Counters, WorkerDrop},
    outputs::Outputs,
    random::SeededRandom,
    session::{Session, SessionMemory},
    sink::{PacketClass, Path, Sink, Tuple},
    tuples::TupleTable,
    ufrag,
};

mod commands;
mod rtcp;

/// A segment this much shorter than its train is padded to the train's length: encoders split a
/// frame into packets of n and n + 1 bytes, and a shorter segment would end the train.
const PADDING_MAX: usize = 128;

/// What a worker needs to know at start.
#[derive(Clone, Copy)]
pub struct WorkerConfig {
    /// Sizes of all tables.
    pub limits: Limits,
    /// NTP time (RFC 5905 §6, 32.32 fixed point) at [`Instant::ZERO`], for sender reports.
    pub ntp_at_zero: u64,
    /// 32 secret random bytes.
    pub seed: [u8; 32],
}

impl std::fmt::Debug for WorkerConfig {
    /// The seed does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerConfig").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// One core's machine.
pub struct Worker {
    pub(crate) forwarder: Forwarder,
    pub(crate) sessions: Vec<Option<Box<SessionMemory>>>,
    tuples: TupleTable,
    outputs: Outputs,
    counters: Counters,
    random: SeededRandom,
    ntp_at_zero: u64,
    /// Sessions that are here, and when the first of their timers is due.
    session_count: usize,
    next_round: Option<Instant>,
}

/// How often timers of sessions are looked at: a round over 1 000 sessions costs some 20 µs.
const ROUND: protocol::Duration = protocol::Duration::from_millis(50);

impl Worker {
    /// Takes the memory of all tables.
    #[must_use]
    pub fn new(config: WorkerConfig) -> Self {
        let mut random = SeededRandom::new(config.seed);
        let sessions_max = config.limits.endpoints;
        Worker {
            sessions: (0..sessions_max).map(|_| None).collect(),
            tuples: TupleTable::new(sessions_max, random.next_u64()),
            outputs: Outputs::new(),
            counters: Counters::default(),
            forwarder: Forwarder::new(config.limits),
            random,
            ntp_at_zero: config.ntp_at_zero,
            session_count: 0,
            next_round: None,
        }
    }

    /// Takes a datagram, which it may overwrite.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &mut [u8],
        sink: &mut impl Sink,
    ) {
        self.counters.received_datagrams += 1;
        self.counters.received_bytes += datagram.len() as u64;
        let taken = match classify(datagram) {
            DatagramKind::Stun => self.handle_stun(now, tuple, datagram, sink),
            DatagramKind::Dtls => self.handle_dtls(tuple, datagram),
            DatagramKind::Rtp => self.handle_rtp(now, tuple, datagram, sink),
            DatagramKind::Rtcp => self.handle_rtcp(now, tuple, datagram, sink),
            DatagramKind::Unknown => Err(WorkerDrop::Unknown),
        };
        if let Err(reason) = taken {
            self.counters.count(reason);
        }
        self.serve_forwarder(now, sink);
    }

    /// A stream is gone: nothing goes there any more, and nothing comes from there. Costs a look at
    /// every session.
    pub fn handle_path_closed(&mut self, now: Instant, path: Path) {
        for position in 0..self.sessions.len() {
            let index = EndpointIndex(position as u32);
            let Some(session) = session_mut(&mut self.sessions, index) else { continue };
            for tuple in session.ice.tuples().filter(|tuple| tuple.path == path) {
                self.tuples.remove(tuple, index);
            }
            if session.ice.handle_path_closed(path) {
                session.refresh_media_path(now);
                self.forwarder.set_media_ready(now, index, false);
            }
        }
    }

    /// Lets timers run that are due.
    pub fn handle_timeout(&mut self, now: Instant, sink: &mut impl Sink) {
        if self.forwarder.poll_timeout().is_some_and(|due| due <= now) {
            let (forwarder, mut egress) = self.forwarder_and_egress(now, sink);
            forwarder.handle_timeout(now, &mut egress);
        }
        if self.next_round.is_some_and(|due| due <= now) {
            for position in 0..self.sessions.len() {
                self.run_session_timers(now, EndpointIndex(position as u32), sink);
            }
            self.next_round = (self.session_count > 0).then(|| now + ROUND);
        }
        self.serve_forwarder(now, sink);
    }

    /// When [`Worker::handle_timeout`] has something to do; `None` while nobody is here.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.forwarder.poll_timeout(), self.next_round].into_iter().flatten().min()
    }

    /// What the control side must hear of.
    pub fn poll_output(&mut self) -> Option<WorkerOutput> {
        self.outputs.pop()
    }

    /// Totals since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        counters.sessions = self.session_count as u64;
        counters.proven_tuples = self.tuples.len() as u64;
        counters.forward = *self.forwarder.counters();
        counters
    }

    fn handle_stun(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &[u8],
        sink: &mut impl Sink,
    ) -> Result<(), WorkerDrop> {
        let outcome = match stun::parse(datagram).map_err(WorkerDrop::Stun)? {
            Message::Request(request) => {
                let index = ufrag::session(request.local_ufrag());
                let session = index.and_then(|index| session_mut(&mut self.sessions, index));
                let session = session.ok_or(WorkerDrop::UnknownUfrag)?;
                let mut response = [0; SUCCESS_LENGTH_MAX];
                let outcome = session.ice.handle_request(now, tuple, &request, &mut response);
                let outcome = outcome.map_err(WorkerDrop::Ice)?;
                send(sink, tuple, &response[..outcome.response_length]);
                if outcome.newly_proven {
                    self.tuples.insert(*tuple, session.index);
                }
                if let Some(evicted) = outcome.evicted {
                    self.tuples.remove(&evicted, session.index);
                }
                (session.index, outcome)
            }
            Message::Success(success) => {
                let index = self.tuples.session(tuple).ok_or(WorkerDrop::UnprovenTuple)?;
                let session = session_mut(&mut self.sessions, index);
                let session = session.ok_or(WorkerDrop::UnprovenTuple)?;
                let outcome = session.ice.handle_success(now, tuple, &success);
                (index, outcome.map_err(WorkerDrop::Ice)?)
            }
            Message::Error(..) => return Err(WorkerDrop::StunError),
        };
        let (index, outcome) = outcome;
        if outcome.check_due {
            self.send_own_checks(now, index, sink);
        }
        self.refresh(now, index, tuple);
        Ok(())
    }

    /// Takes over where media may go after a check on `tuple`.
    fn refresh(&mut self, now: Instant, index: EndpointIndex, tuple: &Tuple) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        if session.ice.selected() == Some(tuple) {
            let was_ready = session.is_ready(now);
            session.refresh_media_path(now);
            if !was_ready {
                self.announce_if_ready(now, index);
            }
        }
    }

    /// Tells the engine, and the first time the control side, that media can flow.
    fn announce_if_ready(&mut self, now: Instant, index: EndpointIndex) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        if !session.is_ready(now) {
            return;
        }
        if !session.is_connected {
            session.is_connected = self.outputs.push(WorkerOutput::Connected(index));
        }
        self.forwarder.set_media_ready(now, index, true);
    }

    pub(super) fn send_own_checks(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        sink: &mut impl Sink,
    ) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        let mut check = [0; REQUEST_LENGTH_MAX];
        // Each waits for its repetition once it is sent, so this ends.
        loop {
            let fresh_id = TransactionId(self.random.bytes());
            let due = session.ice.poll_transmit(now, fresh_id, &mut check);
            let Some((tuple, length)) = due else { return };
            send(sink, &tuple, &check[..length]);
        }
    }

    /// ASVS 5.0 V17.2.6: DTLS counts only from a tuple that passed an authenticated check.
    fn handle_dtls(&mut self, tuple: &Tuple, datagram: &[u8]) -> Result<(), WorkerDrop> {
        let index = self.tuples.session(tuple).ok_or(WorkerDrop::UnprovenTuple)?;
        let copy = DtlsDatagram::copy_of(datagram).ok_or(WorkerDrop::TooLong)?;
        match self.outputs.push_droppable(WorkerOutput::Dtls(index, copy)) {
            true => Ok(()),
            false => Err(WorkerDrop::ControlBusy),
        }
    }

    fn handle_rtp(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &mut [u8],
        sink: &mut impl Sink,
    ) -> Result<(), WorkerDrop> {
        let index = self.tuples.session(tuple).ok_or(WorkerDrop::UnprovenTuple)?;
        let session = session_mut(&mut self.sessions, index).ok_or(WorkerDrop::UnprovenTuple)?;
        let keys = session.keys.as_mut().ok_or(WorkerDrop::NoKeys)?;
        let header = RtpHeader::parse(datagram).ok_or(WorkerDrop::BadHeader)?;
        let length = keys.receiver.open_rtp(datagram, &header).map_err(WorkerDrop::Srtp)?;
        session.uplink.note(now, &header, &datagram[..length]);
        let (forwarder, mut egress) = self.forwarder_and_egress(now, sink);
        // The engine counts its own drops.
        let _ = forwarder.handle_rtp(now, index, &datagram[..length], &header, &mut egress);
        Ok(())
    }

    /// The engine, and where it lets packets go.
    fn forwarder_and_egress<'w, S: Sink>(
        &'w mut self,
        now: Instant,
        sink: &'w mut S,
    ) -> (&'w mut Forwarder, SealingEgress<'w, S>) {
        let (sessions, counters) = (&mut *self.sessions, &mut self.counters);
        (&mut self.forwarder, SealingEgress { now, sessions, counters, sink })
    }

    fn run_session_timers(&mut self, now: Instant, index: EndpointIndex, sink: &mut impl Sink) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        if session.ice.poll_timeout().is_some_and(|due| due <= now) {
            match session.ice.handle_timeout(now) {
                Some(IceLapse::MediaStopped) => {
                    session.refresh_media_path(now);
                    self.forwarder.set_media_ready(now, index, false);
                }
                Some(IceLapse::Ended) => session.is_expired = true,
                None => {}
            }
            self.send_own_checks(now, index, sink);
        }
        self.announce_expiry(index);
        self.send_transport_feedback(now, index, sink);
        self.send_reports(now, index, sink);
    }

    /// Says that a session is over, again at each round until there was room to say it.
    fn announce_expiry(&mut self, index: EndpointIndex) {
        let Some(session) = session_mut(&mut self.sessions, index) else { return };
        if session.is_expired {
            session.is_expired = !self.outputs.push(WorkerOutput::Expired(index));
        }
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("sessions", &self.session_count).finish_non_exhaustive()
    }
}

/// Seals what the engine forwards, in the place from which it is sent.
struct SealingEgress<'w, S> {
    now: Instant,
    sessions: &'w mut [Option<Box<SessionMemory>>],
    counters: &'w mut Counters,
    sink: &'w mut S,
}

impl<S: Sink> Egress for SealingEgress<'_, S> {
    fn forward(&mut self, to: EndpointIndex, packet: &OutgoingPacket<'_>) {
        let Some(session) = session_mut(self.sessions, to) else { return };
        let Some(tuple) = session.media_tuple(self.now).copied() else { return };
        let Some(keys) = session.keys.as_mut() else { return };
        let sealed_length = packet.length() + keys.sender.rtp_overhead();
        let short_by = self.sink.segment_length(to).saturating_sub(sealed_length);
        // What may be sealed once more must then be the same to the last byte.
        let padding_max = match keys.sender.may_copy() {
            true => 0,
            false => PADDING_MAX.min(usize::from(packet.padding_room())),
        };
        let padding = if short_by <= padding_max { short_by } else { 0 };
        let class = match packet.kind() {
            MediaKind::Audio => PacketClass::Audio,
            MediaKind::Video => PacketClass::Video,
        };
        let Some(space) = self.sink.reserve(to, &tuple, sealed_length + padding, class) else {
            return;
        };
        let sealed = packet.write_padded(space, padding as u8).ok_or(()).and_then(|plain| {
            let header_length = packet.header_length();
            let sealed = match packet.is_copy() {
                false => keys.sender.seal_rtp(space, plain, header_length),
                true => keys.sender.seal_rtp_copy(space, plain, header_length),
            };
            sealed.map_err(drop)
        });
        if sealed.is_err() {
            self.counters.invariant_violations += 1;
        }
    }
}

/// Sends a datagram outside trains; the sink counts what it has no room for.
fn send(sink: &mut impl Sink, tuple: &Tuple, datagram: &[u8]) {
    if datagram.is_empty() {
        return;
    }
    if let Some(space) = sink.single(tuple, datagram.len()) {
        space.copy_from_slice(datagram);
    }
}

fn session_mut(
    sessions: &mut [Option<Box<SessionMemory>>],
    index: EndpointIndex,
) -> Option<&mut Session> {
    sessions.get_mut(index.get() as usize)?.as_mut().map(|memory| &mut memory.session)
}
