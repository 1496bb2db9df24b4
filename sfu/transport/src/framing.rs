//! Cuts a byte stream into messages: RFC 4571 for ICE-TCP, STUN and ChannelData for TURN.
//!
//! It is fed whatever arrives, in pieces of any size, and gives whole messages. It never looks into
//! one beyond its length. Its memory is one buffer of [`BUFFER_LENGTH`] bytes, taken when it is
//! made; a message that could not fit ends the stream. Tests: `framing/tests.rs`.

/// The longest message, in bytes. Browsers send none above 1 500: what leaves them as a datagram
/// elsewhere must fit a frame.
pub const MESSAGE_LENGTH_MAX: usize = 2_048;

/// Bytes of the buffer: two messages, so that one can always be completed.
pub const BUFFER_LENGTH: usize = 2 * (MESSAGE_LENGTH_MAX + HEAD_LENGTH_MAX);

/// The longest head of a message.
const HEAD_LENGTH_MAX: usize = 20;

/// How messages follow one another on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Each behind its length in two bytes (RFC 4571 §2), as ICE-TCP wants it (RFC 6544 §3).
    Rfc4571,
    /// STUN and ChannelData, which tell their length themselves (RFC 8656 §12.5): a message is
    /// given with its head, and without the padding of ChannelData.
    Turn,
}

/// The stream is not one of this framing, or has a message above the limit: it must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream does not keep to its framing")]
pub struct BadFraming;

/// A stream's bytes that are no whole message yet.
#[derive(Debug)]
pub struct FrameReader {
    framing: Framing,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

/// Where a message lies behind the bytes that are taken.
struct Frame {
    /// Bytes before the message.
    head: usize,
    /// Bytes of the message.
    body: usize,
    /// All bytes to the next message.
    total: usize,
}

impl FrameReader {
    /// Takes the memory.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        FrameReader { framing, buffer: vec![0; BUFFER_LENGTH].into(), start: 0, end: 0 }
    }

    /// Where the next bytes of the stream are to be written; never empty once
    /// [`Self::next_message`] has given all it can.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.buffer[self.end..]
    }

    /// Tells that `count` bytes were written to [`Self::space`].
    pub fn advance(&mut self, count: usize) {
        debug_assert!(self.end + count <= self.buffer.len(), "more than there was space for");
        self.end = self.buffer.len().min(self.end + count);
    }

    /// The next whole message; `None` until more bytes come.
    ///
    /// # Errors
    /// [`BadFraming`]: nothing that follows can be understood.
    pub fn next_message(&mut self) -> Result<Option<&mut [u8]>, BadFraming> {
        loop {
            let Some(frame) = self.framing.frame(&self.buffer[self.start..self.end])? else {
                return Ok(None);
            };
            if frame.total > self.end - self.start {
                return Ok(None);
            }
            let body = self.start + frame.head..self.start + frame.head + frame.body;
            self.start += frame.total;
            // RFC 4571 §2: a length of zero is no packet.
            if !body.is_empty() {
                return Ok(Some(&mut self.buffer[body]));
            }
        }
    }
}

impl Framing {
    /// The message at the beginning of `bytes`; `None` until its length can be read.
    fn frame(self, bytes: &[u8]) -> Result<Option<Frame>, BadFraming> {
        let frame = match (self, bytes) {
            (Framing::Rfc4571, [high, low, ..]) => {
                let body = usize::from(u16::from_be_bytes([*high, *low]));
                Frame { head: 2, body, total: 2 + body }
            }
            (Framing::Turn, [first, _, high, low, ..]) => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                match first >> 6 {
                    // RFC 8489 §5: a length in whole words, without the header of 20 bytes.
                    0 if length % 4 == 0 => {
                        Frame { head: 0, body: 20 + length, total: 20 + length }
                    }
                    // RFC 8656 §12.4 and §12.5: padded on streams, and the length does not say so.
                    1 => {
                        let total = 4 + length.next_multiple_of(4);
                        Frame { head: 0, body: 4 + length, total }
                    }
                    _ => return Err(BadFraming),
                }
            }
            (Framing::Rfc4571 | Framing::Turn, _) => return Ok(None),
        };
        if frame.body > MESSAGE_LENGTH_MAX { Err(BadFraming) } else { Ok(Some(frame)) }
    }
}

/// The head of a message of `length` bytes by RFC 4571 §2.
#[must_use]
pub fn rfc4571_head(length: u16) -> [u8; 2] {
    length.to_be_bytes()
}

#[cfg(test)]
mod tests;
