//! An outgoing packet: a few rewritten bytes in front of the publisher's own.
//!
//! It borrows the publisher's packet and is written once, straight into the place from which it is
//! sealed. The header has one CSRC (the participant, RFC 3550 §5.1) and at most three extensions
//! with the receiver's ids: audio level or orientation, the transport-wide sequence number, and the
//! dependency descriptor. Whatever else the publisher's header held stays behind.
//!
//! The transport-wide number counts what leaves, retransmissions and padding included, so only the
//! sender knows it: the packet leaves two bytes for it, which are filled as it leaves.
//!
//! A packet that is sent again is made of the *front* that was written the first time (header and
//! rewritten head of the payload) and of the publisher's own bytes, as itself or as a packet of the
//! retransmission stream (RFC 4588 §4).
//!
//! What the engine adds by itself never makes a packet longer than [`RTP_LENGTH_MAX`]; a publisher
//! that sends longer ones is forwarded as it came.

use protocol::{
    EndpointIndex, ParticipantId,
    media::{MediaKind, Pt, RtpTime, SeqNo, Ssrc},
    rtp::{FIXED_HEADER_LENGTH, ONE_BYTE_PROFILE, TWO_BYTE_PROFILE},
};

use crate::{codec, red};

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

/// The most bytes that are written anew at the head of a payload.
const HEAD_LENGTH_MAX: usize = if codec::HEAD_LENGTH_MAX > red::HEADERS_LENGTH_MAX {
    codec::HEAD_LENGTH_MAX
} else {
    red::HEADERS_LENGTH_MAX
};

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
    /// Offset in the header, 0 for none.
    transport_number_at: u8,
    /// Bytes behind `start`: of the dependency descriptor, or the rest of a kept header.
    descriptor: &'p [u8],
    /// Zeros that fill the extension block's last word.
    fill: u8,
    head: [u8; HEAD_LENGTH_MAX],
    head_length: u8,
    body: &'p [u8],
    /// Bytes of padding that the packet has whoever writes it.
    padding: u8,
    /// The sequence number that a retransmission repairs.
    repaired: Option<SeqNo>,
    transport_number: u16,
    is_copy: bool,
    kind: MediaKind,
    ssrc: Ssrc,
    seq: SeqNo,
}

/// What is kept of a packet to send it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'p> {
    /// What [`OutgoingPacket::write_front`] wrote.
    pub(crate) front: &'p [u8],
    /// Bytes of RTP header in it.
    pub(crate) header_length: usize,
    /// Where the transport-wide number stands, 0 for none.
    pub(crate) transport_number_at: u8,
    /// The rest of the payload.
    pub(crate) body: &'p [u8],
    /// As the first time.
    pub(crate) ssrc: Ssrc,
    /// As the first time.
    pub(crate) seq: SeqNo,
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
            padding: 0,
            repaired: None,
            transport_number: 0,
            is_copy: false,
            kind: fields.kind,
            ssrc: fields.ssrc,
            seq: fields.seq,
        };
        packet.extend(&fields.extensions);
        packet
    }

    /// A packet of nothing but `padding` bytes, at least 1.
    pub(crate) fn padding_only(fields: &HeaderFields<'p>, padding: u8) -> Self {
        OutgoingPacket { padding, ..OutgoingPacket::new(fields, &[]) }
    }

    /// A picture's packet that was kept, for the first time or again; `None` if its front is not
    /// one.
    pub(crate) fn kept(kept: &Kept<'p>) -> Option<Self> {
        let (header, head) = kept.front.split_at_checked(kept.header_length)?;
        let (fixed, rest) = header.split_at_checked(FIXED_HEADER_LENGTH)?;
        let mut start = [0; START_LENGTH_MAX];
        start[..FIXED_HEADER_LENGTH].copy_from_slice(fixed);
        let mut bytes = [0; HEAD_LENGTH_MAX];
        bytes.get_mut(..head.len())?.copy_from_slice(head);
        Some(OutgoingPacket {
            start,
            start_length: FIXED_HEADER_LENGTH as u8,
            transport_number_at: kept.transport_number_at,
            // Everything behind the fixed header is as it was, descriptor or not.
            descriptor: rest,
            fill: 0,
            head: bytes,
            head_length: head.len() as u8,
            body: kept.body,
            padding: 0,
            repaired: None,
            transport_number: 0,
            is_copy: false,
            kind: MediaKind::Video,
            ssrc: kept.ssrc,
            seq: kept.seq,
        })
    }

    /// The same as a packet of the retransmission stream `ssrc` (RFC 4588 §4): another payload
    /// type and number, and its own number in front of the payload.
    pub(crate) fn into_repair(mut self, pt: Pt, ssrc: Ssrc, seq: SeqNo) -> Self {
        self.start[1] = self.start[1] & 0x80 | pt.0;
        self.start[2..4].copy_from_slice(&seq.0.to_be_bytes());
        self.start[8..12].copy_from_slice(&ssrc.0.to_be_bytes());
        OutgoingPacket { repaired: Some(self.seq), ssrc, seq, ..self }
    }

    /// Of the same nothing but its number, so that the receiver does not miss it.
    pub(crate) const fn into_hollow(mut self) -> Self {
        self.start[1] &= 0x7F;
        OutgoingPacket { head_length: 0, body: &[], ..self }
    }

    /// The same as a copy: its sequence number has been sealed before.
    pub(crate) const fn into_copy(self) -> Self {
        OutgoingPacket { is_copy: true, ..self }
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
    pub(crate) fn set_head<const MAX: usize>(&mut self, head: [u8; MAX], length: usize) {
        self.head[..length].copy_from_slice(&head[..length]);
        self.head_length = length as u8;
    }

    /// Bytes of the whole packet, without padding that is added as it is written.
    #[must_use]
    pub fn length(&self) -> usize {
        let repaired = if self.repaired.is_some() { 2 } else { 0 };
        self.front_length() + repaired + self.body.len() + usize::from(self.padding)
    }

    /// Bytes of payload, a retransmission's two among them.
    #[must_use]
    pub fn payload_length(&self) -> usize {
        self.length() - self.header_length() - usize::from(self.padding)
    }

    /// Bytes of header and of the payload's rewritten head.
    pub(crate) fn front_length(&self) -> usize {
        self.header_length() + usize::from(self.head_length)
    }

    /// Bytes of the RTP header, CSRC and extensions included: what SRTP leaves in clear.
    #[must_use]
    pub fn header_length(&self) -> usize {
        usize::from(self.start_length) + self.descriptor.len() + usize::from(self.fill)
    }

    /// Where the two bytes of the transport-wide sequence number stand in the written packet;
    /// `None` where the receiver has not negotiated it.
    #[must_use]
    pub fn transport_number_at(&self) -> Option<usize> {
        (self.transport_number_at > 0).then_some(usize::from(self.transport_number_at))
    }

    /// Stamps the number under which the receiver reports this packet.
    pub(crate) const fn set_transport_number(&mut self, number: u16) {
        self.transport_number = number;
    }

    /// Whether the sequence number has been sealed before, so that only a cipher without nonces
    /// may seal it again.
    #[must_use]
    pub const fn is_copy(&self) -> bool {
        self.is_copy
    }

    /// The most bytes that [`OutgoingPacket::write_padded`] can add.
    #[must_use]
    pub const fn padding_room(&self) -> u8 {
        u8::MAX - self.padding
    }

    /// The SSRC of the slot, or of its retransmissions.
    #[must_use]
    pub const fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// The sequence number on that SSRC.
    #[must_use]
    pub const fn seq(&self) -> SeqNo {
        self.seq
    }

    /// The payload type.
    #[must_use]
    pub const fn pt(&self) -> Pt {
        Pt(self.start[1] & 0x7F)
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
        let length = self.front_length();
        let out = out.get_mut(..length)?;
        let (header, head) = out.split_at_mut(self.header_length());
        self.write_header(header);
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
        self.write_padded(out, 0)
    }

    /// As [`OutgoingPacket::write`], with `padding` bytes more, 0 to
    /// [`OutgoingPacket::padding_room`] (RFC 3550 §5.1): segments of one train have the same
    /// length.
    #[must_use]
    pub fn write_padded(&self, out: &mut [u8], padding: u8) -> Option<usize> {
        let count = self.padding.checked_add(padding)?;
        let length = self.length() + usize::from(padding);
        let out = out.get_mut(..length)?;
        let (header, rest) = out.split_at_mut(self.header_length());
        self.write_header(header);
        let (number, rest) = rest.split_at_mut(if self.repaired.is_some() { 2 } else { 0 });
        if let Some(seq) = self.repaired {
            number.copy_from_slice(&seq.0.to_be_bytes());
        }
        let (head, rest) = rest.split_at_mut(usize::from(self.head_length));
        head.copy_from_slice(&self.head[..usize::from(self.head_length)]);
        let (body, pad) = rest.split_at_mut(self.body.len());
        body.copy_from_slice(self.body);
        if let Some((last, zeros)) = pad.split_last_mut() {
            zeros.fill(0);
            *last = count;
            header[0] |= 0x20;
        }
        if let Some(at) = self.transport_number_at() {
            header[at..at + 2].copy_from_slice(&self.transport_number.to_be_bytes());
        }
        Some(length)
    }

    fn write_header(&self, header: &mut [u8]) {
        let (start, rest) = header.split_at_mut(usize::from(self.start_length));
        start.copy_from_slice(&self.start[..usize::from(self.start_length)]);
        let (descriptor, fill) = rest.split_at_mut(self.descriptor.len());
        descriptor.copy_from_slice(self.descriptor);
        fill.fill(0);
    }
}

#[cfg(test)]
mod tests;
