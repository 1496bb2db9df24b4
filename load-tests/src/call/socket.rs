//! A participant's UDP socket, and the space for batches that all of a thread share.

use std::{
    cell::RefCell,
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsFd as _,
    rc::Rc,
    time::{Duration, UNIX_EPOCH},
};

use sfu_node::net::{Message, ReceiveBatch, SendBatch, SendError, UdpSocket};
use sfu_worker::{Path, Tuple};
use tokio::io::Interest;

/// Buffers of one thread.
pub(super) struct Batches {
    receive: RefCell<ReceiveBatch>,
    send: RefCell<Outgoing>,
}

struct Outgoing {
    batch: SendBatch,
    arena: Vec<u8>,
    messages: Vec<Message>,
}

impl Batches {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Batches {
            receive: RefCell::new(ReceiveBatch::new()),
            send: RefCell::new(Outgoing {
                batch: SendBatch::new(),
                arena: Vec::new(),
                messages: Vec::new(),
            }),
        })
    }
}

/// Longer than any datagram lies in the kernel while this program lives.
const LAIN_MAX: Duration = Duration::from_secs(5);

/// A socket that talks to one address.
pub(super) struct MediaSocket {
    socket: UdpSocket,
    /// The same socket by another descriptor, on which to wait.
    readiness: tokio::net::UdpSocket,
    tuple: Tuple,
    batches: Rc<Batches>,
}

impl MediaSocket {
    pub(super) fn open(local: IpAddr, batches: &Rc<Batches>) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::new(local, 0))?;
        socket.stamp_arrivals()?;
        let local = socket.local_addr();
        let tuple = Tuple { local, remote: local, path: Path::Udp };
        let descriptor = socket.as_fd().try_clone_to_owned()?;
        let readiness = tokio::net::UdpSocket::from_std(descriptor.into())?;
        Ok(MediaSocket { socket, readiness, tuple, batches: Rc::clone(batches) })
    }

    /// Talks to `remote` from here on.
    pub(super) fn aim(&mut self, remote: SocketAddr) {
        self.tuple.remote = remote;
    }

    pub(super) fn port(&self) -> u16 {
        self.tuple.local.port()
    }

    /// Waits until there is something, then takes what is there, 64 messages at most, each with the
    /// time for which it has lain in the kernel.
    pub(super) async fn receive(
        &self,
        mut take: impl FnMut(Duration, &mut [u8]),
    ) -> io::Result<()> {
        self.readiness.readable().await?;
        let mut batch = self.batches.receive.borrow_mut();
        let received = self.readiness.try_io(Interest::READABLE, || {
            let may_have_more = batch.receive(&self.socket)?;
            // The word at which the runtime waits for the next datagram.
            if may_have_more { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
        });
        // The kernel's stamps are of the clock of the day, which may be set meanwhile.
        let now = UNIX_EPOCH.elapsed().unwrap_or_default();
        loop {
            let lain = batch.arrival().map_or(Duration::ZERO, |at| now.saturating_sub(at));
            let Some((_, _, datagram)) = batch.next_datagram() else { break };
            take(lain.min(LAIN_MAX), datagram);
        }
        match received {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Sends datagrams in order, each by itself; how many could not be sent.
    pub(super) fn send(&self, datagrams: impl IntoIterator<Item = Vec<u8>>) -> u64 {
        let mut out = self.batches.send.borrow_mut();
        let Outgoing { batch, arena, messages } = &mut *out;
        arena.clear();
        messages.clear();
        for datagram in datagrams {
            let (start, length) = (arena.len(), datagram.len());
            arena.extend(datagram);
            messages.push(Message { start, length, segment: 0, tuple: self.tuple });
        }
        let mut rest = &messages[..];
        let mut failures = 0;
        while !rest.is_empty() {
            let sent = match batch.send(&self.socket, arena, rest) {
                Ok(sent) => sent,
                // The rest waits for nothing: what cannot be sent is lost, as on any network.
                Err(SendError::Full | SendError::NoMemory) => {
                    return failures + rest.len() as u64;
                }
                Err(SendError::NoSegmentation | SendError::TooLong | SendError::Refused) => {
                    failures += 1;
                    1
                }
            };
            rest = &rest[sent..];
        }
        failures
    }
}
