//! The RTP header, parsed once into offsets (RFC 3550 §5.1, RFC 8285).
//!
//! It never copies and never allocates. A header that does not fit its packet is `None`.

use crate::media::{Pt, RtpTime, SeqNo, Ssrc};

/// Bytes of an RTP header without CSRCs and extensions.
pub const FIXED_HEADER_LENGTH: usize = 12;

/// Extension profile of one-byte elements (RFC 8285 §4.2).
pub const ONE_BYTE_PROFILE: u16 = 0xBEDE;

/// Extension profile of two-byte elements, without its four application bits (RFC 8285 §4.3).
pub const TWO_BYTE_PROFILE: u16 = 0x1000;

/// A parsed header: values, and offsets into the packet they came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    /// The marker bit.
    pub marker: bool,
    /// Whether the last byte of the payload counts padding. Known only after decryption.
    pub has_padding: bool,
    /// Payload type.
    pub pt: Pt,
    /// Sequence number.
    pub seq: SeqNo,
    /// Timestamp.
    pub timestamp: RtpTime,
    /// Sender of the stream.
    pub ssrc: Ssrc,
    /// Profile of the extension block, 0 where there is none.
    pub extension_profile: u16,
    /// Where the extension elements begin and end.
    pub extension_range: (u16, u16),
    /// Where the payload begins.
    pub payload_offset: u16,
}

impl RtpHeader {
    /// Reads the header at the start of `packet`, which may be longer than 64 KiB only in error.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<RtpHeader> {
        let fixed = packet.first_chunk::<FIXED_HEADER_LENGTH>()?;
        let version = fixed[0] >> 6;
        if version != 2 || packet.len() > usize::from(u16::MAX) {
            return None;
        }
        let csrc_count = usize::from(fixed[0] & 0x0F);
        let mut header = RtpHeader {
            marker: fixed[1] & 0x80 != 0,
            has_padding: fixed[0] & 0x20 != 0,
            pt: Pt(fixed[1] & 0x7F),
            seq: SeqNo(u16::from_be_bytes([fixed[2], fixed[3]])),
            timestamp: RtpTime(u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]])),
            ssrc: Ssrc(u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]])),
            extension_profile: 0,
            extension_range: (0, 0),
            payload_offset: 0,
        };
        let mut offset = FIXED_HEADER_LENGTH + 4 * csrc_count;
        if fixed[0] & 0x10 != 0 {
            let head = packet.get(offset..offset + 4)?;
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let end = offset + 4 + 4 * words;
            header.extension_profile = u16::from_be_bytes([head[0], head[1]]);
            header.extension_range = (u16::try_from(offset + 4).ok()?, u16::try_from(end).ok()?);
            offset = end;
        }
        if offset > packet.len() {
            return None;
        }
        header.payload_offset = u16::try_from(offset).ok()?;
        Some(header)
    }

    /// The extension elements of the packet that this header was parsed from.
    #[must_use]
    pub fn extensions<'p>(&self, packet: &'p [u8]) -> Extensions<'p> {
        let (start, end) = self.extension_range;
        let block = packet.get(usize::from(start)..usize::from(end)).unwrap_or(&[]);
        let two_byte = self.extension_profile & 0xFFF0 == TWO_BYTE_PROFILE;
        let known = two_byte || self.extension_profile == ONE_BYTE_PROFILE;
        Extensions { rest: if known { block } else { &[] }, two_byte }
    }

    /// The payload of a decrypted `packet`, without padding; `None` if the padding count is a lie.
    #[must_use]
    pub fn payload<'p>(&self, packet: &'p [u8]) -> Option<&'p [u8]> {
        let payload = packet.get(usize::from(self.payload_offset)..)?;
        if !self.has_padding {
            return Some(payload);
        }
        // RFC 3550 §5.1: the last octet counts the padding, itself included.
        let padding = usize::from(*payload.last()?);
        if padding == 0 { None } else { payload.get(..payload.len().checked_sub(padding)?) }
    }
}

/// Walks `(id, value)` of an extension block; stops at the first element that does not fit.
#[derive(Clone, Debug)]
pub struct Extensions<'p> {
    rest: &'p [u8],
    two_byte: bool,
}

impl<'p> Iterator for Extensions<'p> {
    type Item = (u8, &'p [u8]);

    fn next(&mut self) -> Option<(u8, &'p [u8])> {
        loop {
            let (&head, rest) = self.rest.split_first()?;
            self.rest = rest;
            if head == 0 {
                continue; // RFC 8285 §4.1.2: a zero byte is padding.
            }
            let (id, length) = if self.two_byte {
                let (&length, rest) = self.rest.split_first()?;
                self.rest = rest;
                (head, usize::from(length))
            } else {
                (head >> 4, usize::from(head & 0x0F) + 1)
            };
            // RFC 8285 §4.2: id 15 ends the walk.
            if (!self.two_byte && id == 15) || length > self.rest.len() {
                self.rest = &[];
                return None;
            }
            let (value, rest) = self.rest.split_at(length);
            self.rest = rest;
            return Some((id, value));
        }
    }
}

#[cfg(test)]
mod tests;
