//! Sending trains, and what is done when that fails.
//!
//! | failure | consequence |
//! |---|---|
//! | the socket is full | wait, at most [`PATIENCE`] a turn; then pictures are dropped |
//! | a train is refused | its packets go singly, and so do those of its tuple for [`PLAIN_FOR`] |
//! | a train's way out cannot segment | its packets go singly, and so does all from then on |
//! | a packet is refused | it is dropped, and so is everything to its tuple for [`MUTE_FOR`] |
//! | a packet is too long, or memory is short | it is dropped |
//! | a stream is gone or full | the packet is dropped, of a picture the rest of its frame too |
//!
//! `sendmmsg` stops at the first failure, so a failing message is dealt with and the rest goes on:
//! no receiver suffers for another. Nothing is allocated after it is made. A system call is behind
//! [`Wire`], so that the rules are tested without a socket.

mod marks;

use protocol::{Duration, Instant};
use sfu_worker::{PacketClass, Path};

use crate::{
    arena::trains::{SEGMENTS_MAX, Train, TrainBuffer},
    metrics::Snapshot,
    net::{Message, SendBatch, SendError, UdpSocket},
    streams::{StreamOutlets, StreamPacket, StreamRefusal},
};
use marks::{TupleMarks, Verdict};

/// What carries messages: the socket, or a double of it in tests.
pub trait Wire {
    /// Sends messages in order without waiting, at least one of them; how many went.
    ///
    /// # Errors
    /// What stopped the first one.
    fn send(&mut self, arena: &[u8], messages: &[Message]) -> Result<usize, SendError>;

    /// Waits until more can be sent, at most `timeout`: whether it can, and the time it took.
    fn wait_writable(&mut self, timeout: Duration) -> (bool, Duration);

    /// Puts a packet on the stream of this number, where it waits for its task.
    ///
    /// # Errors
    /// It is gone, or full; a wire without streams has none.
    fn put_on_stream(
        &mut self,
        now: Instant,
        number: u32,
        packet: StreamPacket<'_>,
    ) -> Result<(), StreamRefusal> {
        let _ = (now, number, packet);
        Err(StreamRefusal::Gone)
    }

    /// Wakes the tasks of the streams that got something.
    fn wake_streams(&mut self) {}
}

/// A [`Wire`] that is a UDP socket, and the streams beside it.
#[derive(Debug)]
pub struct PortWire {
    udp: UdpWire,
    streams: StreamOutlets,
}

impl PortWire {
    pub(crate) fn new(udp: UdpWire, streams: StreamOutlets) -> Self {
        PortWire { udp, streams }
    }

    pub(crate) fn streams(&mut self) -> &mut StreamOutlets {
        &mut self.streams
    }
}

impl Wire for PortWire {
    fn send(&mut self, arena: &[u8], messages: &[Message]) -> Result<usize, SendError> {
        self.udp.send(arena, messages)
    }

    fn wait_writable(&mut self, timeout: Duration) -> (bool, Duration) {
        self.udp.wait_writable(timeout)
    }

    fn put_on_stream(
        &mut self,
        now: Instant,
        number: u32,
        packet: StreamPacket<'_>,
    ) -> Result<(), StreamRefusal> {
        self.streams.put(now, number, packet)
    }

    fn wake_streams(&mut self) {
        self.streams.wake();
    }
}

/// A [`Wire`] that is a UDP socket.
#[derive(Debug)]
pub struct UdpWire {
    socket: std::rc::Rc<UdpSocket>,
    batch: SendBatch,
}

impl UdpWire {
    /// Takes the memory of a batch.
    #[must_use]
    pub fn new(socket: std::rc::Rc<UdpSocket>) -> Self {
        UdpWire { socket, batch: SendBatch::new() }
    }
}

impl Wire for UdpWire {
    fn send(&mut self, arena: &[u8], messages: &[Message]) -> Result<usize, SendError> {
        self.batch.send(&self.socket, arena, messages)
    }

    fn wait_writable(&mut self, timeout: Duration) -> (bool, Duration) {
        let start = std::time::Instant::now();
        // A failing wait is one that brought nothing.
        let writable = self.socket.wait_writable(timeout).unwrap_or(false);
        (writable, start.elapsed())
    }
}

/// How long a turn waits for a full socket, in all.
pub const PATIENCE: Duration = Duration::from_millis(5);

/// How long a tuple that refused a train gets single datagrams. Routes and tunnels change rarely.
pub const PLAIN_FOR: Duration = Duration::from_secs(30);

/// How long a tuple that refused a datagram gets nothing: a failing call costs as much as a
/// successful one and cuts the batch, and an interface that flaps is back for the next check.
pub const MUTE_FOR: Duration = Duration::from_millis(200);

/// What has been sent and dropped in a worker's life, in packets unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendCounters {
    /// Handed to the kernel.
    pub datagrams: u64,
    /// UDP payload bytes of them.
    pub bytes: u64,
    /// Messages that were trains.
    pub trains: u64,
    /// Packets in them.
    pub train_datagrams: u64,
    /// Trains that were refused and sent singly.
    pub refused_trains: u64,
    /// Dropped because their tuple refuses, is muted, or has no route.
    pub refused: u64,
    /// Dropped because they are longer than the link takes.
    pub too_long: u64,
    /// Dropped because the kernel was short of memory.
    pub no_memory: u64,
    /// Dropped because the socket stayed full: pictures.
    pub backlog_video: u64,
    /// Dropped because the socket stayed full: sound.
    pub backlog_audio: u64,
    /// Dropped because the socket stayed full: RTCP, STUN, DTLS.
    pub backlog_control: u64,
    /// Not taken: longer than a frame, or empty.
    pub unsendable: u64,
    /// Put on streams.
    pub stream_datagrams: u64,
    /// Bytes of them.
    pub stream_bytes: u64,
    /// Dropped because their stream is gone.
    pub stream_gone: u64,
    /// Dropped because their stream is full: pictures.
    pub stream_video: u64,
    /// Dropped because their stream is full: sound and control.
    pub stream_urgent: u64,
    /// Flushes in the middle of a turn because the arena was full.
    pub early_flushes: u64,
    /// Waits for a full socket.
    pub waits: u64,
    /// Microseconds of them.
    pub wait_micros: u64,
}

/// Sends the trains of one worker.
#[derive(Debug)]
pub struct Sender<W> {
    wire: W,
    segmentation: bool,
    marks: TupleMarks,
    now: Instant,
    patience: Duration,
    /// Patience is at an end for this turn.
    is_shedding: bool,
    /// What the next call sends, and which packets each message is.
    messages: Vec<Message>,
    cargo: Vec<Cargo>,
    counters: SendCounters,
}

/// The packets of a message, by their classes.
#[derive(Clone, Copy, Debug)]
struct Cargo {
    count: usize,
    classes: [PacketClass; SEGMENTS_MAX],
}

impl Cargo {
    fn new(classes: &[PacketClass]) -> Self {
        let mut cargo =
            Cargo { count: classes.len(), classes: [PacketClass::Control; SEGMENTS_MAX] };
        cargo.classes[..classes.len()].copy_from_slice(classes);
        cargo
    }

    fn classes(&self) -> &[PacketClass] {
        &self.classes[..self.count]
    }

    /// Whether nothing in it matters more than a picture.
    fn is_video(&self) -> bool {
        self.classes().iter().all(|class| *class == PacketClass::Video)
    }
}

impl<W: Wire> Sender<W> {
    /// A sender over `wire`, which sends trains as such if `segmentation`.
    #[must_use]
    pub fn new(wire: W, segmentation: Segmentation) -> Self {
        Sender {
            wire,
            segmentation: segmentation == Segmentation::Kernel,
            marks: TupleMarks::new(),
            now: Instant::ZERO,
            patience: PATIENCE,
            is_shedding: false,
            messages: Vec::with_capacity(SendBatch::MESSAGES_MAX),
            cargo: Vec::with_capacity(SendBatch::MESSAGES_MAX),
            counters: SendCounters::default(),
        }
    }

    /// Sets the time, and renews the patience with a full socket.
    pub fn begin_turn(&mut self, now: Instant) {
        self.now = now;
        self.patience = PATIENCE;
        self.is_shedding = false;
    }

    /// Sends every train.
    pub fn send(&mut self, buffer: &TrainBuffer) {
        for train in buffer.trains() {
            match train.tuple().path {
                Path::Udp => self.queue(buffer, train),
                Path::Stream(number) => self.put_on_stream(buffer, train, number),
            }
        }
        self.deliver(buffer);
        self.wire.wake_streams();
    }

    /// What carries messages.
    pub(crate) fn wire(&mut self) -> &mut W {
        &mut self.wire
    }

    /// What has been sent and dropped.
    #[must_use]
    pub fn counters(&self) -> &SendCounters {
        &self.counters
    }

    /// Whether trains are sent as such.
    #[must_use]
    pub fn segmentation(&self) -> bool {
        self.segmentation
    }

    /// Counts a packet that was not taken.
    pub(crate) fn count_unsendable(&mut self) {
        self.counters.unsendable += 1;
    }

    /// Counts a flush in the middle of a turn.
    pub(crate) fn count_early_flush(&mut self) {
        self.counters.early_flushes += 1;
    }

    /// Hands the packets of `train` to its stream.
    fn put_on_stream(&mut self, buffer: &TrainBuffer, train: &Train, number: u32) {
        for (index, class) in train.classes().iter().enumerate() {
            let bytes = &buffer.bytes()[train.bytes_of(index..index + 1)];
            let packet = StreamPacket { tuple: train.tuple(), bytes, class: *class };
            let counters = &mut self.counters;
            match (self.wire.put_on_stream(self.now, number, packet), class) {
                (Ok(()), _) => {
                    counters.stream_datagrams += 1;
                    counters.stream_bytes += bytes.len() as u64;
                }
                (Err(StreamRefusal::Gone), _) => counters.stream_gone += 1,
                (Err(StreamRefusal::Full), PacketClass::Video) => counters.stream_video += 1,
                (Err(StreamRefusal::Full), PacketClass::Audio | PacketClass::Control) => {
                    counters.stream_urgent += 1;
                }
            }
        }
    }

    /// Puts `train` into the batch, as one message or as one for each packet.
    fn queue(&mut self, buffer: &TrainBuffer, train: &Train) {
        let count = train.classes().len();
        let as_train = match self.marks.verdict(train.tuple(), self.now) {
            Verdict::Free => self.segmentation && count > 1,
            Verdict::Plain => false,
            Verdict::Mute => {
                self.counters.refused += count as u64;
                return;
            }
        };
        let step = if as_train { count } else { 1 };
        for first in (0..count).step_by(step) {
            if self.messages.len() == SendBatch::MESSAGES_MAX {
                self.deliver(buffer);
            }
            let packets = first..first + step;
            let place = train.bytes_of(packets.clone());
            self.messages.push(Message {
                start: place.start,
                length: place.len(),
                segment: if as_train { train.segment() as u16 } else { 0 },
                tuple: *train.tuple(),
            });
            self.cargo.push(Cargo::new(&train.classes()[packets]));
        }
    }

    /// Sends the batch and empties it.
    fn deliver(&mut self, buffer: &TrainBuffer) {
        let mut next = 0;
        while next < self.messages.len() {
            if self.is_shedding && self.cargo[next].is_video() {
                self.counters.backlog_video += self.cargo[next].count as u64;
                next += 1;
                continue;
            }
            let end = if self.is_shedding { next + 1 } else { self.messages.len() };
            match self.wire.send(buffer.bytes(), &self.messages[next..end]) {
                Ok(sent) => {
                    debug_assert!(sent > 0, "a wire sends or says why not");
                    let sent_to = end.min(next + sent.max(1));
                    self.count_sent(next, sent_to);
                    next = sent_to;
                }
                // Waited out, or from now on without pictures: the same message again.
                Err(SendError::Full) if !self.is_shedding => self.wait(),
                Err(error) => {
                    self.fail(buffer, next, error);
                    next += 1;
                }
            }
        }
        self.messages.clear();
        self.cargo.clear();
    }

    /// Waits for a full socket while patience lasts; then pictures are dropped for this turn.
    fn wait(&mut self) {
        let (is_writable, spent) = self.wire.wait_writable(self.patience);
        self.counters.waits += 1;
        self.counters.wait_micros += spent.as_micros() as u64;
        // A socket that says yes and means no does not keep the worker for ever.
        self.patience = self.patience.saturating_sub(spent.max(WAIT_STEP));
        self.is_shedding = !is_writable || self.patience < WAIT_STEP;
    }

    /// Deals with the message `index`, which could not be sent because of `error`.
    fn fail(&mut self, buffer: &TrainBuffer, index: usize, error: SendError) {
        let (message, cargo) = (self.messages[index], self.cargo[index]);
        if message.segment == 0 {
            return self.drop_packet(&message, cargo.classes[0], error);
        }
        match error {
            SendError::Full => {}
            SendError::NoSegmentation => {
                self.segmentation = false;
                self.counters.refused_trains += 1;
            }
            SendError::TooLong | SendError::NoMemory | SendError::Refused => {
                self.marks.set_plain(&message.tuple, self.now + PLAIN_FOR, self.now);
                self.counters.refused_trains += 1;
            }
        }
        self.send_singly(buffer, &message, &cargo);
    }

    /// Sends the packets of a train one by one; while shedding, all but its pictures.
    fn send_singly(&mut self, buffer: &TrainBuffer, train: &Message, cargo: &Cargo) {
        let segment = usize::from(train.segment);
        for (index, class) in cargo.classes().iter().enumerate() {
            let offset = index * segment;
            let length = segment.min(train.length - offset);
            let packet = Message { start: train.start + offset, length, segment: 0, ..*train };
            let result = self.send_packet(buffer, &packet, *class);
            match result {
                Ok(()) => {
                    self.counters.datagrams += 1;
                    self.counters.bytes += length as u64;
                }
                Err(error) => self.drop_packet(&packet, *class, error),
            }
        }
    }

    fn send_packet(
        &mut self,
        buffer: &TrainBuffer,
        packet: &Message,
        class: PacketClass,
    ) -> Result<(), SendError> {
        loop {
            if self.is_shedding && class == PacketClass::Video {
                return Err(SendError::Full);
            }
            match self.wire.send(buffer.bytes(), std::slice::from_ref(packet)) {
                Ok(_) => return Ok(()),
                Err(SendError::Full) if !self.is_shedding => self.wait(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Counts a packet that is not sent, and remembers a tuple that refuses.
    fn drop_packet(&mut self, packet: &Message, class: PacketClass, error: SendError) {
        let counters = &mut self.counters;
        match (error, class) {
            (SendError::Full, PacketClass::Video) => counters.backlog_video += 1,
            (SendError::Full, PacketClass::Audio) => counters.backlog_audio += 1,
            (SendError::Full, PacketClass::Control) => counters.backlog_control += 1,
            (SendError::TooLong, _) => counters.too_long += 1,
            (SendError::NoMemory, _) => counters.no_memory += 1,
            (SendError::Refused | SendError::NoSegmentation, _) => {
                counters.refused += 1;
                self.marks.set_mute(&packet.tuple, self.now + MUTE_FOR, self.now);
            }
        }
    }

    /// Counts the messages `from..to` of the batch.
    fn count_sent(&mut self, from: usize, to: usize) {
        for (message, cargo) in self.messages[from..to].iter().zip(&self.cargo[from..to]) {
            self.counters.datagrams += cargo.count as u64;
            self.counters.bytes += message.length as u64;
            if message.segment > 0 {
                self.counters.trains += 1;
                self.counters.train_datagrams += cargo.count as u64;
            }
        }
    }
}

/// Who cuts trains into datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segmentation {
    /// The kernel or the network card (`UDP_SEGMENT`).
    Kernel,
    /// Nobody: packets are sent one by one.
    Off,
}

impl SendCounters {
    /// Adds them under their metrics' names.
    pub(crate) fn count_into(&self, snapshot: &mut Snapshot) {
        snapshot.push("sfu_sent_datagrams_total", "", self.datagrams);
        snapshot.push("sfu_sent_bytes_total", "", self.bytes);
        snapshot.push("sfu_sent_trains_total", "", self.trains);
        snapshot.push("sfu_sent_train_datagrams_total", "", self.train_datagrams);
        snapshot.push("sfu_refused_trains_total", "", self.refused_trains);
        let dropped = [
            ("refused", self.refused),
            ("too_long", self.too_long),
            ("no_memory", self.no_memory),
            ("backlog_video", self.backlog_video),
            ("backlog_audio", self.backlog_audio),
            ("backlog_control", self.backlog_control),
            ("unsendable", self.unsendable),
            ("stream_gone", self.stream_gone),
            ("stream_video", self.stream_video),
            ("stream_urgent", self.stream_urgent),
        ];
        for (reason, packets) in dropped {
            snapshot.push("sfu_send_dropped_datagrams_total", reason, packets);
        }
        snapshot.push("sfu_stream_sent_datagrams_total", "", self.stream_datagrams);
        snapshot.push("sfu_stream_sent_bytes_total", "", self.stream_bytes);
        snapshot.push("sfu_send_early_flushes_total", "", self.early_flushes);
        snapshot.push("sfu_send_waits_total", "", self.waits);
        snapshot.push("sfu_send_wait_seconds_total", "", self.wait_micros);
    }
}

/// The resolution of a wait.
const WAIT_STEP: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
