//! Redundant audio data (RFC 2198), as browsers send it for Opus (`audio/red`).
//!
//! A payload is a list of block headers, then the blocks: earlier frames, the oldest first, and the
//! *primary*, the packet's own. A header of an earlier frame says how long before the packet's
//! timestamp it was (14 bits) and its length (10 bits); the primary's is one byte and its length is
//! the rest.
//!
//! [`Blocks`] reads a payload. [`Redundancy`] makes one, once for all receivers: two receivers
//! differ in nothing but the payload type of Opus, which stands in the block headers, so those are
//! written for each and the blocks are shared. It never allocates.
//!
//! Tests: `red/tests.rs`.

use protocol::media::{Pt, RtpTime};

/// Earlier frames in a payload that is made: two, so that a burst of two losses is heard whole.
pub const DISTANCE: usize = 2;

/// Blocks in a payload that is read, at most: more would be a second of sound in one packet.
const BLOCKS_MAX: usize = 32;

/// An earlier frame is at most this far back, in ticks (RFC 2198 §3: 14 bits): 341 ms.
const OFFSET_MAX: u32 = (1 << 14) - 1;

/// Bytes of the block header of an earlier frame, and of the primary.
const HEADER_LENGTH: usize = 4;
const PRIMARY_HEADER_LENGTH: usize = 1;

/// Bytes of all block headers that are made.
pub(crate) const HEADERS_LENGTH_MAX: usize = DISTANCE * HEADER_LENGTH + PRIMARY_HEADER_LENGTH;

/// The longest frame that is kept to be repeated: 192 kb/s in 20 ms. Longer ones are music, whose
/// sender has bits to spare and for which repeating would triple them.
const KEPT_LENGTH_MAX: usize = 480;

/// One frame in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'p> {
    /// What it is.
    pub pt: Pt,
    /// How long before the packet's timestamp, in ticks of its clock; 0 for the primary.
    pub offset: u16,
    /// The frame.
    pub payload: &'p [u8],
}

/// The blocks of one payload, the oldest first and the primary last.
#[derive(Clone, Debug)]
pub struct Blocks<'p> {
    headers: &'p [u8],
    data: &'p [u8],
}

impl<'p> Blocks<'p> {
    /// Reads the headers of `payload`; `None` if they do not end, are more than 32, or name more
    /// bytes than there are.
    #[must_use]
    pub fn parse(payload: &'p [u8]) -> Option<Self> {
        let mut at = 0;
        let mut length = 0;
        // RFC 2198 §3: the first bit says that another block follows.
        while payload.get(at)? & 0x80 != 0 {
            let header = payload.get(at..at + HEADER_LENGTH)?;
            length += block_length(header);
            at += HEADER_LENGTH;
            if at == (BLOCKS_MAX - 1) * HEADER_LENGTH {
                return None;
            }
        }
        let (headers, data) = payload.split_at_checked(at + PRIMARY_HEADER_LENGTH)?;
        (length <= data.len()).then_some(Blocks { headers, data })
    }

    /// How many there are, the primary included.
    #[must_use]
    pub const fn block_count(&self) -> usize {
        self.headers.len().div_ceil(HEADER_LENGTH)
    }
}

impl<'p> Iterator for Blocks<'p> {
    type Item = Block<'p>;

    fn next(&mut self) -> Option<Block<'p>> {
        let pt = Pt(*self.headers.first()? & 0x7F);
        if let Some((header, rest)) = self.headers.split_at_checked(HEADER_LENGTH) {
            let offset = u16::from_be_bytes([header[1], header[2]]) >> 2;
            let (payload, data) = self.data.split_at_checked(block_length(header))?;
            (self.headers, self.data) = (rest, data);
            Some(Block { pt, offset, payload })
        } else {
            self.headers = &[];
            Some(Block { pt, offset: 0, payload: self.data })
        }
    }
}

/// The length in the block header of an earlier frame.
fn block_length(header: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([header[2], header[3]]) & 0x03FF)
}

/// The frames of one source that the next packets repeat.
#[derive(Clone, Copy, Debug)]
pub struct Recent {
    /// The newest first.
    frames: [Kept; DISTANCE],
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    time: RtpTime,
    /// 0 where there is none.
    length: u16,
    bytes: [u8; KEPT_LENGTH_MAX],
}

impl Kept {
    const NONE: Kept = Kept { time: RtpTime(0), length: 0, bytes: [0; KEPT_LENGTH_MAX] };

    fn payload(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Recent {
    /// Nothing yet.
    pub const NONE: Recent = Recent { frames: [Kept::NONE; DISTANCE] };

    /// Keeps the frame of `time`, newer than those before; one that is too long is not kept.
    pub fn remember(&mut self, time: RtpTime, payload: &[u8]) {
        self.frames.rotate_right(1);
        let newest = &mut self.frames[0];
        newest.time = time;
        newest.length = 0;
        if let Some(bytes) = newest.bytes.get_mut(..payload.len()) {
            bytes.copy_from_slice(payload);
            newest.length = payload.len() as u16;
        }
    }

    /// Forgets all, because the next frame is of another stream.
    pub fn forget(&mut self) {
        for kept in &mut self.frames {
            kept.length = 0;
        }
    }

    /// Lays out the blocks for the frame `primary` of `time` in `out`: the kept frames that are
    /// near enough and, the oldest left out first, fit. `None` if there is none, so that the frame
    /// goes alone.
    pub fn redundancy<'o>(
        &self,
        time: RtpTime,
        primary: &[u8],
        out: &'o mut [u8],
    ) -> Option<Redundancy<'o>> {
        let mut made = Redundancy { offsets: [(0, 0); DISTANCE], count: 0, body: &[] };
        let mut room = out.len().checked_sub(primary.len() + PRIMARY_HEADER_LENGTH)?;
        for kept in &self.frames {
            let offset = time.0.wrapping_sub(kept.time.0);
            let needed = kept.payload().len() + HEADER_LENGTH;
            let is_near = (1..=OFFSET_MAX).contains(&offset);
            if kept.length == 0 || !is_near || needed > room {
                break;
            }
            room -= needed;
            made.offsets[usize::from(made.count)] = (offset as u16, kept.length);
            made.count += 1;
        }
        if made.count == 0 {
            return None;
        }
        let mut length = 0;
        let earlier = self.frames[..usize::from(made.count)].iter().rev().map(Kept::payload);
        for block in earlier.chain([primary]) {
            out[length..length + block.len()].copy_from_slice(block);
            length += block.len();
        }
        Some(Redundancy { body: &out[..length], ..made })
    }
}

/// A payload that is made, but for the payload type in its block headers.
#[derive(Clone, Copy, Debug)]
pub struct Redundancy<'o> {
    /// Offset and length of the earlier frames, the newest first.
    offsets: [(u16, u16); DISTANCE],
    count: u8,
    body: &'o [u8],
}

impl<'o> Redundancy<'o> {
    /// The blocks.
    #[must_use]
    pub const fn body(&self) -> &'o [u8] {
        self.body
    }

    /// Writes the block headers to the start of `out`, 5 to 9 bytes, with `opus` as the payload
    /// type; returns how many.
    pub fn write_headers(&self, opus: Pt, out: &mut [u8; HEADERS_LENGTH_MAX]) -> usize {
        let mut at = 0;
        for &(offset, length) in self.offsets[..usize::from(self.count)].iter().rev() {
            let header =
                u32::from(0x80 | opus.0) << 24 | u32::from(offset) << 10 | u32::from(length);
            out[at..at + HEADER_LENGTH].copy_from_slice(&header.to_be_bytes());
            at += HEADER_LENGTH;
        }
        out[at] = opus.0;
        at + PRIMARY_HEADER_LENGTH
    }
}

#[cfg(test)]
mod tests;
