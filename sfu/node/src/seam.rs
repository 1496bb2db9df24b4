//! The words of `sfu-worker` that the shell is written in.

use std::net::SocketAddr;

use protocol::EndpointIndex;

/// Where a datagram came from, at which of our addresses, and over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tuple {
    /// Our address.
    pub local: SocketAddr,
    /// The sender's address.
    pub remote: SocketAddr,
    /// What carries it.
    pub path: Path,
}

/// What carries the datagrams of a [`Tuple`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// The node's UDP port.
    Udp,
    /// A stream with this number in the shell's table.
    Stream(u32),
}

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
    fn reserve(
        &mut self,
        receiver: EndpointIndex,
        tuple: &Tuple,
        length: usize,
        class: PacketClass,
    ) -> Option<&mut [u8]>;

    /// Segment length of the open train of `receiver`, 0 if none is open.
    fn segment_length(&self, receiver: EndpointIndex) -> usize;

    /// Space for a datagram outside trains: an answer to a check, a DTLS flight.
    fn single(&mut self, tuple: &Tuple, length: usize) -> Option<&mut [u8]>;
}
