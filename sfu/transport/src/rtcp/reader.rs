//! Reads a compound packet part by part.

use protocol::media::{RtpTime, SeqNo, Ssrc};

use super::{
    COUNT_MAX, HEADER_LENGTH, NtpTime, REPORT_BLOCK_LENGTH, ReportBlock, SenderInfo,
    TransportFeedback, feedback, packet_type,
};

/// A compound packet with a length, count or padding that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed compound RTCP packet")]
pub struct RtcpMalformed;

/// One packet of a compound. All that it borrows has been checked.
#[derive(Clone, Debug)]
pub enum Rtcp<'p> {
    /// A sender's clock and counters, and how it receives others.
    SenderReport(SenderInfo, ReportBlocks<'p>),
    /// How its sender receives others.
    ReceiverReport(Ssrc, ReportBlocks<'p>),
    /// Streams that end.
    Bye(Ssrcs<'p>),
    /// A picture was lost (RFC 4585 §6.3.1).
    Pli {
        /// Who asks.
        sender: Ssrc,
        /// Of which stream.
        media: Ssrc,
    },
    /// A key frame is demanded (RFC 5104 §4.3.1).
    Fir {
        /// Who asks.
        sender: Ssrc,
        /// Of which streams.
        entries: FirEntries<'p>,
    },
    /// Packets are asked for again (RFC 4585 §6.2.1).
    Nack {
        /// Who asks.
        sender: Ssrc,
        /// Of which stream.
        media: Ssrc,
        /// Which.
        lost: Nack<'p>,
    },
    /// The most that a receiver wants (draft-alvestrand-rmcat-remb-03 §2.2).
    Remb(Remb<'p>),
    /// When packets arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
    TransportFeedback(TransportFeedback<'p>),
    /// Anything else.
    Other {
        /// Its packet type.
        packet_type: u8,
        /// Its count or feedback message type.
        count: u8,
    },
}

/// The packets of a well-formed compound, in order.
#[derive(Clone, Debug)]
pub struct RtcpPackets<'p> {
    rest: &'p [u8],
}

impl<'p> RtcpPackets<'p> {
    /// Checks a decrypted compound packet as a whole.
    ///
    /// A packet of any type may come first and alone (RFC 5506 §3.4.1).
    ///
    /// # Errors
    /// [`RtcpMalformed`] if any part of it is wrong, or if it is empty.
    pub fn try_new(compound: &'p [u8]) -> Result<Self, RtcpMalformed> {
        let mut rest = compound;
        while !rest.is_empty() {
            let (packet, after) = split_packet(rest)?;
            read_packet(packet)?;
            rest = after;
        }
        if compound.is_empty() { Err(RtcpMalformed) } else { Ok(RtcpPackets { rest: compound }) }
    }
}

impl<'p> Iterator for RtcpPackets<'p> {
    type Item = Rtcp<'p>;

    fn next(&mut self) -> Option<Rtcp<'p>> {
        let (packet, rest) = split_packet(self.rest).ok()?;
        self.rest = rest;
        read_packet(packet).ok()
    }
}

/// One packet without padding.
#[derive(Clone, Copy)]
struct Packet<'p> {
    packet_type: u8,
    count: u8,
    body: &'p [u8],
}

/// Splits the first packet off (RFC 3550 §6.4.1): version 2, a length in words less one, and
/// padding on the last packet only; but libwebrtc pads each transport-wide feedback for itself
/// (`transport_feedback.cc`, `TransportFeedback::Create`) and joins several.
fn split_packet(compound: &[u8]) -> Result<(Packet<'_>, &[u8]), RtcpMalformed> {
    let header = compound.first_chunk::<HEADER_LENGTH>().ok_or(RtcpMalformed)?;
    let body_length = 4 * usize::from(u16::from_be_bytes([header[2], header[3]]));
    let (body, rest) =
        compound[HEADER_LENGTH..].split_at_checked(body_length).ok_or(RtcpMalformed)?;
    let has_padding = header[0] & 0x20 != 0;
    let is_last = rest.is_empty() || header[1] == packet_type::TRANSPORT_FEEDBACK;
    if header[0] >> 6 != 2 || (has_padding && !is_last) {
        return Err(RtcpMalformed);
    }
    let body = if has_padding { without_padding(body)? } else { body };
    let packet = Packet { packet_type: header[1], count: header[0] & COUNT_MAX as u8, body };
    Ok((packet, rest))
}

fn without_padding(body: &[u8]) -> Result<&[u8], RtcpMalformed> {
    let padding = usize::from(*body.last().ok_or(RtcpMalformed)?);
    // RFC 3550 §6.4.1: the last octet counts the padding, itself included. It should be a multiple
    // of four, but libwebrtc pads transport-wide feedback by one to three bytes.
    let length = body.len().checked_sub(padding).ok_or(RtcpMalformed)?;
    if padding == 0 { Err(RtcpMalformed) } else { Ok(&body[..length]) }
}

fn read_packet(packet: Packet<'_>) -> Result<Rtcp<'_>, RtcpMalformed> {
    let Packet { packet_type, count, body } = packet;
    match (packet_type, count) {
        (packet_type::SENDER_REPORT, _) => read_sender_report(count, body),
        (packet_type::RECEIVER_REPORT, _) => {
            let (sender, rest) = split_word(body)?;
            Ok(Rtcp::ReceiverReport(Ssrc(sender), ReportBlocks::read(count, rest)?))
        }
        (packet_type::BYE, _) => {
            // RFC 3550 §6.6: a reason may follow the sources.
            let sources = body.get(..4 * usize::from(count)).ok_or(RtcpMalformed)?;
            Ok(Rtcp::Bye(Ssrcs { rest: sources }))
        }
        (packet_type::TRANSPORT_FEEDBACK, feedback::NACK) => {
            let (sender, media, items) = split_feedback(body)?;
            let lost = Nack::read(items)?;
            Ok(Rtcp::Nack { sender, media, lost })
        }
        (packet_type::TRANSPORT_FEEDBACK, feedback::TRANSPORT_WIDE) => {
            let (sender, media, items) = split_feedback(body)?;
            Ok(Rtcp::TransportFeedback(TransportFeedback::read(sender, media, items)?))
        }
        (packet_type::PAYLOAD_FEEDBACK, feedback::PLI) => {
            let (sender, media, items) = split_feedback(body)?;
            // RFC 4585 §6.3.1.2: no parameters.
            if items.is_empty() { Ok(Rtcp::Pli { sender, media }) } else { Err(RtcpMalformed) }
        }
        (packet_type::PAYLOAD_FEEDBACK, feedback::FIR) => {
            // RFC 5104 §4.3.1.2: the media SSRC is unused, the entries name the streams.
            let (sender, _, items) = split_feedback(body)?;
            let is_whole = !items.is_empty() && items.len().is_multiple_of(8);
            let entries = FirEntries { rest: items };
            if is_whole { Ok(Rtcp::Fir { sender, entries }) } else { Err(RtcpMalformed) }
        }
        (packet_type::PAYLOAD_FEEDBACK, feedback::APPLICATION) => {
            let (sender, _, items) = split_feedback(body)?;
            match items.split_first_chunk::<4>() {
                Some((b"REMB", rest)) => Ok(Rtcp::Remb(Remb::read(sender, rest)?)),
                Some(_) | None => Ok(Rtcp::Other { packet_type, count }),
            }
        }
        _ => Ok(Rtcp::Other { packet_type, count }),
    }
}

fn read_sender_report(count: u8, body: &[u8]) -> Result<Rtcp<'_>, RtcpMalformed> {
    let (ssrc, rest) = split_word(body)?;
    let (ntp_high, rest) = split_word(rest)?;
    let (ntp_low, rest) = split_word(rest)?;
    let (rtp_time, rest) = split_word(rest)?;
    let (packet_count, rest) = split_word(rest)?;
    let (octet_count, rest) = split_word(rest)?;
    let info = SenderInfo {
        ssrc: Ssrc(ssrc),
        ntp: NtpTime(u64::from(ntp_high) << 32 | u64::from(ntp_low)),
        rtp_time: RtpTime(rtp_time),
        packet_count,
        octet_count,
    };
    Ok(Rtcp::SenderReport(info, ReportBlocks::read(count, rest)?))
}

/// RFC 4585 §6.1: the sender's SSRC, the stream's SSRC, and what the message type asks for.
fn split_feedback(body: &[u8]) -> Result<(Ssrc, Ssrc, &[u8]), RtcpMalformed> {
    let (sender, rest) = split_word(body)?;
    let (media, items) = split_word(rest)?;
    Ok((Ssrc(sender), Ssrc(media), items))
}

fn split_word(bytes: &[u8]) -> Result<(u32, &[u8]), RtcpMalformed> {
    let (word, rest) = bytes.split_first_chunk::<4>().ok_or(RtcpMalformed)?;
    Ok((u32::from_be_bytes(*word), rest))
}

/// The report blocks of a report.
#[derive(Clone, Debug)]
pub struct ReportBlocks<'p> {
    rest: &'p [u8],
}

impl<'p> ReportBlocks<'p> {
    /// Profile-specific extensions may follow the blocks (RFC 3550 §6.4.3).
    fn read(count: u8, body: &'p [u8]) -> Result<Self, RtcpMalformed> {
        let blocks = body.get(..REPORT_BLOCK_LENGTH * usize::from(count)).ok_or(RtcpMalformed)?;
        Ok(ReportBlocks { rest: blocks })
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.rest.split_first_chunk::<REPORT_BLOCK_LENGTH>()?;
        self.rest = rest;
        let mut words = [0; REPORT_BLOCK_LENGTH / 4];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        let [ssrc, loss, highest_seq, jitter, last_sender_report, delay_since_sender_report] =
            words;
        Some(ReportBlock {
            ssrc: Ssrc(ssrc),
            fraction_lost: (loss >> 24) as u8,
            // 24 bits with a sign.
            cumulative_lost: (loss << 8) as i32 >> 8,
            highest_seq,
            jitter,
            last_sender_report,
            delay_since_sender_report,
        })
    }
}

/// A list of streams.
#[derive(Clone, Debug)]
pub struct Ssrcs<'p> {
    rest: &'p [u8],
}

impl Iterator for Ssrcs<'_> {
    type Item = Ssrc;

    fn next(&mut self) -> Option<Ssrc> {
        let (word, rest) = split_word(self.rest).ok()?;
        self.rest = rest;
        Some(Ssrc(word))
    }
}

/// A stream of which a FIR demands a key frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirEntry {
    /// The stream.
    pub ssrc: Ssrc,
    /// Rises with each demand; a repeated one has the same (RFC 5104 §4.3.1.1).
    pub command: u8,
}

/// The streams of a FIR.
#[derive(Clone, Debug)]
pub struct FirEntries<'p> {
    rest: &'p [u8],
}

impl Iterator for FirEntries<'_> {
    type Item = FirEntry;

    fn next(&mut self) -> Option<FirEntry> {
        let (ssrc, rest) = split_word(self.rest).ok()?;
        let (command, rest) = split_word(rest).ok()?;
        self.rest = rest;
        Some(FirEntry { ssrc: Ssrc(ssrc), command: (command >> 24) as u8 })
    }
}

/// The packets that a NACK names, as it names them: in order, if its sender keeps them in order.
#[derive(Clone, Debug)]
pub struct Nack<'p> {
    items: &'p [u8],
    /// The item being walked: its first packet, and a bit for each that is still to be named.
    pid: u16,
    /// Bit 0 is `pid` itself, bit n the n-th packet after it.
    pending: u32,
}

impl<'p> Nack<'p> {
    fn read(items: &'p [u8]) -> Result<Self, RtcpMalformed> {
        let is_whole = !items.is_empty() && items.len().is_multiple_of(4);
        let nack = Nack { items, pid: 0, pending: 0 };
        if is_whole { Ok(nack) } else { Err(RtcpMalformed) }
    }
}

impl Iterator for Nack<'_> {
    type Item = SeqNo;

    fn next(&mut self) -> Option<SeqNo> {
        if self.pending == 0 {
            let (item, rest) = split_word(self.items).ok()?;
            self.items = rest;
            self.pid = (item >> 16) as u16;
            // RFC 4585 §6.2.1: bit i of the mask is the packet i + 1 after the first.
            self.pending = (item & 0xFFFF) << 1 | 1;
        }
        let step = self.pending.trailing_zeros();
        self.pending &= self.pending - 1;
        Some(SeqNo(self.pid).add(step as u16))
    }
}

/// The most that a receiver wants of some streams together.
#[derive(Clone, Debug)]
pub struct Remb<'p> {
    /// Who says it.
    pub sender: Ssrc,
    /// Bits per second; `u64::MAX` for more than that holds.
    pub bitrate_bps: u64,
    /// The streams.
    pub streams: Ssrcs<'p>,
}

impl<'p> Remb<'p> {
    /// Count, six bits of exponent, 18 of mantissa, and the streams.
    fn read(sender: Ssrc, bytes: &'p [u8]) -> Result<Self, RtcpMalformed> {
        let (word, rest) = split_word(bytes)?;
        let count = (word >> 24) as usize;
        let exponent = word >> 18 & 0x3F;
        let mantissa = u64::from(word & 0x3_FFFF);
        let fits = mantissa.leading_zeros() >= exponent;
        let streams = rest.get(..4 * count).ok_or(RtcpMalformed)?;
        Ok(Remb {
            sender,
            bitrate_bps: if fits { mantissa << exponent } else { u64::MAX },
            streams: Ssrcs { rest: streams },
        })
    }
}
