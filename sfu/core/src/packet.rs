//! An outgoing packet: a few rewritten bytes in front of the publisher's own.
//!
//! It borrows the publisher's packet and is written once, straight into the place from which it is
//! sealed. The header has one CSRC (the participant, RFC 3550 §5.1) and at most three extensions
//! with the receiver's ids: audio level or orientation, the transport-wide sequence number, and the
//! dependency descriptor. Whatever else the publisher's header held stays behind.
//!
//! The transport-wide number counts what leaves, retransmissions and padding included, so only the
//! sender knows it: the packet leaves two bytes for it and says where
//! ([`OutgoingPacket::transport_number_at`]).
//!
//! What the engine adds by itself never makes a packet longer than [`RTP_LENGTH_MAX`]; a publisher
//! that sends longer ones is forwarded as it came.

use protocol::{
    EndpointIndex, ParticipantId,
    media::{MediaKind, Pt, RtpTime, SeqNo, Ssrc},
    rtp::{FIXED_HEADER_LENGTH, ONE_BYTE_PROFILE, TWO_BYTE_PROFILE},
};

use crate::codec::HEAD_LENGTH_MAX;

/// Bytes of RTP that leave room for the tag of SRTP (16) and the original sequence number of a
/// retransmission (2) in 1 232 bytes of UDP payload, which every path of IPv6 carries (RFC 8200
/// §5).
pub const RTP_LENGTH_MAX: usize = 1_232 - 16 - 2;

/// Bytes of the longest extension of the two-byte form (RFC 8285 §4.3).
pub(crate) const EXTENSION_LENGTH_MAX: usize = 255;

/// Bytes of the longest extension of the one-byte form (RFC 8285 §4.2).
const ONE_BYTE_LENGTH_MAX: usize = 16;

/// Fixed header, one CSRC, extension head, then in the two-byte form one byte of value, the
/// transport-wide number, and the head of the descriptor.
const START_LENGTH_MAX: usize = FIXED_HEADER_LENGTH + 4 + 4 + 3 + 4 + 2;

/// Where forwarded packets go.
pub trait Egress {
    /// Takes one packet for the endpoint `to`. It is called once for each receiver, in the order
    /// of sending, and must copy what it keeps.
    fn forward(&mut self, to: EndpointIndex, packet: &OutgoingPacket<'_>);
}

/// One packet for one receiver, in clear.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingPacket<'p> {
    /// The header up to the bytes of the descriptor, or its end where there is none.
    start: [u8; START_LENGTH_MAX],
    start_length: u8,
    /// Offset in `start`, 0 for none.
    transport_number_at: u8,
    /// Bytes of the dependency descriptor.
    descriptor: &'p [u8],
    /// Zeros that fill the extension block's last word.
    fill: u8,
    head: [u8; HEAD_LENGTH_MAX],
    head_length: u8,
    body: &'p [u8],
    kind: MediaKind,
    ssrc: Ssrc,
    seq: SeqNo,
}

/// The fields of an outgoing header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderFields<'p> {
    pub(crate) kind: MediaKind,
    pub(crate) marker: bool,
    pub(crate) pt: Pt,
    pub(crate) seq: SeqNo,
    pub(crate) timestamp: RtpTime,
    pub(crate) ssrc: Ssrc,
    pub(crate) participant: ParticipantId,
    pub(crate) extensions: Extensions<'p>,
}

/// The extensions of an outgoing header. Ids are the receiver's, 1 to 14.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions<'p> {
    /// Id and value of audio level or orientation.
    pub(crate) state: Option<(u8, u8)>,
    /// Id of the transport-wide number.
    pub(crate) transport_cc: Option<u8>,
    /// Id of the dependency descriptor, and its 1 to [`EXTENSION_LENGTH_MAX`] bytes.
    pub(crate) dependency_descriptor: Option<(u8, &'p [u8])>,
}

impl<'p> OutgoingPacket<'p> {
    pub(crate) fn new(fields: &HeaderFields<'p>, body: &'p [u8]) -> Self {
        let mut start = [0; START_LENGTH_MAX];
        // Version 2, one CSRC.
        start[0] = 0x81;
        start[1] = u8::from(fields.marker) << 7 | fields.pt.0;
        start[2..4].copy_from_slice(&fields.seq.0.to_be_bytes());
        start[4..8].copy_from_slice(&fields.timestamp.0.to_be_bytes());
        start[8..12].copy_from_slice(&fields.ssrc.0.to_be_bytes());
        start[12..16].copy_from_slice(&fields.participant.get().to_be_bytes());
        let mut packet = OutgoingPacket {
            start,
            start_length: FIXED_HEADER_LENGTH as u8 + 4,
            transport_number_at: 0,
            descriptor: &[],
            fill: 0,
            head: [0; HEAD_LENGTH_MAX],
            head_length: 0,
            body,
            kind: fields.kind,
            ssrc: fields.ssrc,
            seq: fields.seq,
        };
        packet.extend(&fields.extensions);
        packet
    }

    /// Lays out the extension block (RFC 8285 §4). One long element makes all of them two-byte
    /// ones.
    fn extend(&mut self, extensions: &Extensions<'p>) {
        let Extensions { state, transport_cc, dependency_descriptor } = *extensions;
        let descriptor = dependency_descriptor
            .filter(|(_, bytes)| !bytes.is_empty() && bytes.len() <= EXTENSION_LENGTH_MAX);
        if state.is_none() && transport_cc.is_none() && descriptor.is_none() {
            return;
        }
        let is_long = descriptor.is_some_and(|(_, bytes)| bytes.len() > ONE_BYTE_LENGTH_MAX);
        let profile = if is_long { TWO_BYTE_PROFILE } else { ONE_BYTE_PROFILE };
        let block = usize::from(self.start_length);
        let mut at = block + 4;
        let element = |start: &mut [u8; START_LENGTH_MAX], at: &mut usize, id: u8, length: u8| {
            if is_long {
                start[*at] = id;
                start[*at + 1] = length;
                *at += 2;
            } else {
                start[*at] = id << 4 | (length - 1);
                *at += 1;
            }
        };
        if let Some((id, value)) = state {
            element(&mut self.start, &mut at, id, 1);
            self.start[at] = value;
            at += 1;
        }
        if let Some(id) = transport_cc {
            element(&mut self.start, &mut at, id, 2);
            self.transport_number_at = at as u8;
            at += 2;
        }
        if let Some((id, bytes)) = descriptor {
            element(&mut self.start, &mut at, id, bytes.len() as u8);
            self.descriptor = bytes;
        }
        let length = at + self.descriptor.len() - block - 4;
        let words = length.div_ceil(4);
        self.start[0] |= 0x10;
        self.start[block..block + 2].copy_from_slice(&profile.to_be_bytes());
        self.start[block + 2..block + 4].copy_from_slice(&(words as u16).to_be_bytes());
        self.start_length = at as u8;
        self.fill = (4 * words - length) as u8;
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
        usize::from(self.start_length) + self.descriptor.len() + usize::from(self.fill)
    }

    /// Where the two bytes of the transport-wide sequence number stand in the written packet;
    /// `None` where the receiver has not negotiated it. They are zero until the sender, who counts
    /// everything that leaves, fills them.
    #[must_use]
    pub fn transport_number_at(&self) -> Option<usize> {
        (self.transport_number_at > 0).then_some(usize::from(self.transport_number_at))
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

    /// Writes everything in front of the body, which is the end of the publisher's payload, to the
    /// start of `out` and returns its length; `None`, and nothing written, if `out` is too short.
    #[must_use]
    pub fn write_front(&self, out: &mut [u8]) -> Option<usize> {
        let length = self.length() - self.body.len();
        let out = out.get_mut(..length)?;
        let (start, rest) = out.split_at_mut(usize::from(self.start_length));
        start.copy_from_slice(&self.start[..usize::from(self.start_length)]);
        let (descriptor, rest) = rest.split_at_mut(self.descriptor.len());
        descriptor.copy_from_slice(self.descriptor);
        let (fill, head) = rest.split_at_mut(usize::from(self.fill));
        fill.fill(0);
        head.copy_from_slice(&self.head[..usize::from(self.head_length)]);
        Some(length)
    }

    /// What is the publisher's own: the end of its payload.
    #[must_use]
    pub const fn body(&self) -> &'p [u8] {
        self.body
    }

    /// Writes the packet to the start of `out` and returns its length; `None`, and nothing
    /// written, if `out` is too short.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let out = out.get_mut(..self.length())?;
        let front = self.write_front(out)?;
        out[front..].copy_from_slice(self.body);
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
