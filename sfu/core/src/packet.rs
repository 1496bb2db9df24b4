//! An outgoing packet: a few rewritten bytes in front of the publisher's own.
//!
//! It borrows the publisher's packet and is written once, straight into the place from which it is
//! sealed. The header is always of one shape: no more than one CSRC (the participant, RFC 3550
//! §5.1) and one header extension (audio level or orientation) with the receiver's id; whatever
//! else the publisher's header held stays behind.

use protocol::{
    EndpointIndex, ParticipantId,
    media::{MediaKind, Pt, RtpTime, SeqNo, Ssrc},
    rtp::{FIXED_HEADER_LENGTH, ONE_BYTE_PROFILE},
};

use crate::codec::HEAD_LENGTH_MAX;

/// Fixed header, one CSRC, extension head, one word of extension.
const HEADER_LENGTH_MAX: usize = FIXED_HEADER_LENGTH + 4 + 4 + 4;

/// Where forwarded packets go.
pub trait Egress {
    /// Takes one packet for the endpoint `to`. It is called once for each receiver, in the order
    /// of sending, and must copy what it keeps.
    fn forward(&mut self, to: EndpointIndex, packet: &OutgoingPacket<'_>);
}

/// One packet for one receiver, in clear.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingPacket<'p> {
    header: [u8; HEADER_LENGTH_MAX],
    header_length: u8,
    head: [u8; HEAD_LENGTH_MAX],
    head_length: u8,
    body: &'p [u8],
    kind: MediaKind,
    ssrc: Ssrc,
    seq: SeqNo,
}

/// The fields of an outgoing header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderFields {
    pub(crate) kind: MediaKind,
    pub(crate) marker: bool,
    pub(crate) pt: Pt,
    pub(crate) seq: SeqNo,
    pub(crate) timestamp: RtpTime,
    pub(crate) ssrc: Ssrc,
    pub(crate) participant: ParticipantId,
    /// Id, 1 to 14, and value of the header extension.
    pub(crate) extension: Option<(u8, u8)>,
}

impl<'p> OutgoingPacket<'p> {
    pub(crate) fn new(fields: &HeaderFields, body: &'p [u8]) -> Self {
        let mut header = [0; HEADER_LENGTH_MAX];
        // Version 2, one CSRC.
        header[0] = 0x81;
        header[1] = u8::from(fields.marker) << 7 | fields.pt.0;
        header[2..4].copy_from_slice(&fields.seq.0.to_be_bytes());
        header[4..8].copy_from_slice(&fields.timestamp.0.to_be_bytes());
        header[8..12].copy_from_slice(&fields.ssrc.0.to_be_bytes());
        header[12..16].copy_from_slice(&fields.participant.get().to_be_bytes());
        let mut header_length = FIXED_HEADER_LENGTH + 4;
        if let Some((id, value)) = fields.extension {
            // RFC 8285 §4.2: one word: id and length, one byte of value, two of padding.
            header[0] |= 0x10;
            header[16..18].copy_from_slice(&ONE_BYTE_PROFILE.to_be_bytes());
            header[19] = 1;
            header[20] = id << 4;
            header[21] = value;
            header_length = HEADER_LENGTH_MAX;
        }
        OutgoingPacket {
            header,
            header_length: header_length as u8,
            head: [0; HEAD_LENGTH_MAX],
            head_length: 0,
            body,
            kind: fields.kind,
            ssrc: fields.ssrc,
            seq: fields.seq,
        }
    }

    /// Puts rewritten bytes between header and body.
    pub(crate) const fn set_head(&mut self, head: [u8; HEAD_LENGTH_MAX], length: usize) {
        self.head = head;
        self.head_length = length as u8;
    }

    /// Bytes of the whole packet, without padding.
    #[must_use]
    pub fn length(&self) -> usize {
        self.header_length() + usize::from(self.head_length) + self.body.len()
    }

    /// Bytes of the RTP header, CSRC and extensions included: what SRTP leaves in clear.
    #[must_use]
    pub fn header_length(&self) -> usize {
        usize::from(self.header_length)
    }

    /// The slot's SSRC.
    #[must_use]
    pub const fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// The sequence number on the slot's SSRC.
    #[must_use]
    pub const fn seq(&self) -> SeqNo {
        self.seq
    }

    /// Sound goes before picture where a queue must choose.
    #[must_use]
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }

    /// Writes the packet to the start of `out` and returns its length; `None`, and nothing
    /// written, if `out` is too short.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let out = out.get_mut(..self.length())?;
        let (header, rest) = out.split_at_mut(self.header_length());
        header.copy_from_slice(&self.header[..self.header_length()]);
        let (head, body) = rest.split_at_mut(usize::from(self.head_length));
        head.copy_from_slice(&self.head[..usize::from(self.head_length)]);
        body.copy_from_slice(self.body);
        Some(self.length())
    }

    /// As [`OutgoingPacket::write`], with `padding` bytes more, 0 to 255 (RFC 3550 §5.1): segments
    /// of one train have the same length.
    #[must_use]
    pub fn write_padded(&self, out: &mut [u8], padding: u8) -> Option<usize> {
        let length = self.length() + usize::from(padding);
        let out = out.get_mut(..length)?;
        self.write(out)?;
        if let Some((count, zeros)) = out[self.length()..].split_last_mut() {
            zeros.fill(0);
            *count = padding;
            out[0] |= 0x20;
        }
        Some(length)
    }
}

#[cfg(test)]
mod tests;
