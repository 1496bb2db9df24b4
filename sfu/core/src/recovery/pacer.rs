//! When a receiver's line has room: a leaky bucket, and what waits for it.
//!
//! What is sent fills the bucket and the pacing rate empties it. Pictures go at once while the
//! bucket holds no more than the line carries in [`BURST`]; else they wait here, and go as it
//! empties, retransmissions first. Sound is counted and never waits. Without a rate nothing waits.
//!
//! What waits is a [`SentId`]: the packet's head is in the receiver's history and its payload in
//! the publisher's ring, so nothing is copied twice. The queue is bounded by its table and by
//! [`DELAY_MAX`]; who feeds it asks [`Pacer::has_room`] before a frame begins, so that a frame goes
//! whole or not at all. What waits of a picture that another one replaces is withdrawn, so that the
//! new one's keyframe does not stand behind it.

use std::collections::VecDeque;

use protocol::{Duration, Instant};

use super::SentId;

/// How much may go at once (libwebrtc `pacing_controller.cc`, `kDefaultBurst`, is 40 ms as well).
const BURST: Duration = Duration::from_millis(40);

/// A frame that would wait longer than this is not begun.
const DELAY_MAX: Duration = Duration::from_millis(600);

/// The shortest time between two looks at the queue.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// New pictures that wait at most; a new frame finds room below three quarters of them.
const PICTURES_MAX: usize = 768;

/// What a packet takes of which only the number goes, with its extensions.
const HOLLOW_BYTES: u16 = 40;

/// Retransmissions that wait at most.
const REPAIRS_MAX: usize = 256;

/// Which queue a packet waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Sent before and lost; goes first.
    Repair,
    /// Not sent yet.
    Picture,
}

/// A packet that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub id: SentId,
    /// Its bytes.
    pub bytes: u16,
    /// Nobody needs it: only its number goes, so that none is missed.
    pub is_hollow: bool,
}

impl Waiting {
    /// One that goes whole.
    #[must_use]
    pub const fn whole(id: SentId, bytes: u16) -> Self {
        Waiting { id, bytes, is_hollow: false }
    }
}

/// One receiver's bucket and queues; see the module.
#[derive(Debug)]
pub struct Pacer {
    rate_bps: Option<u64>,
    /// What the bucket holds, in millionths of a bit: what a rate of 1 b/s empties in 1 µs.
    fill: u64,
    filled_at: Instant,
    repairs: VecDeque<Waiting>,
    pictures: VecDeque<Waiting>,
    queued_bytes: u64,
}

impl Pacer {
    /// Reserves the queues.
    #[must_use]
    pub fn new() -> Self {
        Pacer {
            rate_bps: None,
            fill: 0,
            filled_at: Instant::ZERO,
            repairs: VecDeque::with_capacity(REPAIRS_MAX),
            pictures: VecDeque::with_capacity(PICTURES_MAX),
            queued_bytes: 0,
        }
    }

    /// Sets the pacing rate in bits per second; `None` lets everything pass.
    pub fn set_rate(&mut self, now: Instant, rate_bps: Option<u64>) {
        self.drain(now);
        self.rate_bps = rate_bps.map(|rate| rate.max(1));
    }

    /// Whether a picture may go at once: nothing waits and the line has room.
    pub fn is_open(&mut self, now: Instant) -> bool {
        self.is_empty() && self.line_has_room(now)
    }

    /// Whether a frame that begins `now` would find room in the queue.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let delay = self.rate_bps.map_or(Duration::ZERO, |rate| {
            Duration::from_micros(self.queued_bytes.saturating_mul(8_000_000) / rate)
        });
        self.pictures.len() < PICTURES_MAX / 4 * 3 && delay < DELAY_MAX
    }

    /// Counts bytes that were sent.
    pub fn count(&mut self, now: Instant, bytes: usize) {
        self.drain(now);
        if self.rate_bps.is_some() {
            self.fill = self.fill.saturating_add(bytes as u64 * 8 * MICRO);
        }
    }

    /// Lets a packet wait; `false` if its queue is full.
    pub fn push(&mut self, lane: Lane, packet: Waiting) -> bool {
        let (queue, max) = match lane {
            Lane::Repair => (&mut self.repairs, REPAIRS_MAX),
            Lane::Picture => (&mut self.pictures, PICTURES_MAX),
        };
        if queue.len() >= max {
            return false;
        }
        queue.push_back(packet);
        self.queued_bytes += u64::from(packet.bytes);
        true
    }

    /// The next packet that may go `now`. Who sends it says so by [`Pacer::count`].
    pub fn pop(&mut self, now: Instant) -> Option<(Lane, Waiting)> {
        if !self.line_has_room(now) {
            return None;
        }
        let repair = self.repairs.pop_front().map(|packet| (Lane::Repair, packet));
        let next =
            repair.or_else(|| self.pictures.pop_front().map(|packet| (Lane::Picture, packet)))?;
        self.queued_bytes -= u64::from(next.1.bytes);
        Some(next)
    }

    /// Withdraws what waits of a picture that another one replaces: new packets become hollow, and
    /// those that were sent before are not sent again.
    pub fn withdraw(&mut self, lane: Lane, is_of: impl Fn(SentId) -> bool) {
        match lane {
            Lane::Picture => {
                for packet in self.pictures.iter_mut().filter(|packet| is_of(packet.id)) {
                    let hollow = packet.bytes.min(HOLLOW_BYTES);
                    self.queued_bytes -= u64::from(packet.bytes - hollow);
                    *packet = Waiting { bytes: hollow, is_hollow: true, ..*packet };
                }
            }
            Lane::Repair => self.repairs.retain(|packet| {
                let stays = !is_of(packet.id);
                self.queued_bytes -= if stays { 0 } else { u64::from(packet.bytes) };
                stays
            }),
        }
    }

    /// When [`Pacer::pop`] has something to give; `None` while nothing waits.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        let Some(rate) = self.rate_bps else {
            return Some(now);
        };
        let excess = self.fill.saturating_sub(self.burst());
        let open_at = self.filled_at + Duration::from_micros(excess.div_ceil(rate));
        Some(open_at.max(now + TICK))
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty() && self.repairs.is_empty()
    }

    /// Forgets all that waits and returns how many packets it was.
    pub fn clear(&mut self) -> usize {
        let count = self.pictures.len() + self.repairs.len();
        self.pictures.clear();
        self.repairs.clear();
        self.queued_bytes = 0;
        count
    }

    /// The bucket may hold what the line carries in [`BURST`], and always one packet more.
    fn line_has_room(&mut self, now: Instant) -> bool {
        self.drain(now);
        self.fill <= self.burst()
    }

    fn burst(&self) -> u64 {
        self.rate_bps.unwrap_or(0).saturating_mul(BURST.as_micros() as u64)
    }

    fn drain(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled_at).as_micros() as u64;
        self.filled_at = self.filled_at.max(now);
        let drained = self.rate_bps.map_or(self.fill, |rate| rate.saturating_mul(elapsed));
        self.fill = self.fill.saturating_sub(drained);
    }
}

impl Default for Pacer {
    fn default() -> Self {
        Pacer::new()
    }
}

const MICRO: u64 = 1_000_000;

#[cfg(test)]
mod tests;
