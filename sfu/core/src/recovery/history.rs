//! What one receiver was sent, so that it can be sent again byte for byte.
//!
//! A packet is the head that was rewritten for this receiver (RTP header, payload descriptor) and
//! a rest that is the publisher's own. The head is kept here, the rest is in the publisher's
//! [`PacketRing`]: so retransmission knows nothing of codecs, and costs memory per receiver only
//! for heads. All slots of a receiver share one history of [`PACKETS_MAX`] packets and
//! [`HEADS_BYTES`] of heads, which at 4 Mb/s is two seconds.
//!
//! A packet is found by slot and sequence number in a table of buckets of [`WAYS`]. Neighbours in a
//! slot stand in neighbouring buckets, so buckets fill evenly; where one overflows, its oldest
//! packet can no longer be asked for.
//!
//! [`PacketRing`]: super::PacketRing

use protocol::{Duration, EndpointIndex, Instant, media::SeqNo};

use super::Serial;

/// Packets that are remembered, a power of two.
const PACKETS_MAX: usize = 1_024;

/// Bytes of heads that are remembered, a power of two; a head has 20 to 50.
const HEADS_BYTES: usize = 32 * 1_024;

/// Bytes of one head: a header with the longest extensions, and a payload descriptor.
const HEAD_LENGTH_MAX: usize = 1_024;

/// Packets of one bucket.
const WAYS: usize = 8;

/// Buckets: twice as many places as packets.
const BUCKETS: usize = 2 * PACKETS_MAX / WAYS;

/// A packet is sent again at most this often. LiveKit's `sequencer.go` has 3: where a tenth gets
/// lost each way, one lost packet in 150 would stay lost, and cost a keyframe and half a second.
const ANSWERS_MAX: u8 = 5;

/// The shortest time between two answers, unless the round trip is shorter: who asks again after
/// that has not got the last one (libwebrtc's `rtp_packet_history.cc` waits for a round trip).
const APART_MAX: Duration = Duration::from_millis(100);

/// The round trip is an estimate, and a receiver's may be a little shorter.
const ROUND_TRIP_PART: (u32, u32) = (7, 8);

/// Names a packet of one history. It wraps after 2³² packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SentId(u32);

/// Where the rest of a sent packet is, and which packet it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Whose payload it is.
    pub publisher: EndpointIndex,
    /// Which of the publisher's rings holds it.
    pub ring: u8,
    /// The payload there.
    pub serial: Serial,
    /// Bytes at the start of the payload that the head replaces.
    pub replaced: u8,
    /// Where the transport-wide number stands in the head, 0 for none.
    pub transport_number_at: u8,
    /// The receiver's slot.
    pub slot: u8,
    /// The sequence number on the slot's SSRC.
    pub seq: SeqNo,
    /// Bytes of RTP header in the head; the others belong to the payload.
    pub header_length: u16,
}

/// Why a packet is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was never sent, or so long ago that it is forgotten.
    Unknown,
    /// It was sent again a moment ago, and may be on its way.
    TooSoon,
    /// It was sent again as often as one may be.
    TooOften,
}

/// The packets that one receiver was sent; see the module.
#[derive(Debug)]
pub struct History {
    /// Grows to [`PACKETS_MAX`] once; a packet stands at its id modulo that.
    entries: Vec<Entry>,
    next: u32,
    /// Grows to [`HEADS_BYTES`] once.
    heads: Vec<u8>,
    /// Where the next head begins, counted over all rounds; wraps at a multiple of their size.
    heads_written: u32,
    /// Places in `entries`, plus one; 0 for none.
    buckets: Box<[u16]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    sent: Sent,
    head_start: u32,
    head_length: u16,
    answers: u8,
    /// It is to be sent again, and has not left.
    waits: bool,
    /// When it was last sent again, in milliseconds on a clock that wraps.
    answered_ms: u32,
}

impl History {
    /// Reserves the memory.
    #[must_use]
    pub fn new() -> Self {
        History {
            entries: Vec::with_capacity(PACKETS_MAX),
            next: 0,
            heads: Vec::with_capacity(HEADS_BYTES),
            heads_written: 0,
            buckets: vec![0; BUCKETS * WAYS].into_boxed_slice(),
        }
    }

    /// Remembers a packet with a rewritten head of `head_length` bytes, at most 1 024, which
    /// `write_head` writes.
    pub fn remember(
        &mut self,
        sent: Sent,
        head_length: usize,
        write_head: impl FnOnce(&mut [u8]),
    ) -> SentId {
        debug_assert!(head_length <= HEAD_LENGTH_MAX, "a head is a few dozen bytes");
        let head_length = head_length.min(HEAD_LENGTH_MAX);
        let id = self.next;
        let (head_start, head) = self.head_mut(head_length);
        write_head(head);
        let entry = Entry {
            sent,
            head_start,
            head_length: head_length as u16,
            answers: 0,
            waits: false,
            answered_ms: 0,
        };
        let place = id as usize % PACKETS_MAX;
        match self.entries.get_mut(place) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
        self.next = id.wrapping_add(1);
        self.list(place, sent.slot, sent.seq);
        SentId(id)
    }

    /// The packet `seq` of `slot`, the newest of them.
    #[must_use]
    pub fn find(&self, slot: u8, seq: SeqNo) -> Option<SentId> {
        let first = WAYS * bucket_of(slot, seq);
        let ways = &self.buckets[first..first + WAYS];
        let places = ways.iter().filter_map(|place| usize::from(*place).checked_sub(1));
        let is_it = |place: &usize| {
            let sent = &self.entries[*place].sent;
            sent.slot == slot && sent.seq == seq
        };
        let place = places.filter(is_it).min_by_key(|place| self.age_of(*place))?;
        Some(SentId(self.next.wrapping_sub(self.age_of(place))))
    }

    /// What `id` was, and its head; `None` once it is overwritten.
    #[must_use]
    pub fn packet(&self, id: SentId) -> Option<(Sent, &[u8])> {
        let entry = self.entry(id)?;
        let offset = entry.head_start as usize % HEADS_BYTES;
        let head = self.heads.get(offset..offset + usize::from(entry.head_length))?;
        let age = self.heads_written.wrapping_sub(entry.head_start);
        (age as usize <= HEADS_BYTES).then_some((entry.sent, head))
    }

    /// Whether `id` may be sent again `now`, where the way there and back takes `round_trip`.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn check(&self, now: Instant, id: SentId, round_trip: Duration) -> Result<(), Refusal> {
        let (part, whole) = ROUND_TRIP_PART;
        let apart = APART_MAX.min(round_trip * part / whole).as_millis() as u32;
        let entry = self.entry(id).ok_or(Refusal::Unknown)?;
        if entry.answers >= ANSWERS_MAX {
            return Err(Refusal::TooOften);
        }
        if entry.waits || entry.answers > 0 && millis(now).wrapping_sub(entry.answered_ms) < apart {
            return Err(Refusal::TooSoon);
        }
        Ok(())
    }

    /// `id` is to be sent again.
    pub fn note_answer(&mut self, id: SentId) {
        if let Some(entry) = self.entry_mut(id) {
            entry.answers = entry.answers.saturating_add(1);
            entry.waits = true;
        }
    }

    /// `id` is sent again `now`, or will not be.
    pub fn note_leaving(&mut self, now: Instant, id: SentId) {
        if let Some(entry) = self.entry_mut(id) {
            entry.waits = false;
            entry.answered_ms = millis(now);
        }
    }

    /// What the next packet will be called.
    #[must_use]
    pub const fn next_id(&self) -> SentId {
        SentId(self.next)
    }

    /// Whether `id` was remembered before `other`. Ids are told apart over 2³¹ packets.
    #[must_use]
    pub const fn is_before(id: SentId, other: SentId) -> bool {
        (id.0.wrapping_sub(other.0) as i32) < 0
    }

    /// The newest packets, newest first.
    pub fn newest(&self) -> impl Iterator<Item = SentId> + '_ {
        (1..=self.entries.len() as u32).map(|age| SentId(self.next.wrapping_sub(age)))
    }

    /// Room for a head, in one piece.
    fn head_mut(&mut self, length: usize) -> (u32, &mut [u8]) {
        let room = HEADS_BYTES - self.heads_written as usize % HEADS_BYTES;
        if room < length {
            self.heads_written = self.heads_written.wrapping_add(room as u32);
        }
        let start = self.heads_written;
        let offset = start as usize % HEADS_BYTES;
        let end = offset + length;
        if self.heads.len() < end {
            self.heads.resize(end, 0);
        }
        self.heads_written = start.wrapping_add(length as u32);
        (start, &mut self.heads[offset..end])
    }

    /// Puts a place into its bucket, over one that means nothing any more, else over the oldest.
    fn list(&mut self, place: usize, slot: u8, seq: SeqNo) {
        let bucket = bucket_of(slot, seq);
        let first = WAYS * bucket;
        let worth = |way: &u16| {
            let Some(listed) = usize::from(*way).checked_sub(1) else {
                return 0;
            };
            let sent = &self.entries[listed].sent;
            let is_stale = listed == place || bucket_of(sent.slot, sent.seq) != bucket;
            // The younger, the more worth; never 0.
            if is_stale { 0 } else { PACKETS_MAX as u32 + 1 - self.age_of(listed) }
        };
        let ways = &self.buckets[first..first + WAYS];
        let way = (0..WAYS).min_by_key(|way| worth(&ways[*way])).unwrap_or(0);
        self.buckets[first + way] = place as u16 + 1;
    }

    /// How many packets ago the one at `place` was remembered, 1 for the newest.
    fn age_of(&self, place: usize) -> u32 {
        let distance = self.next.wrapping_sub(1).wrapping_sub(place as u32);
        distance % PACKETS_MAX as u32 + 1
    }

    fn entry(&self, id: SentId) -> Option<&Entry> {
        let age = self.next.wrapping_sub(id.0) as usize;
        let is_there = (1..=self.entries.len()).contains(&age);
        self.entries.get(id.0 as usize % PACKETS_MAX).filter(|_| is_there)
    }

    fn entry_mut(&mut self, id: SentId) -> Option<&mut Entry> {
        let age = self.next.wrapping_sub(id.0) as usize;
        let is_there = (1..=self.entries.len()).contains(&age);
        self.entries.get_mut(id.0 as usize % PACKETS_MAX).filter(|_| is_there)
    }
}

impl Default for History {
    fn default() -> Self {
        History::new()
    }
}

/// Neighbours in a slot have neighbouring buckets; slots begin far from one another.
const fn bucket_of(slot: u8, seq: SeqNo) -> usize {
    let spread = (slot as usize).wrapping_mul(0x9E37);
    (seq.0 as usize).wrapping_add(spread) % BUCKETS
}

fn millis(now: Instant) -> u32 {
    (now.as_micros() / 1_000) as u32
}

#[cfg(test)]
mod tests;
