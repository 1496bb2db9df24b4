//! VP8 payloads: the descriptor (RFC 7741 §4.2), keyframes (§4.3), and numbers that go on.
//!
//! A decoder orders frames by picture id, TL0PICIDX and KEYIDX, so after another stream has taken
//! over they go on from the last ones sent: left as they are, 3 to 5 frames are lost in ten
//! switches (measured). A 7-bit picture id is written with 15 bits, because a slot can carry both
//! in turn; a stream without one stays without.

use serde::{Deserialize, Serialize};

/// One byte of flags, one of extension flags, two of picture id, TL0PICIDX, TID and KEYIDX.
pub(crate) const DESCRIPTOR_LENGTH_MAX: usize = 6;

/// Bytes from the frame tag to the end of the picture's size in a keyframe (RFC 6386 §9.1).
const KEYFRAME_HEAD_LENGTH: usize = 10;

const EXTENDED: u8 = 0x80;
const STARTS_PARTITION: u8 = 0x10;
const PARTITION: u8 = 0x07;
const HAS_PICTURE_ID: u8 = 0x80;
const HAS_TL0_PICTURE: u8 = 0x40;
const HAS_TEMPORAL_LAYER: u8 = 0x20;
const HAS_KEY_INDEX: u8 = 0x10;
const WIDE_PICTURE_ID: u8 = 0x80;

/// A parsed payload descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    flags: u8,
    extension: u8,
    picture: Option<PictureId>,
    tl0_picture: Option<u8>,
    /// TID, Y and KEYIDX in one byte, present if the stream has either.
    layer: Option<u8>,
    length: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PictureId {
    value: u16,
    bits: u8,
}

impl Descriptor {
    /// Reads the head of `payload`; `None` if it ends inside the descriptor.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader { payload, offset: 0 };
        let flags = reader.byte()?;
        let extension = if flags & EXTENDED != 0 { reader.byte()? } else { 0 };
        let picture = if extension & HAS_PICTURE_ID != 0 {
            let high = reader.byte()?;
            Some(if high & WIDE_PICTURE_ID != 0 {
                let value = u16::from_be_bytes([high & 0x7F, reader.byte()?]);
                PictureId { value, bits: 15 }
            } else {
                PictureId { value: u16::from(high), bits: 7 }
            })
        } else {
            None
        };
        let tl0_picture =
            if extension & HAS_TL0_PICTURE != 0 { Some(reader.byte()?) } else { None };
        let layer = if extension & (HAS_TEMPORAL_LAYER | HAS_KEY_INDEX) != 0 {
            Some(reader.byte()?)
        } else {
            None
        };
        Some(Descriptor {
            flags,
            extension,
            picture,
            tl0_picture,
            layer,
            length: reader.offset as u8,
        })
    }

    /// Bytes of the descriptor in the payload that it was read from.
    pub(crate) fn length(&self) -> usize {
        usize::from(self.length)
    }

    /// Whether the packet is the first of a keyframe.
    ///
    /// The frame tag's lowest bit is zero and the start code follows (RFC 6386 §9.1). Where frames
    /// are encrypted end to end, browsers leave these ten bytes in clear.
    pub(crate) fn starts_keyframe(&self, payload: &[u8]) -> bool {
        let starts_frame = self.flags & STARTS_PARTITION != 0 && self.flags & PARTITION == 0;
        let frame = payload.get(self.length()..).unwrap_or(&[]);
        let Some(head) = frame.first_chunk::<KEYFRAME_HEAD_LENGTH>() else {
            return false;
        };
        starts_frame && head[0] & 1 == 0 && head[3..6] == [0x9D, 0x01, 0x2A]
    }

    /// Writes the descriptor with `numbers` in place of its own; returns its length.
    pub(crate) fn write(&self, numbers: Numbers, out: &mut [u8; DESCRIPTOR_LENGTH_MAX]) -> usize {
        out[0] = self.flags;
        out[1] = self.extension;
        let mut length = if self.flags & EXTENDED != 0 { 2 } else { 1 };
        if self.picture.is_some() {
            let [high, low] = numbers.picture.to_be_bytes();
            out[length] = WIDE_PICTURE_ID | high;
            out[length + 1] = low;
            length += 2;
        }
        if self.tl0_picture.is_some() {
            out[length] = numbers.tl0_picture;
            length += 1;
        }
        if let Some(layer) = self.layer {
            out[length] = layer & 0xE0 | numbers.key_index;
            length += 1;
        }
        length
    }

    fn key_index(&self) -> Option<u8> {
        self.layer.filter(|_| self.extension & HAS_KEY_INDEX != 0).map(|byte| byte & 0x1F)
    }
}

struct Reader<'p> {
    payload: &'p [u8],
    offset: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.payload.get(self.offset)?;
        self.offset += 1;
        Some(byte)
    }
}

/// The numbers of one outgoing frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) picture: u16,
    pub(crate) tl0_picture: u8,
    pub(crate) key_index: u8,
}

/// Continues a slot's frame numbers over all streams that it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbering {
    picture: Continued,
    tl0_picture: Continued,
    key_index: Continued,
}

impl Numbering {
    /// Begins after picture `last`, of which 15 bits count.
    pub(crate) const fn new(last: u16) -> Self {
        Numbering {
            picture: Continued::new(15, last & 0x7FFF),
            tl0_picture: Continued::new(8, 0),
            key_index: Continued::new(5, 0),
        }
    }

    /// Another stream takes over with the next packet.
    pub(crate) const fn restart(&mut self) {
        self.picture.input = None;
        self.tl0_picture.input = None;
        self.key_index.input = None;
    }

    /// The numbers of the packet with `descriptor`; `newest` unless it came late.
    pub(crate) fn continued(&mut self, descriptor: &Descriptor, newest: bool) -> Numbers {
        let picture =
            descriptor.picture.map_or(0, |id| self.picture.map(id.value, id.bits, newest));
        let tl0_picture =
            descriptor.tl0_picture.map_or(0, |value| self.tl0_picture.map(value.into(), 8, newest));
        let key_index =
            descriptor.key_index().map_or(0, |value| self.key_index.map(value.into(), 5, newest));
        Numbers { picture, tl0_picture: tl0_picture as u8, key_index: key_index as u8 }
    }
}

/// A wrapping counter that follows the steps of whichever stream flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Continued {
    /// Bits of the outgoing counter.
    bits: u8,
    /// The newest incoming value; `None` before a stream's first.
    input: Option<u16>,
    output: u16,
}

impl Continued {
    const fn new(bits: u8, last: u16) -> Self {
        Continued { bits, input: None, output: last }
    }

    fn map(&mut self, value: u16, bits: u8, newest: bool) -> u16 {
        let step = match self.input {
            // A packet newer than all before cannot be of an older frame: the encoder began anew.
            Some(input) => match signed_step(input, value, bits) {
                back if back < 0 && newest => 1,
                step => step,
            },
            None => 1,
        };
        let output = self.output.wrapping_add_signed(step) & ((1 << self.bits) - 1);
        if newest || self.input.is_none() {
            self.input = Some(value);
            self.output = output;
        }
        output
    }
}

/// The shorter way from `from` to `to` round a circle of 2^`bits`.
fn signed_step(from: u16, to: u16, bits: u8) -> i16 {
    let unused = 16 - u32::from(bits);
    let distance = to.wrapping_sub(from) << unused;
    distance as i16 >> unused
}

#[cfg(test)]
mod tests;
