//! The media thread's end of the streams: which there are, what came, and where to put what goes.
//!
//! It never allocates, waits or locks for a packet. What it needs of a stream comes with a command
//! and goes back when the stream is gone, so memory is taken and freed elsewhere. Once a turn it
//! wakes the tasks of the streams that got something.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
    mpsc::{Receiver, SyncSender},
};

use protocol::Instant;
use sfu_worker::{PacketClass, Tuple};
use tokio::sync::Notify;

use super::{
    STREAMS_MAX,
    frames::FrameFates,
    places::slot_of,
    ring::{Note, RingReader, RingWriter},
};

/// What the listeners' side tells the media thread.
#[derive(Debug)]
pub(crate) enum StreamCommand {
    /// A stream is there.
    Open(Box<MediaEnd>),
    /// A stream is gone.
    Close(u32),
}

/// What a media thread holds of a stream.
#[derive(Debug)]
pub(crate) struct MediaEnd {
    pub(crate) number: u32,
    /// Every tuple that this stream can be: more than one for TURN, which reaches all our
    /// addresses.
    pub(crate) tuples: Vec<Tuple>,
    pub(crate) inbound: RingReader,
    pub(crate) urgent: RingWriter,
    pub(crate) pictures: RingWriter,
    pub(crate) fates: FrameFates,
    pub(crate) task: Arc<Notify>,
    /// It got something since its task was last woken.
    pub(crate) has_news: bool,
}

/// What connects a media thread with the listeners' side.
#[derive(Debug)]
pub(crate) struct StreamLine {
    pub(crate) commands: Receiver<StreamCommand>,
    /// Takes back what was held of closed streams; it has room for all.
    pub(crate) returns: SyncSender<Box<MediaEnd>>,
    /// A bit for each stream over which something came.
    pub(crate) dirty: Arc<Dirty>,
}

/// A bit for each place; set by the stream's task, taken by the media thread.
#[derive(Debug)]
pub(crate) struct Dirty([AtomicU64; WORDS]);

const WORDS: usize = STREAMS_MAX / 64;

impl Dirty {
    pub(crate) fn new() -> Self {
        Dirty(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(crate) fn set(&self, slot: usize) {
        self.0[slot / 64].fetch_or(1 << (slot % 64), Ordering::Release);
    }
}

impl StreamLine {
    pub(crate) fn dirty(&self) -> Arc<Dirty> {
        Arc::clone(&self.dirty)
    }
}

/// Why a packet did not go on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamRefusal {
    /// The stream is gone, or has no such tuple.
    Gone,
    /// Its ring is full, or the rest of its frame was dropped.
    Full,
}

/// A packet for a stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamPacket<'p> {
    /// Where it goes, of what the stream can reach.
    pub tuple: &'p Tuple,
    /// The packet.
    pub bytes: &'p [u8],
    /// What may be dropped first.
    pub class: PacketClass,
}

/// The streams of one media thread.
#[derive(Debug)]
pub(crate) struct StreamOutlets {
    line: Option<StreamLine>,
    ends: Box<[Option<Box<MediaEnd>>]>,
    /// Streams over which something came, as far as the thread knows.
    waiting: [u64; WORDS],
    /// Slots of streams whose tasks are to be woken.
    news: Vec<usize>,
}

impl StreamOutlets {
    /// Datagrams of one stream before the next one's turn.
    pub(crate) const SHARE: usize = 16;

    /// No streams, for a thread that has none.
    pub(crate) fn none() -> Self {
        StreamOutlets { line: None, ends: Box::new([]), waiting: [0; WORDS], news: Vec::new() }
    }

    pub(crate) fn new(line: StreamLine) -> Self {
        StreamOutlets {
            line: Some(line),
            ends: (0..STREAMS_MAX).map(|_| None).collect(),
            waiting: [0; WORDS],
            news: Vec::with_capacity(STREAMS_MAX),
        }
    }

    /// Carries out the next command; the number of the stream that it closed, if it did.
    pub(crate) fn apply_command(&mut self) -> Option<Option<u32>> {
        let line = self.line.as_ref()?;
        match line.commands.try_recv().ok()? {
            StreamCommand::Open(end) => {
                let place = self.ends.get_mut(slot_of(end.number))?;
                debug_assert!(place.is_none(), "two streams in one place");
                if let Some(old) = place.replace(end) {
                    let _ = line.returns.try_send(old);
                }
                Some(None)
            }
            StreamCommand::Close(number) => {
                let place = self.ends.get_mut(slot_of(number))?;
                if let Some(end) = place.take_if(|end| end.number == number) {
                    // The other side is gone when the node is going down.
                    let _ = line.returns.try_send(end);
                }
                Some(Some(number))
            }
        }
    }

    /// Looks over which streams something came.
    pub(crate) fn look(&mut self) {
        let Some(line) = &self.line else { return };
        for (waiting, dirty) in self.waiting.iter_mut().zip(&line.dirty.0) {
            *waiting |= dirty.swap(0, Ordering::Acquire);
        }
    }

    /// The first stream from `slot` on over which something came.
    pub(crate) fn next_waiting(&self, slot: usize) -> Option<usize> {
        let mut word = slot / 64;
        let mut bits = self.waiting.get(word)? & (u64::MAX << (slot % 64));
        while bits == 0 {
            word += 1;
            bits = *self.waiting.get(word)?;
        }
        Some(64 * word + bits.trailing_zeros() as usize)
    }

    /// Takes a datagram of the stream in `slot`: its tuple and its length in `space`. `None` when
    /// there is none.
    pub(crate) fn take(&mut self, slot: usize, space: &mut [u8]) -> Option<(Tuple, usize)> {
        let end = self.ends.get_mut(slot).and_then(Option::as_mut);
        let taken = end.and_then(|end| {
            let (note, length) = end.inbound.pop(space)?;
            Some((*end.tuples.get(usize::from(note.place))?, length))
        });
        if taken.is_none() {
            self.waiting[slot / 64] &= !(1 << (slot % 64));
        }
        taken
    }

    /// Puts a packet on its stream.
    pub(crate) fn put(
        &mut self,
        now: Instant,
        number: u32,
        packet: StreamPacket<'_>,
    ) -> Result<(), StreamRefusal> {
        let StreamPacket { tuple, bytes: packet, class } = packet;
        let slot = slot_of(number);
        let end = self.ends.get_mut(slot).and_then(Option::as_mut);
        let end = end.filter(|end| end.number == number).ok_or(StreamRefusal::Gone)?;
        let place = end.tuples.iter().position(|known| known == tuple);
        let place = place.ok_or(StreamRefusal::Gone)?;
        let note = Note { place: place as u8, at: now };
        match class {
            PacketClass::Control | PacketClass::Audio => {
                end.urgent.push(note, packet).map_err(|_| StreamRefusal::Full)?;
            }
            PacketClass::Video => {
                if !end.fates.decide(packet, packet.len() <= end.pictures.room()) {
                    return Err(StreamRefusal::Full);
                }
                if end.pictures.push(note, packet).is_err() {
                    end.fates.give_up(packet);
                    return Err(StreamRefusal::Full);
                }
            }
        }
        if !end.has_news {
            end.has_news = true;
            self.news.push(slot);
        }
        Ok(())
    }

    /// Wakes the tasks of the streams that got something.
    pub(crate) fn wake(&mut self) {
        for slot in self.news.drain(..) {
            if let Some(end) = self.ends.get_mut(slot).and_then(Option::as_mut) {
                end.has_news = false;
                end.task.notify_one();
            }
        }
    }
}
