//! Reads transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): which
//! packets of a transport arrived, and when.
//!
//! A message is checked in time linear in its bytes before a packet of it is given out; walking it
//! takes at most [`STATUS_COUNT_MAX`] steps, whatever its run lengths say. Arrivals are as the
//! receiver claims: whether they can be is for the estimator to judge, and a lie changes the liar's
//! own estimate alone.

use protocol::media::{SeqNo, Ssrc};

use super::{RtcpMalformed, twcc};

/// The most packets that one message may tell of. RFC 8888 §3.1 has the same limit; more than half
/// the circle of sequence numbers could not be told apart.
pub const STATUS_COUNT_MAX: u16 = 16_384;

/// Which packets of a transport arrived, and when.
#[derive(Clone, Debug)]
pub struct TransportFeedback<'p> {
    /// Who tells.
    pub sender: Ssrc,
    /// A stream of the transport.
    pub media: Ssrc,
    /// The transport-wide number of the first packet told of.
    pub base_seq: SeqNo,
    /// How many packets are told of, 1 to [`STATUS_COUNT_MAX`].
    pub status_count: u16,
    /// The point that arrivals are counted from.
    pub reference: ReferenceTime,
    /// Rises by one with each message; wraps.
    pub feedback_count: u8,
    chunks: &'p [[u8; 2]],
    deltas: &'p [u8],
}

/// A point on the receiver's clock, in units of 64 ms, 24 bits: it wraps after twelve days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceTime(u32);

/// One packet as the receiver saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportPacket {
    /// Its transport-wide number.
    pub seq: SeqNo,
    /// When it arrived, in µs after the message's [`ReferenceTime`], in steps of 250 µs; `None` if
    /// it did not. Add [`ReferenceClock::micros`].
    pub arrival_micros: Option<i64>,
}

impl<'p> TransportFeedback<'p> {
    pub(super) fn read(
        sender: Ssrc,
        media: Ssrc,
        body: &'p [u8],
    ) -> Result<TransportFeedback<'p>, RtcpMalformed> {
        let (head, rest) = body.split_first_chunk::<8>().ok_or(RtcpMalformed)?;
        let status_count = u16::from_be_bytes([head[2], head[3]]);
        if status_count == 0 || status_count > STATUS_COUNT_MAX {
            return Err(RtcpMalformed);
        }
        let (chunk_count, deltas_length) = measure(rest.as_chunks().0, status_count)?;
        let (chunks, deltas) = rest.split_at(2 * chunk_count);
        Ok(TransportFeedback {
            sender,
            media,
            base_seq: SeqNo(u16::from_be_bytes([head[0], head[1]])),
            status_count,
            reference: ReferenceTime(u32::from_be_bytes([0, head[4], head[5], head[6]])),
            feedback_count: head[7],
            chunks: chunks.as_chunks().0,
            // What follows fills the last word.
            deltas: deltas.get(..deltas_length).ok_or(RtcpMalformed)?,
        })
    }

    /// Every packet told of, in the order of their numbers.
    #[must_use]
    pub fn packets(&self) -> TransportPackets<'p> {
        TransportPackets {
            seq: self.base_seq,
            left: self.status_count,
            chunk: Chunk(0),
            position: 0,
            chunks: self.chunks,
            deltas: self.deltas,
            ticks: 0,
        }
    }
}

/// How many chunks hold `status_count` symbols, and how many bytes of deltas belong to them.
fn measure(chunks: &[[u8; 2]], status_count: u16) -> Result<(usize, usize), RtcpMalformed> {
    let mut left = status_count;
    let mut deltas_length = 0;
    let mut used = 0;
    while left > 0 {
        let chunk = Chunk(u16::from_be_bytes(*chunks.get(used).ok_or(RtcpMalformed)?));
        let length = chunk.length().min(left);
        deltas_length += chunk.deltas_length(length).ok_or(RtcpMalformed)?;
        left -= length;
        used += 1;
    }
    Ok((used, deltas_length))
}

/// The packets of a [`TransportFeedback`].
#[derive(Clone, Debug)]
pub struct TransportPackets<'p> {
    seq: SeqNo,
    left: u16,
    chunk: Chunk,
    /// How many symbols of `chunk` are used.
    position: u16,
    chunks: &'p [[u8; 2]],
    deltas: &'p [u8],
    /// The last arrival, in units of 250 µs.
    ticks: i64,
}

impl TransportPackets<'_> {
    fn next_symbol(&mut self) -> Option<u16> {
        while self.position == self.chunk.length() {
            let (chunk, rest) = self.chunks.split_first()?;
            (self.chunk, self.chunks, self.position) = (Chunk(u16::from_be_bytes(*chunk)), rest, 0);
        }
        self.position += 1;
        Some(self.chunk.symbol(self.position - 1))
    }

    /// Ticks since the packet before, or since the reference.
    fn next_delta(&mut self, symbol: u16) -> Option<i64> {
        if symbol == twcc::SMALL_DELTA {
            let (delta, rest) = self.deltas.split_first()?;
            self.deltas = rest;
            Some(i64::from(*delta))
        } else {
            let (delta, rest) = self.deltas.split_first_chunk::<2>()?;
            self.deltas = rest;
            Some(i64::from(i16::from_be_bytes(*delta)))
        }
    }
}

impl Iterator for TransportPackets<'_> {
    type Item = TransportPacket;

    fn next(&mut self) -> Option<TransportPacket> {
        self.left = self.left.checked_sub(1)?;
        let symbol = self.next_symbol()?;
        let seq = self.seq;
        self.seq = seq.add(1);
        if symbol == twcc::NOT_RECEIVED {
            return Some(TransportPacket { seq, arrival_micros: None });
        }
        self.ticks += self.next_delta(symbol)?;
        Some(TransportPacket { seq, arrival_micros: Some(self.ticks * twcc::TICK_MICROS) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl ExactSizeIterator for TransportPackets<'_> {}

/// Two bytes that hold symbols (§3.1.2 to §3.1.4 of the draft).
#[derive(Clone, Copy, Debug)]
struct Chunk(u16);

impl Chunk {
    const fn length(self) -> u16 {
        match self.0 >> 14 {
            0b10 => twcc::ONE_BIT_SYMBOLS as u16,
            0b11 => twcc::TWO_BIT_SYMBOLS as u16,
            // A run: one bit of type, a symbol of two, and 13 bits of length.
            _ => self.0 & twcc::RUN_LENGTH_MAX as u16,
        }
    }

    const fn symbol(self, position: u16) -> u16 {
        match self.0 >> 14 {
            0b10 => self.0 >> (13 - position) & 1,
            0b11 => self.0 >> (12 - 2 * position) & 3,
            _ => self.0 >> 13 & 3,
        }
    }

    /// Bytes of deltas that the first `length` symbols stand for; `None` if one is reserved.
    fn deltas_length(self, length: u16) -> Option<usize> {
        // All symbols of a run are alike, so that its length costs no time.
        let (distinct, times) = match self.0 >> 14 {
            0b10 | 0b11 => (length, 1),
            _ => (length.min(1), usize::from(length)),
        };
        let each = (0..distinct).map(|position| match self.symbol(position) {
            twcc::NOT_RECEIVED => Some(0),
            twcc::SMALL_DELTA => Some(1),
            twcc::LARGE_DELTA => Some(2),
            _ => None,
        });
        each.sum::<Option<usize>>().map(|bytes| bytes * times)
    }
}

/// Turns the reference times of one receiver's messages into a clock that does not wrap.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceClock {
    /// The last reference time, in units of 64 ms.
    last: Option<i64>,
}

impl ReferenceClock {
    /// `reference` in µs on a clock that goes on over the wrap: the shorter way round the circle
    /// from the last one, so messages may come out of order.
    pub fn micros(&mut self, reference: ReferenceTime) -> i64 {
        let unwrapped = self.last.map_or(i64::from(reference.0), |last| {
            // 24 bits with a sign.
            last + i64::from((reference.0.wrapping_sub(last as u32) << 8) as i32 >> 8)
        });
        self.last = Some(unwrapped);
        unwrapped * twcc::REFERENCE_MICROS
    }
}

#[cfg(test)]
mod tests;
