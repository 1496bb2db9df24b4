//! What goes out in a turn: packets of one receiver behind each other, as trains of equal length.

use sfu_node::net::{Message, SendBatch, SendError, UdpSocket};
use sfu_worker::Tuple;

/// The most packets of a train, as the node has it.
const SEGMENTS_MAX: usize = 16;

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
}

impl Default for Outgoing {
    fn default() -> Self {
        Outgoing {
            batch: SendBatch::new(),
            bytes: Vec::with_capacity(BYTES_MAX),
            messages: Vec::with_capacity(MESSAGES_MAX),
            open: None,
        }
    }
}

impl Outgoing {
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
        let joins = self.open.filter(|(whose, segment, count)| {
            *whose == receiver && length <= *segment && *count < SEGMENTS_MAX
        });
        match (joins, self.messages.last_mut()) {
            (Some((_, segment, count)), Some(train)) => {
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
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let socket = UdpSocket::bind(local).expect("a port");
        let tuple = Tuple { local: socket.local_addr(), remote: local, path: Path::Udp };
        let mut out = Outgoing::default();
        for (receiver, length) in packets {
            let space = out.reserve(&socket, *receiver, tuple, *length);
            assert_eq!(space.len(), *length);
        }
        out.messages.iter().map(|it| (it.length, it.segment)).collect()
    }

    #[test]
    fn a_train_ends_with_a_shorter_packet_and_with_its_receiver() {
        let packets = [(1, 100), (1, 100), (1, 60), (1, 60), (2, 60), (2, 61)];
        assert_eq!(trains(&packets), [(260, 100), (60, 0), (60, 0), (61, 0)]);
        assert_eq!(trains(&[(1, 10); 17]), [(160, 10), (10, 0)]);
    }
}
