//! Where sealed bytes go: the worker writes them once, in the place from which they are sent.

use protocol::EndpointIndex;
pub use sfu_transport::tuple::{Path, Tuple};

/// What may be dropped first when the line is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketClass {
    /// RTCP, STUN, DTLS: small, and everything else depends on it.
    Control,
    /// Sound, dropped last.
    Audio,
    /// Picture, dropped first.
    Video,
}

/// A send arena: packets of one receiver are laid side by side into trains.
pub trait Sink {
    /// Space of exactly `length` bytes at the end of the train of `receiver` to `tuple`.
    ///
    /// `None` when there is no room; the sink has counted the drop.
    fn reserve(
        &mut self,
        receiver: EndpointIndex,
        tuple: &Tuple,
        length: usize,
        class: PacketClass,
    ) -> Option<&mut [u8]>;

    /// Segment length of the open train of `receiver`, 0 if none is open. A packet that is a
    /// little shorter is padded up to it, because a shorter segment closes a train.
    fn segment_length(&self, receiver: EndpointIndex) -> usize;

    /// Space for a datagram outside trains: an answer to a check, a DTLS flight.
    fn single(&mut self, tuple: &Tuple, length: usize) -> Option<&mut [u8]>;
}
