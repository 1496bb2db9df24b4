//! Makes whole handshake messages of fragments, in order and within bounds (RFC 6347 §4.2.3).

use std::collections::VecDeque;

use super::{FRAGMENTS_MAX, HandshakeError, MESSAGE_BYTES_MAX, record::Fragment};

/// How far a message may be ahead of the next one: a client's longest flight has three in the
/// clear.
const WINDOW: u16 = 4;

/// A message in one piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Which.
    pub kind: MessageKind,
    /// Its place in the handshake.
    pub message_seq: u16,
    /// What follows its header.
    pub body: Vec<u8>,
}

/// Messages that a client sends in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MessageKind {
    /// Twice: without and with the cookie of the HelloVerifyRequest.
    ClientHello,
    Certificate,
    ClientKeyExchange,
    CertificateVerify,
}

impl MessageKind {
    /// RFC 5246 §7.4.
    fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(MessageKind::ClientHello),
            11 => Some(MessageKind::Certificate),
            16 => Some(MessageKind::ClientKeyExchange),
            15 => Some(MessageKind::CertificateVerify),
            _ => None,
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            MessageKind::ClientHello => 1,
            MessageKind::Certificate => 11,
            MessageKind::ClientKeyExchange => 16,
            MessageKind::CertificateVerify => 15,
        }
    }

    /// Whether a client that has sent `self` may go on with `next`. All four are wanted: without
    /// CertificateVerify a certificate proves nothing.
    const fn allows(self, next: MessageKind) -> bool {
        matches!(
            (self, next),
            (MessageKind::ClientHello, MessageKind::ClientHello | MessageKind::Certificate)
                | (MessageKind::Certificate, MessageKind::ClientKeyExchange)
                | (MessageKind::ClientKeyExchange, MessageKind::CertificateVerify)
        )
    }
}

/// Collects the fragments of one handshake. It holds [`MESSAGE_BYTES_MAX`] at most.
#[derive(Debug, Default)]
pub(super) struct Reassembler {
    next_seq: u16,
    last: Option<MessageKind>,
    /// Messages from `next_seq` on.
    window: VecDeque<Option<Partial>>,
    fragments: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Partial {
    kind: MessageKind,
    body: Vec<u8>,
    /// Received stretches, apart from each other.
    received: Vec<(usize, usize)>,
}

/// What a fragment was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Something new, or nothing at all.
    Taken,
    /// The beginning of the last whole message again: the client has missed our answer to it.
    Repeated,
}

impl Reassembler {
    /// The last message handed over.
    pub(super) const fn last(&self) -> Option<MessageKind> {
        self.last
    }

    /// Takes a fragment. Costs no more than its length and [`FRAGMENTS_MAX`] steps.
    pub(super) fn push(&mut self, fragment: &Fragment<'_>) -> Result<Pushed, HandshakeError> {
        let ahead = fragment.message_seq.wrapping_sub(self.next_seq);
        let is_last = ahead == u16::MAX && self.last.is_some();
        if is_last && fragment.offset == 0 {
            return Ok(Pushed::Repeated);
        }
        let Some(kind) = MessageKind::from_number(fragment.kind) else {
            return Ok(Pushed::Taken);
        };
        if ahead >= WINDOW || fragment.body.is_empty() {
            return Ok(Pushed::Taken);
        }
        let place = usize::from(ahead);
        if self.window.len() <= place {
            self.window.resize_with(place + 1, || None);
        }
        let slot = &mut self.window[place];
        if slot.is_none() {
            self.bytes += fragment.message_length;
            if self.bytes > MESSAGE_BYTES_MAX {
                return Err(HandshakeError::TooMuch);
            }
        }
        let partial = slot.get_or_insert_with(|| Partial {
            kind,
            body: vec![0; fragment.message_length],
            received: Vec::new(),
        });
        // The first fragment says what the message is; one that disagrees is forged or garbage.
        let agrees = partial.kind == kind && partial.body.len() == fragment.message_length;
        if agrees && partial.fill(fragment.offset, fragment.body) {
            self.fragments += 1;
            if self.fragments > FRAGMENTS_MAX {
                return Err(HandshakeError::TooMuch);
            }
        }
        Ok(Pushed::Taken)
    }

    /// The next message, if it is whole.
    pub(super) fn pop(&mut self) -> Option<Result<Message, HandshakeError>> {
        let is_whole = self.window.front()?.as_ref().is_some_and(Partial::is_whole);
        if !is_whole {
            return None;
        }
        let partial = self.window.pop_front()??;
        let may_follow = match self.last {
            None => partial.kind == MessageKind::ClientHello,
            Some(last) => last.allows(partial.kind),
        };
        if !may_follow {
            return Some(Err(HandshakeError::OutOfOrder));
        }
        let message_seq = self.next_seq;
        self.next_seq = self.next_seq.wrapping_add(1);
        self.last = Some(partial.kind);
        Some(Ok(Message { kind: partial.kind, message_seq, body: partial.body }))
    }
}

impl Partial {
    /// Copies `piece` in; `false`, and no effect, if nothing in it is new.
    fn fill(&mut self, offset: usize, piece: &[u8]) -> bool {
        let end = offset + piece.len();
        if self.received.iter().any(|&(from, to)| from <= offset && end <= to) {
            return false;
        }
        let (mut from, mut to) = (offset, end);
        // What touches the piece becomes one stretch with it.
        self.received.retain(|&(known_from, known_to)| {
            let is_apart = known_to < from || to < known_from;
            if !is_apart {
                from = from.min(known_from);
                to = to.max(known_to);
            }
            is_apart
        });
        self.body[offset..end].copy_from_slice(piece);
        self.received.push((from, to));
        true
    }

    fn is_whole(&self) -> bool {
        self.received == [(0, self.body.len())]
    }
}
