//! VP8 payloads: the descriptor (RFC 7741 §4.2) and keyframes (§4.3).
//!
//! A 7-bit picture id is written with 15 bits, because a slot can carry both in turn; a stream
//! without one stays without.

use super::{
    FrameFacts, SwitchUp,
    bytes::ByteReader,
    numbering::{Numbers, PictureId},
};

/// One byte of flags, one of extension flags, two of picture id, TL0PICIDX, TID and KEYIDX.
pub(crate) const DESCRIPTOR_LENGTH_MAX: usize = 6;

/// Bytes from the frame tag to the end of the picture's size in a keyframe (RFC 6386 §9.1).
const KEYFRAME_HEAD_LENGTH: usize = 10;

const EXTENDED: u8 = 0x80;
const NOT_REFERENCED: u8 = 0x20;
const STARTS_PARTITION: u8 = 0x10;
const PARTITION: u8 = 0x07;
const HAS_PICTURE_ID: u8 = 0x80;
const HAS_TL0_PICTURE: u8 = 0x40;
const HAS_TEMPORAL_LAYER: u8 = 0x20;
const HAS_KEY_INDEX: u8 = 0x10;
const LAYER_SYNC: u8 = 0x20;

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

impl Descriptor {
    /// Reads the head of `payload`; `None` if it ends inside the descriptor.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = ByteReader::new(payload);
        let flags = reader.byte()?;
        let extension = if flags & EXTENDED != 0 { reader.byte()? } else { 0 };
        let picture =
            if extension & HAS_PICTURE_ID != 0 { Some(reader.picture_id()?) } else { None };
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
            length: reader.offset() as u8,
        })
    }

    /// Bytes of the descriptor in the payload that it was read from.
    pub(crate) fn length(&self) -> usize {
        usize::from(self.length)
    }

    /// What the packet says of its frame; `marker` is the RTP marker.
    pub(crate) fn frame(&self, payload: &[u8], marker: bool) -> FrameFacts {
        let layer = self.layer.filter(|_| self.extension & HAS_TEMPORAL_LAYER != 0).unwrap_or(0);
        FrameFacts {
            starts_frame: self.starts_frame(),
            ends_frame: marker,
            starts_keyframe: self.starts_keyframe(payload),
            spatial: 0,
            temporal: layer >> 6,
            switch_up: if layer & LAYER_SYNC != 0 { SwitchUp::ToOwn } else { SwitchUp::Never },
            discardable: self.flags & NOT_REFERENCED != 0,
        }
    }

    pub(crate) const fn picture(&self) -> Option<PictureId> {
        self.picture
    }

    pub(crate) const fn tl0_picture(&self) -> Option<u8> {
        self.tl0_picture
    }

    pub(crate) fn key_index(&self) -> Option<u8> {
        self.layer.filter(|_| self.extension & HAS_KEY_INDEX != 0).map(|byte| byte & 0x1F)
    }

    const fn starts_frame(&self) -> bool {
        self.flags & STARTS_PARTITION != 0 && self.flags & PARTITION == 0
    }

    /// Whether the packet is the first of a keyframe.
    ///
    /// The frame tag's lowest bit is zero and the start code follows (RFC 6386 §9.1). Where frames
    /// are encrypted end to end, browsers leave these ten bytes in clear.
    fn starts_keyframe(&self, payload: &[u8]) -> bool {
        let frame = payload.get(self.length()..).unwrap_or(&[]);
        let Some(head) = frame.first_chunk::<KEYFRAME_HEAD_LENGTH>() else {
            return false;
        };
        self.starts_frame() && head[0] & 1 == 0 && head[3..6] == [0x9D, 0x01, 0x2A]
    }

    /// Writes the descriptor with `numbers` in place of its own; returns its length.
    pub(crate) fn write(&self, numbers: Numbers, out: &mut [u8; DESCRIPTOR_LENGTH_MAX]) -> usize {
        out[0] = self.flags;
        out[1] = self.extension;
        let mut length = if self.flags & EXTENDED != 0 { 2 } else { 1 };
        if self.picture.is_some() {
            out[length..length + 2].copy_from_slice(&numbers.wide_picture());
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
}

#[cfg(test)]
mod tests;
