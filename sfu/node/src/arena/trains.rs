//! Building trains: pure bookkeeping over one block of bytes.
//!
//! `UDP_SEGMENT` cuts a message into segments of one length, of which only the last may be shorter.
//! So, for the packets of one receiver to one tuple, in order:
//!
//! | next packet | what happens |
//! |---|---|
//! | as long as the train's first | it joins |
//! | shorter | it joins, and closes the train |
//! | longer | it begins the next train |
//! | to another tuple | it begins the next train |
//! | the train has [`SEGMENTS_MAX`] packets, or its bytes end | it begins the next train |
//!
//! A train's bytes are contiguous, so its space is set aside when it begins: as many packets of its
//! length as are expected, but no more than its share. What a closed train leaves is taken back
//! when nothing lies behind it.
//!
//! The share is what keeps trains long in a crowd: a packet is forwarded to all its receivers
//! before the next one comes, so if the first packets of the turn filled the buffer, it would be
//! emptied before any train had a second. With 4 MiB, 218 receivers may have trains of 16, 800 of
//! 4.

use std::ops::Range;

use protocol::EndpointIndex;
use sfu_worker::{PacketClass, Tuple};

/// The most packets of a train. The kernel takes 64, but the gain flattens: 559 ns a packet at 8,
/// 462 at 16 [measured], and a lost train is a lost burst.
pub const SEGMENTS_MAX: usize = 16;

/// The most bytes of a train: the longest UDP payload over IPv4 (RFC 768).
pub const TRAIN_BYTES_MAX: usize = 65_507;

/// Bytes of packets that wait to be sent, 4 MiB. More than the processor's caches hold costs more
/// than it gains. Measured on loopback with bursts of 16, nanoseconds a packet:
///
/// | receivers | 1 MiB | 2 MiB | 4 MiB | 8 MiB |
/// |---|---|---|---|---|
/// | 30 (bursts of 8) | 838 | 774 | 873 | 796 |
/// | 200 | 1 208 | 831 | 658 | 810 |
/// | 800 | 2 876 | 2 342 | 1 577 | 1 017 |
pub const ARENA_BYTES: usize = 4 << 20;

/// Trains that wait to be sent.
pub const TRAINS_MAX: usize = 4_096;

/// Packets to one tuple, all but the last of one length, side by side.
#[derive(Clone, Copy, Debug)]
pub struct Train {
    receiver: Option<EndpointIndex>,
    tuple: Tuple,
    start: usize,
    end: usize,
    /// Behind the bytes set aside for it.
    limit: usize,
    segment: usize,
    is_closed: bool,
    count: usize,
    classes: [PacketClass; SEGMENTS_MAX],
}

impl Train {
    /// Where it goes.
    #[must_use]
    pub fn tuple(&self) -> &Tuple {
        &self.tuple
    }

    /// The length of every packet but the last.
    #[must_use]
    pub fn segment(&self) -> usize {
        self.segment
    }

    /// The classes of its packets, in order; as many as there are packets.
    #[must_use]
    pub fn classes(&self) -> &[PacketClass] {
        &self.classes[..self.count]
    }

    /// Where the packets `packets` of it lie in the arena.
    #[must_use]
    pub fn bytes_of(&self, packets: Range<usize>) -> Range<usize> {
        let start = self.start + packets.start * self.segment;
        start..(self.start + packets.end * self.segment).min(self.end)
    }

    /// Whether another packet of its own length may join, if its bytes may end at `limit`.
    fn is_open(&self, limit: usize) -> bool {
        !self.is_closed && self.end + self.segment <= limit
    }
}

/// The trains of a turn.
#[derive(Debug)]
pub struct TrainBuffer {
    bytes: Box<[u8]>,
    /// Bytes set aside, from the beginning.
    used: usize,
    trains: Vec<Train>,
    /// The youngest train of each receiver, if there is a train of this number and it is theirs.
    youngest: Box<[u32]>,
    expected: usize,
    /// The number of this turn, and the last one in which each receiver had a train, modulo 2^32.
    turn: u32,
    turns: Box<[u32]>,
    /// Receivers that have had a train in this turn, and lately in a turn.
    receivers: usize,
    crowd: usize,
}

impl TrainBuffer {
    /// Takes the memory. A receiver numbered `receivers_max` or above gets no trains, only single
    /// datagrams.
    #[must_use]
    pub fn new(receivers_max: usize) -> Self {
        TrainBuffer {
            bytes: vec![0; ARENA_BYTES].into(),
            used: 0,
            trains: Vec::with_capacity(TRAINS_MAX),
            youngest: vec![0; receivers_max].into(),
            expected: 1,
            turn: 1,
            turns: vec![0; receivers_max].into(),
            receivers: 0,
            crowd: 0,
        }
    }

    /// Begins a turn: the shares are made for as many receivers as the last turns had.
    pub fn begin_turn(&mut self) {
        // Forgetting slowly bridges turns in which only a timer or a question was served.
        self.crowd = self.receivers.max(self.crowd - self.crowd.div_ceil(8));
        self.receivers = 0;
        self.turn = self.turn.wrapping_add(1);
    }

    /// Tells how many packets a receiver is likely to be given.
    pub fn expect(&mut self, packets: usize) {
        self.expected = packets;
    }

    /// Where a packet of `length` bytes lies, at the end of the train of `receiver` or in a new
    /// one; without a receiver it stays alone. `None` when no new train fits before
    /// [`Self::clear`].
    pub fn reserve(
        &mut self,
        receiver: Option<EndpointIndex>,
        tuple: &Tuple,
        length: usize,
        class: PacketClass,
    ) -> Option<usize> {
        let youngest = receiver.and_then(|receiver| self.youngest_of(receiver));
        let Some(index) = youngest else {
            return self.begin(receiver, tuple, length, class);
        };
        let train = &self.trains[index];
        let is_open = train.is_open(self.limit_of(train)) && train.tuple == *tuple;
        if is_open && length <= train.segment {
            return Some(self.join(index, length, class));
        }
        self.close(index);
        self.begin(receiver, tuple, length, class)
    }

    /// Length of the packets of the train of `receiver` that is open to one more of them, 0 if
    /// none.
    #[must_use]
    pub fn segment_length(&self, receiver: EndpointIndex) -> usize {
        let train = self.youngest_of(receiver).and_then(|index| self.trains.get(index));
        let open = train.filter(|train| train.is_open(self.limit_of(train)));
        open.map_or(0, |train| train.segment)
    }

    /// The trains, in the order in which they began.
    #[must_use]
    pub fn trains(&self) -> &[Train] {
        &self.trains
    }

    /// Whether there is no train.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trains.is_empty()
    }

    /// The bytes that [`Train::bytes_of`] is about.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Forgets every train.
    pub fn clear(&mut self) {
        self.trains.clear();
        self.used = 0;
    }

    /// The number of a receiver's youngest train of this turn.
    ///
    /// `youngest` is not wiped between turns: an entry counts only if the train of that number is
    /// the receiver's, and each new train of the receiver overwrites it.
    fn youngest_of(&self, receiver: EndpointIndex) -> Option<usize> {
        let index = *self.youngest.get(receiver.get() as usize)? as usize;
        let train = self.trains.get(index)?;
        (train.receiver == Some(receiver)).then_some(index)
    }

    /// How far the bytes of `train` may reach: as was set aside, or on, if nothing lies behind it.
    fn limit_of(&self, train: &Train) -> usize {
        if train.limit < self.used {
            return train.limit;
        }
        self.bytes.len().min(train.start + TRAIN_BYTES_MAX)
    }

    fn join(&mut self, index: usize, length: usize, class: PacketClass) -> usize {
        let train = &mut self.trains[index];
        let start = train.end;
        train.end += length;
        if train.end > train.limit {
            (train.limit, self.used) = (train.end, train.end);
        }
        train.classes[train.count] = class;
        train.count += 1;
        if length < train.segment || train.count == SEGMENTS_MAX {
            self.close(index);
        }
        start
    }

    fn begin(
        &mut self,
        receiver: Option<EndpointIndex>,
        tuple: &Tuple,
        length: usize,
        class: PacketClass,
    ) -> Option<usize> {
        // A receiver beyond the tables gets no trains.
        let place = receiver.map(|receiver| receiver.get() as usize);
        let place = place.filter(|place| *place < self.youngest.len());
        let packets = place.map_or(1, |_| self.packets_at_first(length));
        let start = self.used;
        let limit = start + packets * length;
        if limit > self.bytes.len() || self.trains.len() == TRAINS_MAX {
            return None;
        }
        if let Some(place) = place {
            self.youngest[place] = self.trains.len() as u32;
            self.receivers += usize::from(self.turns[place] != self.turn);
            self.turns[place] = self.turn;
        }
        let is_closed = place.is_none();
        self.used = limit;
        self.trains.push(Train {
            receiver,
            tuple: *tuple,
            start,
            end: start + length,
            limit,
            segment: length,
            is_closed,
            count: 1,
            classes: [class; SEGMENTS_MAX],
        });
        Some(start)
    }

    /// For how many packets of `length` bytes space is set aside when a train begins.
    fn packets_at_first(&self, length: usize) -> usize {
        let share = self.bytes.len() / self.crowd.max(1) / length;
        let most = SEGMENTS_MAX.min(TRAIN_BYTES_MAX / length);
        self.expected.min(share).min(most).max(1)
    }

    /// Lets nothing join the train, and takes back what it does not use.
    fn close(&mut self, index: usize) {
        let train = &mut self.trains[index];
        train.is_closed = true;
        if train.limit == self.used {
            self.used = train.end;
        }
        train.limit = train.end;
    }
}

#[cfg(test)]
mod tests;
