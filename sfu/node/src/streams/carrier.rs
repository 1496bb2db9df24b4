//! One stream's task: bytes in, cut into datagrams; datagrams out, framed and in order of need.

use std::{
    io,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use protocol::{Duration, Instant};
use sfu_worker::{
    demux::{DatagramKind, classify},
    framing::{FrameReader, Framing, MESSAGE_LENGTH_MAX, rfc4571_head},
    turn::{ToMedia, TurnConnection, TurnTime},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{self, MissedTickBehavior},
};

use super::{
    Ended, PICTURE_DELAY_MAX,
    frames::FrameFates,
    lock,
    places::{Hub, Opened, slot_of},
    ring::Note,
};

/// From the opening of a stream to the answer to its first authentic check, or its allocation. Also
/// how long a relay's connection stays without an allocation.
const PROOF_TIME_MAX: Duration = Duration::from_secs(10);

/// How long ICE-TCP may say nothing. Browsers check every pair that they keep at least each 25 s
/// (libwebrtc `p2p/base/p2p_constants.cc`, backup connections).
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How long a client may take nothing of what it is sent.
const STALL_MAX: Duration = Duration::from_secs(20);

/// A client that has taken nothing for this long is stalled, and not only slow: at 160 kb/s it
/// takes a chunk in this time.
const STALL: Duration = Duration::from_millis(400);

/// Bytes that are framed at once: more would wait where nothing can overtake it.
const CHUNK: usize = 8 << 10;

/// Answers of a relay that wait for a client which does not read; beyond it nothing is read of it.
const ANSWERS_MAX: usize = 32 << 10;

/// How soon a media thread that was busy is tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(1);

/// How often the times above are looked at.
const TICK: Duration = Duration::from_secs(1);

/// What a stream's task works with.
pub(super) struct Carrier<'h> {
    hub: &'h Arc<Hub>,
    opened: Opened,
    frames: FrameReader,
    fates: FrameFates,
    out: Outgoing,
    scratch: Box<[u8; MESSAGE_LENGTH_MAX]>,
    /// An authentic check was answered over it, or an allocation made.
    is_proven: bool,
    opened_at: Instant,
    /// The last sign of what it needs to stay: an allocation, or a message of ICE-TCP.
    alive_at: Instant,
    /// When the client last took something, or had nothing to take.
    taken_at: Instant,
}

/// Framed bytes on their way, and how far they are.
#[derive(Debug, Default)]
struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
    /// What was written may lie in a buffer of TLS.
    needs_flush: bool,
}

impl Outgoing {
    fn is_idle(&self) -> bool {
        self.written == self.bytes.len() && !self.needs_flush
    }

    fn waiting(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Takes one step; whatever this future has not done is still to do when it is dropped.
    async fn step(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        if self.written < self.bytes.len() {
            self.needs_flush = true;
            let count = writer.write(&self.bytes[self.written..]).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.written += count;
        } else {
            writer.flush().await?;
            self.needs_flush = false;
        }
        if self.is_idle() {
            self.bytes.clear();
            self.written = 0;
        }
        Ok(())
    }
}

impl<'h> Carrier<'h> {
    pub(super) fn new(hub: &'h Arc<Hub>, opened: Opened) -> Self {
        let framing = if opened.turn.is_some() { Framing::Turn } else { Framing::Rfc4571 };
        let now = hub.clock.now();
        Carrier {
            hub,
            opened,
            frames: FrameReader::new(framing),
            fates: FrameFates::new(),
            out: Outgoing::default(),
            scratch: Box::new([0; MESSAGE_LENGTH_MAX]),
            is_proven: false,
            opened_at: now,
            alive_at: now,
            taken_at: now,
        }
    }

    /// Carries until one side ends it.
    pub(super) async fn run(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Ended {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let news = Arc::clone(&self.opened.news);
        let mut ticks = time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.shed();
            self.fill();
            let is_busy = self.opened.inbound.room() < MESSAGE_LENGTH_MAX;
            let can_read = !is_busy && self.out.waiting() < ANSWERS_MAX;
            let is_writing = !self.out.is_idle();
            let step = tokio::select! {
                read = reader.read(self.frames.space()), if can_read => match read {
                    Ok(count) if count > 0 => self.take(count),
                    Ok(_) | Err(_) => Err(Ended::Closed),
                },
                written = self.out.step(&mut writer), if is_writing => {
                    self.taken_at = self.hub.clock.now();
                    written.map_err(|_| Ended::Closed)
                }
                () = news.notified() => Ok(()),
                () = time::sleep(BUSY_PAUSE), if is_busy => Ok(()),
                _ = ticks.tick() => self.look_at_the_clock(),
            };
            if let Err(ended) = step {
                self.end();
                return ended;
            }
        }
    }

    /// Drops pictures that wait behind a client which takes nothing, so that they make room for
    /// newer ones: also the rest of a frame that has begun, for it would come too late.
    fn shed(&mut self) {
        let now = self.hub.clock.now();
        let is_stalled = now.saturating_duration_since(self.taken_at) > STALL;
        if self.out.is_idle() || !is_stalled {
            return;
        }
        while self.opened.pictures.oldest().is_some_and(|at| is_late(now, at)) {
            let Some((_, length)) = self.opened.pictures.pop(&mut self.scratch[..]) else { return };
            self.fates.decide(&self.scratch[..length], false);
            self.fates.give_up(&self.scratch[..length]);
            self.hub.counters.late_picture();
        }
    }

    /// Frames what waits, if what was framed before is on its way.
    fn fill(&mut self) {
        if !self.out.is_idle() {
            return;
        }
        let now = self.hub.clock.now();
        // The client has taken everything: it cannot stall before there is something again.
        self.taken_at = now;
        while self.out.bytes.len() < CHUNK {
            let Some((note, length)) = self.opened.urgent.pop(&mut self.scratch[..]) else { break };
            self.frame(now, note, length);
        }
        while self.out.bytes.len() < CHUNK {
            let popped = self.opened.pictures.pop(&mut self.scratch[..]);
            let Some((note, length)) = popped else { break };
            if self.fates.decide(&self.scratch[..length], !is_late(now, note.at)) {
                self.frame(now, note, length);
            } else {
                self.hub.counters.late_picture();
            }
        }
    }

    /// Appends the datagram in the scratch space.
    fn frame(&mut self, now: Instant, note: Note, length: usize) {
        let datagram = &self.scratch[..length];
        let Some(turn) = &mut self.opened.turn else {
            self.out.bytes.extend(rfc4571_head(length as u16));
            self.out.bytes.extend(datagram);
            // The worker says nothing to whom it does not know.
            if !self.is_proven {
                self.is_proven = true;
                self.opened.place.prove();
            }
            return;
        };
        let Some(tuple) = self.opened.tuples.get(usize::from(note.place)) else { return };
        if let Err(drop) = turn.write_datagram(now, tuple.local, datagram, &mut self.out.bytes) {
            self.hub.counters.turn_drop(drop);
        }
    }

    /// Takes bytes that were read.
    fn take(&mut self, count: usize) -> Result<(), Ended> {
        self.frames.advance(count);
        let now = self.hub.clock.now();
        let mut has_news = false;
        while let Some(message) = self.frames.next_message().map_err(|_| Ended::BadFraming)? {
            let (place, datagram): (usize, &[u8]) = match &mut self.opened.turn {
                None => {
                    let is_check = classify(message) == DatagramKind::Stun;
                    if !self.is_proven && !is_check {
                        return Err(Ended::BadFraming);
                    }
                    self.alive_at = now;
                    (0, message)
                }
                Some(turn) => {
                    let relayed = relayed(self.hub, turn, message, &mut self.out.bytes);
                    let Some(ToMedia { local, datagram, .. }) = relayed else { continue };
                    let mut tuples = self.opened.tuples.iter();
                    let Some(place) = tuples.position(|tuple| tuple.local == local) else {
                        continue;
                    };
                    (place, datagram)
                }
            };
            let note = Note { place: place as u8, at: now };
            match self.opened.inbound.push(note, datagram) {
                Ok(()) => has_news = true,
                Err(_) => self.hub.counters.full(),
            }
        }
        if has_news {
            self.hub.dirty.set(slot_of(self.opened.place.number));
            self.hub.waker.wake();
        }
        self.look_at_the_relay(now)
    }

    /// Whether a relay's client has an allocation, and may go on.
    fn look_at_the_relay(&mut self, now: Instant) -> Result<(), Ended> {
        let Some(turn) = &mut self.opened.turn else { return Ok(()) };
        turn.handle_timeout(now, &mut lock(&self.hub.quota));
        if turn.is_tiresome() {
            return Err(Ended::Tiresome);
        }
        if turn.allocated_until().is_some() {
            self.alive_at = now;
            if !self.is_proven {
                self.is_proven = true;
                self.opened.place.prove();
            }
        }
        Ok(())
    }

    fn look_at_the_clock(&mut self) -> Result<(), Ended> {
        let now = self.hub.clock.now();
        self.look_at_the_relay(now)?;
        let silent = now.saturating_duration_since(self.alive_at);
        let lacks_allocation = self.opened.turn.is_some() && silent > PROOF_TIME_MAX;
        let age = now.saturating_duration_since(self.opened_at);
        if lacks_allocation || (!self.is_proven && age > PROOF_TIME_MAX) {
            return Err(Ended::Unproven);
        }
        if silent > SILENCE_MAX {
            return Err(Ended::Silent);
        }
        if now.saturating_duration_since(self.taken_at) > STALL_MAX && !self.out.is_idle() {
            return Err(Ended::Stalled);
        }
        Ok(())
    }

    fn end(&mut self) {
        if let Some(turn) = &mut self.opened.turn {
            turn.handle_closed(&mut lock(&self.hub.quota));
        }
    }
}

impl Drop for Carrier<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

fn is_late(now: Instant, at: Instant) -> bool {
    now.saturating_duration_since(at) > PICTURE_DELAY_MAX
}

/// What a message of a relay's client is for our media.
fn relayed<'m>(
    hub: &Hub,
    turn: &mut TurnConnection,
    message: &'m [u8],
    answers: &mut Vec<u8>,
) -> Option<ToMedia<'m>> {
    // A clock set before 1970 lets everybody in, to our own media alone.
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = TurnTime { now: hub.clock.now(), unix_seconds: unix.as_secs() };
    let mut quota = lock(&hub.quota);
    match turn.handle_message(time, &mut quota, message, answers) {
        Ok(relayed) => relayed,
        Err(drop) => {
            hub.counters.turn_drop(drop);
            None
        }
    }
}
