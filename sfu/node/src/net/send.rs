//! Datagrams and trains out: up to 64 messages a system call.

use std::{io, os::fd::AsFd};

use sfu_worker::Tuple;

use super::{
    UdpSocket,
    address::RawAddress,
    ancillary::SendControl,
    sys::{empty_header, send_messages},
};

/// A datagram, or a train of them to one tuple, by its place in an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where its bytes begin.
    pub start: usize,
    /// How many they are.
    pub length: usize,
    /// Bytes of every datagram of a train but the last, which may be shorter; 0 for one datagram.
    pub segment: u16,
    /// From where to where.
    pub tuple: Tuple,
}

/// Why the first message of a call could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The socket takes no more for the moment (`EAGAIN`).
    Full,
    /// The way out cannot do segmentation (`EIO`).
    NoSegmentation,
    /// A datagram is longer than the link takes (`EMSGSIZE`).
    TooLong,
    /// The kernel is short of memory for the moment (`ENOBUFS`, `ENOMEM`).
    NoMemory,
    /// The tuple cannot be sent to: no route, no such source address, forbidden by a filter, or
    /// segments that its route does not take.
    Refused,
}

/// Preallocated headers for what one system call sends.
///
/// It holds pointers into itself during a call, so it stays on the thread that made it.
pub struct SendBatch {
    headers: Box<[libc::mmsghdr]>,
    vectors: Box<[libc::iovec]>,
    destinations: Box<[RawAddress]>,
    controls: Box<[SendControl]>,
}

impl SendBatch {
    /// The most messages that one system call takes: more would not be cheaper, for the call itself
    /// is then 2 % of its cost.
    pub const MESSAGES_MAX: usize = 64;

    /// Takes the memory.
    #[must_use]
    pub fn new() -> Self {
        let nowhere = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        SendBatch {
            headers: (0..Self::MESSAGES_MAX).map(|_| empty_header()).collect(),
            vectors: vec![nowhere; Self::MESSAGES_MAX].into(),
            destinations: vec![RawAddress::EMPTY; Self::MESSAGES_MAX].into(),
            controls: vec![SendControl::EMPTY; Self::MESSAGES_MAX].into(),
        }
    }

    /// Sends `messages` (the first [`Self::MESSAGES_MAX`]) out of `arena`, in order, without
    /// waiting. How many went before one failed, at least 1.
    ///
    /// # Errors
    /// What stopped the first message.
    ///
    /// # Panics
    /// If a message is not within `arena`.
    pub fn send(
        &mut self,
        socket: &UdpSocket,
        arena: &[u8],
        messages: &[Message],
    ) -> Result<usize, SendError> {
        let mut count = 0;
        for message in messages.iter().take(Self::MESSAGES_MAX) {
            match self.aim(count, socket, arena, message) {
                Ok(()) => count += 1,
                // What stands before it goes first; then it is the first and is reported.
                Err(error) if count == 0 => return Err(error),
                Err(_) => break,
            }
        }
        if count == 0 {
            return Ok(0);
        }
        // SAFETY: `aim` has led the first `count` headers to their own entries of `vectors`,
        // `destinations` and `controls` and into `arena`, with their lengths, all borrowed here.
        let sent = unsafe { send_messages(socket.as_fd(), &mut self.headers[..count]) };
        sent.map_err(|error| SendError::from(&error))
    }

    /// Leads the header `index` to `message`.
    fn aim(
        &mut self,
        index: usize,
        socket: &UdpSocket,
        arena: &[u8],
        message: &Message,
    ) -> Result<(), SendError> {
        let family = socket.family();
        let Message { start, length, segment, tuple } = message;
        let (destination, destination_length) =
            RawAddress::encode(tuple.remote, family).ok_or(SendError::Refused)?;
        let bytes = &arena[*start..*start + *length];
        let vector = &mut self.vectors[index];
        // The kernel only reads through it.
        vector.iov_base = bytes.as_ptr().cast_mut().cast();
        vector.iov_len = bytes.len();
        self.destinations[index] = destination;
        let control = &mut self.controls[index];
        let span = control.set(family, tuple.local, *segment);
        let header = &mut self.headers[index].msg_hdr;
        header.msg_name = self.destinations[index].as_mut_ptr();
        header.msg_namelen = destination_length;
        header.msg_iov = vector;
        header.msg_iovlen = 1;
        header.msg_control = control.at(span.offset);
        header.msg_controllen = span.length as _;
        Ok(())
    }
}

impl Default for SendBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for SendBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<send batch>")
    }
}

impl From<&io::Error> for SendError {
    fn from(error: &io::Error) -> Self {
        match error.raw_os_error() {
            // A signal before anything was sent: the message is tried again like after a wait.
            Some(libc::EAGAIN | libc::EINTR) => SendError::Full,
            Some(libc::EIO) => SendError::NoSegmentation,
            Some(libc::EMSGSIZE) => SendError::TooLong,
            Some(libc::ENOBUFS | libc::ENOMEM) => SendError::NoMemory,
            _ => SendError::Refused,
        }
    }
}
