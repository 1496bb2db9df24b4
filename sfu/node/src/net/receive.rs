//! Datagrams in: up to 64 messages a system call, merged trains taken apart again.
//!
//! Memory: 64 slots of 64 KiB and a bit, 4.1 MiB of address space per worker. A slot must hold a
//! whole merged train (65 507 bytes), or its tail is lost; the pages of a slot become real memory
//! when a train first reaches them, so a worker that receives single datagrams uses 256 KiB.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::fd::AsFd,
    time::Duration,
};

use super::{
    UdpSocket,
    address::RawAddress,
    ancillary::ReceiveControl,
    sys::{empty_header, receive_messages},
};

/// Preallocated space for what one system call receives, and a cursor over it.
///
/// It holds pointers into itself during a call, so it stays on the thread that made it.
pub struct ReceiveBatch {
    headers: Box<[libc::mmsghdr]>,
    vectors: Box<[libc::iovec]>,
    sources: Box<[RawAddress]>,
    controls: Box<[ReceiveControl]>,
    space: Box<[u8]>,
    messages: Box<[Received]>,
    /// How many of `messages` the last call filled.
    filled: usize,
    /// The message under the cursor, and how many of its bytes were handed out.
    cursor: (usize, usize),
    counters: ReceiveCounters,
}

/// What a socket has received in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiveCounters {
    /// Datagrams.
    pub datagrams: u64,
    /// UDP payload bytes.
    pub bytes: u64,
    /// Datagrams that came merged into a train.
    pub merged: u64,
    /// Datagrams the kernel dropped because the socket's buffer was full.
    pub overflow: u64,
    /// Datagrams without a byte, and messages that made no sense.
    pub empty: u64,
}

/// A message in its slot.
#[derive(Clone, Copy)]
struct Received {
    local: SocketAddr,
    remote: SocketAddr,
    length: usize,
    /// Bytes of each datagram in it but the last; at least 1.
    segment: usize,
    arrival: Option<Duration>,
}

impl ReceiveBatch {
    /// The most messages that one system call brings.
    pub const MESSAGES_MAX: usize = 64;

    /// Takes the memory.
    #[must_use]
    pub fn new() -> Self {
        let nowhere = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        ReceiveBatch {
            headers: (0..Self::MESSAGES_MAX).map(|_| empty_header()).collect(),
            vectors: vec![nowhere; Self::MESSAGES_MAX].into(),
            sources: vec![RawAddress::EMPTY; Self::MESSAGES_MAX].into(),
            controls: vec![ReceiveControl::EMPTY; Self::MESSAGES_MAX].into(),
            space: vec![0; Self::MESSAGES_MAX * SLOT_STRIDE].into(),
            messages: vec![Received::NONE; Self::MESSAGES_MAX].into(),
            filled: 0,
            cursor: (0, 0),
            counters: ReceiveCounters::default(),
        }
    }

    /// Receives what is there, without waiting. Whether the socket may hold more.
    ///
    /// What the cursor has not reached is lost: take everything out first.
    ///
    /// # Errors
    /// What the kernel says; an empty socket and a signal are no errors.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<bool> {
        debug_assert!(self.remaining() == 0, "datagrams of the last call are still here");
        (self.filled, self.cursor) = (0, (0, 0));
        self.aim();
        // SAFETY: `aim` has led every header to its own entries of `vectors`, `sources`, `controls`
        // and to its own slot of `space`, with their lengths; all live as long as `self`.
        let received = unsafe { receive_messages(socket.as_fd(), &mut self.headers) };
        let count = match received {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(error),
        };
        self.take(count, socket);
        Ok(count == Self::MESSAGES_MAX)
    }

    /// The next datagram: our address, the sender's, and its bytes.
    pub fn next_datagram(&mut self) -> Option<(SocketAddr, SocketAddr, &mut [u8])> {
        let (index, from) = self.cursor;
        let message = self.messages[..self.filled].get(index)?;
        let to = message.length.min(from + message.segment);
        self.cursor = if to < message.length { (index, to) } else { (index + 1, 0) };
        let slot = index * SLOT_STRIDE;
        let datagram = &mut self.space[slot + from..slot + to];
        Some((message.local, message.remote, datagram))
    }

    /// When the kernel got the message that [`Self::next_datagram`] comes to next, since 1970, if
    /// its socket was asked to ([`UdpSocket::stamp_arrivals`]).
    #[must_use]
    pub fn arrival(&self) -> Option<Duration> {
        self.messages[..self.filled].get(self.cursor.0)?.arrival
    }

    /// Datagrams that the cursor has not reached.
    #[must_use]
    pub fn remaining(&self) -> usize {
        let (index, from) = self.cursor;
        let rest = self.messages[..self.filled].get(index..).unwrap_or(&[]);
        let whole: usize = rest.iter().map(Received::datagrams).sum();
        whole - rest.first().map_or(0, |first| from / first.segment)
    }

    /// What has been received so far.
    #[must_use]
    pub fn counters(&self) -> &ReceiveCounters {
        &self.counters
    }

    /// Leads the headers to their memory; the kernel shortens the lengths at each call.
    fn aim(&mut self) {
        let slots = self.space.chunks_exact_mut(SLOT_STRIDE);
        let parts = self.vectors.iter_mut().zip(&mut self.sources).zip(&mut self.controls);
        for ((header, slot), ((vector, source), control)) in
            self.headers.iter_mut().zip(slots).zip(parts)
        {
            vector.iov_base = slot.as_mut_ptr().cast();
            vector.iov_len = SLOT_LENGTH;
            header.msg_hdr.msg_name = source.as_mut_ptr();
            header.msg_hdr.msg_namelen = RawAddress::SIZE as libc::socklen_t;
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = control.as_mut_ptr();
            header.msg_hdr.msg_controllen = ReceiveControl::SIZE as _;
            header.msg_hdr.msg_flags = 0;
        }
    }

    /// Reads what the kernel wrote about `count` messages. A malformed one stays as an empty
    /// datagram, so that messages keep to their slots.
    fn take(&mut self, count: usize, socket: &UdpSocket) {
        let port = socket.local_addr().port();
        for index in 0..count {
            let header = &self.headers[index];
            // C libraries differ in the type of this length.
            let control_length = header.msg_hdr.msg_controllen as _;
            let control = self.controls[index].decode(control_length, socket.family(), port);
            let remote = self.sources[index].decode();
            let is_whole = header.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            let length = if is_whole && remote.is_some() { header.msg_len as usize } else { 0 };
            let message = Received {
                local: control.local,
                remote: remote.unwrap_or(control.local),
                length: length.min(SLOT_LENGTH),
                segment: control.segment.map_or(length, usize::from).max(1),
                arrival: control.arrival,
            };
            self.messages[index] = message;
            self.counters.count(&message, control.overflow);
        }
        self.filled = count;
    }
}

impl Default for ReceiveBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ReceiveBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} datagrams>", self.remaining())
    }
}

impl Received {
    const NONE: Received =
        Received { local: NOWHERE, remote: NOWHERE, length: 0, segment: 1, arrival: None };

    /// How many datagrams it is; an empty one counts.
    fn datagrams(&self) -> usize {
        self.length.div_ceil(self.segment).max(1)
    }
}

impl ReceiveCounters {
    fn count(&mut self, message: &Received, overflow: Option<u32>) {
        let datagrams = message.datagrams() as u64;
        self.datagrams += datagrams;
        self.bytes += message.length as u64;
        self.merged += if datagrams > 1 { datagrams } else { 0 };
        self.empty += u64::from(message.length == 0);
        if let Some(overflow) = overflow {
            // The kernel counts modulo 2^32.
            self.overflow += u64::from(overflow.wrapping_sub(self.overflow as u32));
        }
    }
}

/// The longest UDP payload is 65 507 bytes over IPv4 and 65 527 over IPv6 (RFC 768, RFC 8200).
const SLOT_LENGTH: usize = 65_536;

/// Slots a power of two apart would share the same few sets of the processor's caches; 20 cache
/// lines more lay the beginnings of 64 slots side by side.
const SLOT_STRIDE: usize = SLOT_LENGTH + 20 * 64;

const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
