//! Bytes of a payload descriptor, one after another.

use super::numbering::PictureId;

/// The M bit of a picture id of 15 bits.
const WIDE_PICTURE_ID: u8 = 0x80;

/// Reads a payload byte by byte; at the end everything is `None`.
#[derive(Debug)]
pub(crate) struct ByteReader<'p> {
    payload: &'p [u8],
    offset: usize,
}

impl<'p> ByteReader<'p> {
    pub(crate) const fn new(payload: &'p [u8]) -> Self {
        ByteReader { payload, offset: 0 }
    }

    /// Bytes read so far.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let byte = *self.payload.get(self.offset)?;
        self.offset += 1;
        Some(byte)
    }

    /// The next `count` bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'p [u8]> {
        let bytes = self.payload.get(self.offset..self.offset.checked_add(count)?)?;
        self.offset += count;
        Some(bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'p [u8] {
        self.payload.get(self.offset..).unwrap_or(&[])
    }

    /// A picture id of 7 or 15 bits (RFC 7741 §4.2, RFC 9628 §4.2).
    pub(crate) fn picture_id(&mut self) -> Option<PictureId> {
        let high = self.byte()?;
        Some(if high & WIDE_PICTURE_ID != 0 {
            let value = u16::from_be_bytes([high & 0x7F, self.byte()?]);
            PictureId { value, bits: 15 }
        } else {
            PictureId { value: u16::from(high), bits: 7 }
        })
    }

    /// A number in groups of seven bits, the lowest first (AV1 specification §4.10.5); `None` if
    /// it does not fit 32 bits.
    pub(crate) fn leb128(&mut self) -> Option<u32> {
        let mut value = 0_u64;
        for group in 0..8 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << (7 * group);
            if byte & 0x80 == 0 {
                return u32::try_from(value).ok();
            }
        }
        None
    }
}
