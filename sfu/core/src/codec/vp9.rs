//! VP9 payloads: the descriptor of RFC 9628 §4.2, with and without flexible mode.
//!
//! All spatial layers of one picture share its id and its RTP timestamp; a *layer frame* is one of
//! them. Only picture id and TL0PICIDX change from receiver to receiver: references are counted
//! backwards from the id (flexible mode) or follow from its place in the group of pictures, and
//! both survive an offset.

use super::{
    FrameFacts, SwitchUp,
    bytes::ByteReader,
    numbering::{Numbers, PictureId},
};

/// One byte of flags, two of picture id, one of layers, one of TL0PICIDX.
pub(crate) const HEAD_LENGTH_MAX: usize = 5;

const HAS_PICTURE_ID: u8 = 0x80;
const INTER_PREDICTED: u8 = 0x40;
const HAS_LAYER: u8 = 0x20;
const FLEXIBLE: u8 = 0x10;
const STARTS_LAYER_FRAME: u8 = 0x08;
const ENDS_LAYER_FRAME: u8 = 0x04;
const HAS_STRUCTURE: u8 = 0x02;
const SWITCHING_UP: u8 = 0x10;

/// References of one picture in flexible mode (RFC 9628 §4.2, P_DIFF).
const REFERENCES_MAX: usize = 3;

/// A parsed payload descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    flags: u8,
    picture: Option<PictureId>,
    /// TID, U, SID and D in one byte.
    layer: Option<u8>,
    tl0_picture: Option<u8>,
    /// Bytes up to TL0PICIDX.
    head_length: u8,
}

impl Descriptor {
    /// Reads the head of `payload`; `None` if it ends inside the descriptor or names more
    /// references than there may be.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = ByteReader::new(payload);
        let flags = reader.byte()?;
        let picture = if flags & HAS_PICTURE_ID != 0 { Some(reader.picture_id()?) } else { None };
        let layer = if flags & HAS_LAYER != 0 { Some(reader.byte()?) } else { None };
        let has_tl0 = layer.is_some() && flags & FLEXIBLE == 0;
        let tl0_picture = if has_tl0 { Some(reader.byte()?) } else { None };
        let head_length = reader.offset() as u8;
        if flags & FLEXIBLE != 0 && flags & INTER_PREDICTED != 0 {
            let mut references = 0;
            while reader.byte()? & 1 != 0 {
                references += 1;
                if references == REFERENCES_MAX {
                    return None;
                }
            }
        }
        if flags & HAS_STRUCTURE != 0 {
            skip_structure(&mut reader)?;
        }
        Some(Descriptor { flags, picture, layer, tl0_picture, head_length })
    }

    /// Bytes at the head of the payload that [`Descriptor::write`] replaces.
    pub(crate) fn head_length(&self) -> usize {
        usize::from(self.head_length)
    }

    pub(crate) const fn picture(&self) -> Option<PictureId> {
        self.picture
    }

    pub(crate) const fn tl0_picture(&self) -> Option<u8> {
        self.tl0_picture
    }

    /// What the packet says of its layer frame.
    ///
    /// A keyframe is a picture that no other predicts, from its lowest spatial layer on. U says
    /// that higher temporal layers do not look back over this picture.
    pub(crate) fn frame(&self) -> FrameFacts {
        let layer = self.layer.unwrap_or(0);
        let spatial = layer >> 1 & 0x07;
        let starts_frame = self.flags & STARTS_LAYER_FRAME != 0;
        FrameFacts {
            starts_frame,
            ends_frame: self.flags & ENDS_LAYER_FRAME != 0,
            starts_keyframe: starts_frame && self.flags & INTER_PREDICTED == 0 && spatial == 0,
            spatial,
            temporal: layer >> 5,
            switch_up: if layer & SWITCHING_UP != 0 { SwitchUp::ToAll } else { SwitchUp::Never },
            discardable: false,
        }
    }

    /// Writes the head with `numbers` in place of its own; returns its length.
    pub(crate) fn write(&self, numbers: Numbers, out: &mut [u8]) -> usize {
        let mut length = 0;
        let mut put = |bytes: &[u8]| {
            out[length..length + bytes.len()].copy_from_slice(bytes);
            length += bytes.len();
        };
        put(&[self.flags]);
        if self.picture.is_some() {
            put(&numbers.wide_picture());
        }
        if let Some(layer) = self.layer {
            put(&[layer]);
        }
        if self.tl0_picture.is_some() {
            put(&[numbers.tl0_picture]);
        }
        length
    }
}

/// Walks over the scalability structure (RFC 9628 §4.2.1).
fn skip_structure(reader: &mut ByteReader<'_>) -> Option<()> {
    let head = reader.byte()?;
    let layers = usize::from(head >> 5) + 1;
    if head & 0x10 != 0 {
        reader.bytes(4 * layers)?; // Width and height of each.
    }
    if head & 0x08 != 0 {
        for _ in 0..reader.byte()? {
            let references = reader.byte()? >> 2 & 0x03;
            reader.bytes(usize::from(references))?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
