//! What goes out in a turn: packets of one receiver behind each other, as trains of equal length.
//!
//! How many packets a message has in the mean can be wished for: then trains are cut while those
//! sent so far are too long, and [`Outgoing::is_short`] tells that they are too short.

use sfu_node::net::{Message, SendBatch, SendError, UdpSocket};
use sfu_worker::Tuple;

/// The most packets of a train, as the node has it.
const SEGMENTS_MAX: usize = 16;

/// What was sent, by the names that the node's metrics have for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) datagrams: u64,
    pub(super) trains: u64,
    pub(super) train_datagrams: u64,
}

impl Counts {
    /// Datagrams for each message; 1 before the first one.
    fn mean(&self) -> f64 {
        let messages = self.datagrams - self.train_datagrams + self.trains;
        self.datagrams.max(1) as f64 / messages.max(1) as f64
    }
}

/// Bytes and messages that wait to be sent.
const BYTES_MAX: usize = 4 << 20;
const MESSAGES_MAX: usize = 4_096;

/// See the module.
#[derive(Debug)]
pub(super) struct Outgoing {
    batch: SendBatch,
    bytes: Vec<u8>,
    messages: Vec<Message>,
    /// The receiver of the last message, the length of its packets, and how many there are, while
    /// another may join.
    open: Option<(usize, usize, usize)>,
    /// Packets for each message in the mean, if that is wished for.
    wished: Option<f64>,
    counts: Counts,
}

impl Outgoing {
    pub(super) fn new(wished: Option<f64>) -> Self {
        Outgoing {
            batch: SendBatch::new(),
            bytes: Vec::with_capacity(BYTES_MAX),
            messages: Vec::with_capacity(MESSAGES_MAX),
            open: None,
            wished,
            counts: Counts::default(),
        }
    }

    /// Datagrams and messages so far, those that wait included.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether messages have had too few packets so far.
    pub(super) fn is_short(&self) -> bool {
        self.wished.is_some_and(|wished| self.counts.mean() < wished)
    }

    /// Space for a packet of `length` bytes; sends first where there is none.
    pub(super) fn reserve(
        &mut self,
        socket: &UdpSocket,
        receiver: usize,
        tuple: Tuple,
        length: usize,
    ) -> &mut [u8] {
        if self.bytes.len() + length > BYTES_MAX || self.messages.len() == MESSAGES_MAX {
            self.flush(socket);
        }
        let start = self.bytes.len();
        self.bytes.resize(start + length, 0);
        let may_grow = self.wished.is_none() || self.is_short();
        let joins = self.open.filter(|(whose, segment, count)| {
            may_grow && *whose == receiver && length <= *segment && *count < SEGMENTS_MAX
        });
        self.counts.datagrams += 1;
        match (joins, self.messages.last_mut()) {
            (Some((_, segment, count)), Some(train)) => {
                self.counts.trains += u64::from(count == 1);
                self.counts.train_datagrams += if count == 1 { 2 } else { 1 };
                train.length += length;
                train.segment = segment as u16;
                // A shorter one is a train's last.
                self.open = (length == segment).then_some((receiver, segment, count + 1));
            }
            (Some(_) | None, _) => {
                self.messages.push(Message { start, length, segment: 0, tuple });
                self.open = Some((receiver, length, 1));
            }
        }
        &mut self.bytes[start..]
    }

    /// A datagram by itself.
    pub(super) fn push_plain(&mut self, tuple: Tuple, datagram: &[u8]) {
        let (start, length) = (self.bytes.len(), datagram.len());
        self.bytes.extend_from_slice(datagram);
        self.messages.push(Message { start, length, segment: 0, tuple });
        self.counts.datagrams += 1;
        self.open = None;
    }

    /// Sends everything. What the socket does not take is lost.
    pub(super) fn flush(&mut self, socket: &UdpSocket) {
        let mut rest = &self.messages[..];
        while !rest.is_empty() {
            let sent = match self.batch.send(socket, &self.bytes, rest) {
                Ok(sent) => sent,
                Err(SendError::Full | SendError::NoMemory) => {
                    let wait = protocol::Duration::from_millis(5);
                    if socket.wait_writable(wait).is_ok_and(|is_writable| is_writable) {
                        0
                    } else {
                        1
                    }
                }
                Err(SendError::NoSegmentation | SendError::TooLong | SendError::Refused) => 1,
            };
            rest = &rest[sent..];
        }
        self.bytes.clear();
        self.messages.clear();
        self.open = None;
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use sfu_worker::Path;

    use super::*;

    /// The trains of packets of these receivers and lengths: whole length and segment.
    fn trains(packets: &[(usize, usize)]) -> Vec<(usize, u16)> {
        let out = filled(packets, None);
        out.messages.iter().map(|it| (it.length, it.segment)).collect()
    }

    fn filled(packets: &[(usize, usize)], wished: Option<f64>) -> Outgoing {
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let socket = UdpSocket::bind(local).expect("a port");
        let tuple = Tuple { local: socket.local_addr(), remote: local, path: Path::Udp };
        let mut out = Outgoing::new(wished);
        for (receiver, length) in packets {
            let space = out.reserve(&socket, *receiver, tuple, *length);
            assert_eq!(space.len(), *length);
        }
        out
    }

    #[test]
    fn a_train_ends_with_a_shorter_packet_and_with_its_receiver() {
        let packets = [(1, 100), (1, 100), (1, 60), (1, 60), (2, 60), (2, 61)];
        assert_eq!(trains(&packets), [(260, 100), (60, 0), (60, 0), (61, 0)]);
        assert_eq!(trains(&[(1, 10); 17]), [(160, 10), (10, 0)]);
    }

    #[test]
    fn trains_are_counted_and_as_long_in_the_mean_as_is_wished_for() {
        let packets: Vec<(usize, usize)> = (0..160).map(|n| (n / 16, 100)).collect();
        let of = |wished| filled(&packets, wished).counts();
        let whole = Counts { datagrams: 160, trains: 10, train_datagrams: 160 };
        assert_eq!(of(None), whole);
        assert_eq!(of(Some(1.0)), Counts { datagrams: 160, ..Counts::default() });
        for wished in [1.5, 2.0, 3.7] {
            let mean = of(Some(wished)).mean();
            assert!((mean - wished).abs() < 0.1, "{mean} for {wished}");
        }
        assert!(filled(&packets, Some(17.0)).is_short() && !filled(&packets, None).is_short());
    }
}
