//! The send arena: where a worker seals packets, and from which they leave.
//!
//! Sealing writes a packet once, in the place from which the kernel reads it. Packets to one
//! receiver lie side by side as *trains* ([`trains`]), which are sent as one message each
//! ([`crate::sender`]) at the end of a turn, or in its middle when the arena is full, so nothing is
//! lost for want of space. It never allocates after it is made: 4 MiB of packets, 4 096 trains of
//! 160 bytes, and 8 bytes for each session the worker may have. It decides nothing about media.

pub mod trains;

use protocol::{EndpointIndex, Instant};
use sfu_worker::{PacketClass, Sink, Tuple};

use crate::sender::{SendCounters, Sender, Wire};
use trains::TrainBuffer;

/// A [`Sink`] that sends what it is given.
#[derive(Debug)]
pub struct SendArena<W> {
    trains: TrainBuffer,
    sender: Sender<W>,
}

impl<W: Wire> SendArena<W> {
    /// An empty arena for receivers numbered below `receivers_max`, in front of `sender`.
    #[must_use]
    pub fn new(receivers_max: usize, sender: Sender<W>) -> Self {
        SendArena { trains: TrainBuffer::new(receivers_max), sender }
    }

    /// Begins a turn of the loop: the time, and the patience with a full socket, are its own.
    pub fn begin_turn(&mut self, now: Instant) {
        self.sender.begin_turn(now);
        self.trains.begin_turn();
    }

    /// Tells how many packets a receiver may be given before the next call of this, so that trains
    /// get room to grow. Too low a number costs shorter trains, too high a number costs earlier
    /// flushes.
    pub fn expect(&mut self, packets: usize) {
        self.trains.expect(packets);
    }

    /// Sends everything.
    pub fn flush(&mut self) {
        if !self.trains.is_empty() {
            self.sender.send(&self.trains);
            self.trains.clear();
        }
    }

    /// Forgets everything that has not been sent, and says how many packets that was: after a fault
    /// in the middle of a packet, its half must not go out.
    pub fn discard(&mut self) -> usize {
        let packets = self.trains.trains().iter().map(|train| train.classes().len()).sum();
        self.trains.clear();
        packets
    }

    /// What has been sent and dropped.
    #[must_use]
    pub fn counters(&self) -> &SendCounters {
        self.sender.counters()
    }

    /// What carries what is sent.
    pub(crate) fn wire(&mut self) -> &mut W {
        self.sender.wire()
    }

    /// Whether trains are sent as such.
    #[must_use]
    pub fn segmentation(&self) -> bool {
        self.sender.segmentation()
    }

    /// The place of a packet, after a flush if that makes room.
    fn place(
        &mut self,
        receiver: Option<EndpointIndex>,
        tuple: &Tuple,
        length: usize,
        class: PacketClass,
    ) -> Option<&mut [u8]> {
        if !(1..=LENGTH_MAX).contains(&length) {
            self.sender.count_unsendable();
            return None;
        }
        let mut start = self.trains.reserve(receiver, tuple, length, class);
        if start.is_none() {
            self.sender.count_early_flush();
            self.flush();
            start = self.trains.reserve(receiver, tuple, length, class);
        }
        let start = start?;
        self.trains.bytes_mut().get_mut(start..start + length)
    }
}

impl<W: Wire> Sink for SendArena<W> {
    fn reserve(
        &mut self,
        receiver: EndpointIndex,
        tuple: &Tuple,
        length: usize,
        class: PacketClass,
    ) -> Option<&mut [u8]> {
        self.place(Some(receiver), tuple, length, class)
    }

    fn segment_length(&self, receiver: EndpointIndex) -> usize {
        self.trains.segment_length(receiver)
    }

    fn single(&mut self, tuple: &Tuple, length: usize) -> Option<&mut [u8]> {
        self.place(None, tuple, length, PacketClass::Control)
    }
}

/// The longest datagram that is sent: an Ethernet frame's worth. Media stays below 1 232 bytes, so
/// that it passes links of 1 280 (RFC 8200 §5).
pub const LENGTH_MAX: usize = 1_472;

#[cfg(test)]
mod tests;
