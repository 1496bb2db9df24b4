//! Writes a compound packet into the caller's buffer.

use protocol::media::{SeqNo, Ssrc};

use super::{
    COUNT_MAX, CUMULATIVE_LOST_MAX, CUMULATIVE_LOST_MIN, HEADER_LENGTH, REPORT_BLOCK_LENGTH,
    ReportBlock, SenderInfo, feedback, packet_type,
};

/// The buffer does not hold the packet, which is not begun then; or a list or text has too many
/// entries for its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for another RTCP packet")]
pub struct NoRoom;

/// Appends packets to a compound.
///
/// RFC 3550 §6.1 wants a report first and a CNAME in every compound, unless reduced-size RTCP was
/// agreed on (RFC 5506); the order is the caller's.
#[derive(Debug)]
pub struct RtcpWriter<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl<'b> RtcpWriter<'b> {
    /// Begins an empty compound in `buffer`, which has room behind it for what sealing appends.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        RtcpWriter { buffer, length: 0 }
    }

    /// Bytes written.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// The longest body that still fits.
    pub(super) fn room(&self) -> usize {
        (self.buffer.len() - self.length).saturating_sub(HEADER_LENGTH)
    }

    /// Appends a sender report (RFC 3550 §6.4.1) with at most 31 blocks.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn sender_report(
        &mut self,
        info: &SenderInfo,
        blocks: &[ReportBlock],
    ) -> Result<(), NoRoom> {
        let body_length = 24 + REPORT_BLOCK_LENGTH * blocks.len();
        let mut body = self.begin(packet_type::SENDER_REPORT, blocks.len(), body_length)?;
        body.word(info.ssrc.0);
        body.word((info.ntp.0 >> 32) as u32);
        body.word(info.ntp.0 as u32);
        body.word(info.rtp_time.0);
        body.word(info.packet_count);
        body.word(info.octet_count);
        body.blocks(blocks);
        Ok(())
    }

    /// Appends a receiver report (RFC 3550 §6.4.2) with at most 31 blocks.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn receiver_report(&mut self, sender: Ssrc, blocks: &[ReportBlock]) -> Result<(), NoRoom> {
        let body_length = 4 + REPORT_BLOCK_LENGTH * blocks.len();
        let mut body = self.begin(packet_type::RECEIVER_REPORT, blocks.len(), body_length)?;
        body.word(sender.0);
        body.blocks(blocks);
        Ok(())
    }

    /// Appends a source description with the CNAME of one source (RFC 3550 §6.5.1), at most 255
    /// bytes.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn cname(&mut self, source: Ssrc, cname: &[u8]) -> Result<(), NoRoom> {
        const CNAME: u8 = 1;
        let length = u8::try_from(cname.len()).map_err(|_| NoRoom)?;
        // RFC 3550 §6.5: the list ends with one zero byte or more, up to the next word.
        let item_length = 2 + cname.len();
        let body_length = 4 + (item_length + 1).next_multiple_of(4);
        let mut body = self.begin(packet_type::SOURCE_DESCRIPTION, 1, body_length)?;
        body.word(source.0);
        body.bytes(&[CNAME, length]);
        body.bytes(cname);
        body.zeros();
        Ok(())
    }

    /// Appends the end of some streams (RFC 3550 §6.6), at most 31.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn bye(&mut self, sources: &[Ssrc]) -> Result<(), NoRoom> {
        let mut body = self.begin(packet_type::BYE, sources.len(), 4 * sources.len())?;
        body.ssrcs(sources);
        Ok(())
    }

    /// Appends a picture loss indication (RFC 4585 §6.3.1).
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn pli(&mut self, sender: Ssrc, media: Ssrc) -> Result<(), NoRoom> {
        let mut body = self.begin(packet_type::PAYLOAD_FEEDBACK, usize::from(feedback::PLI), 8)?;
        body.ssrcs(&[sender, media]);
        Ok(())
    }

    /// Appends a request for lost packets (RFC 4585 §6.2.1). `lost` holds at least one; packets
    /// that follow each other within 17 share an item, so numbers in order take the least room.
    ///
    /// # Errors
    /// [`NoRoom`], also where `lost` is empty.
    pub fn nack(&mut self, sender: Ssrc, media: Ssrc, lost: &[SeqNo]) -> Result<(), NoRoom> {
        if lost.is_empty() {
            return Err(NoRoom);
        }
        let body_length = 8 + 4 * nack_items(lost).count();
        let format = usize::from(feedback::NACK);
        let mut body = self.begin(packet_type::TRANSPORT_FEEDBACK, format, body_length)?;
        body.ssrcs(&[sender, media]);
        for item in nack_items(lost) {
            body.word(item);
        }
        Ok(())
    }

    /// Appends the most that may be sent on some streams together
    /// (draft-alvestrand-rmcat-remb-03 §2.2), at most 255. The bitrate is rounded down to 18 bits.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn remb(&mut self, sender: Ssrc, bitrate_bps: u64, streams: &[Ssrc]) -> Result<(), NoRoom> {
        const MANTISSA_BITS: u32 = 18;
        let count = u8::try_from(streams.len()).map_err(|_| NoRoom)?;
        let exponent = (u64::BITS - bitrate_bps.leading_zeros()).saturating_sub(MANTISSA_BITS);
        let mantissa = (bitrate_bps >> exponent) as u32;
        let format = usize::from(feedback::APPLICATION);
        let body_length = 16 + 4 * streams.len();
        let mut body = self.begin(packet_type::PAYLOAD_FEEDBACK, format, body_length)?;
        // The media SSRC is always 0.
        body.ssrcs(&[sender, Ssrc(0)]);
        body.bytes(b"REMB");
        body.word(u32::from(count) << 24 | exponent << MANTISSA_BITS | mantissa);
        body.ssrcs(streams);
        Ok(())
    }

    /// Writes a header and gives the body, whole words of it, to be filled.
    pub(super) fn begin(
        &mut self,
        packet_type: u8,
        count: usize,
        body_length: usize,
    ) -> Result<Body<'_>, NoRoom> {
        let end = self.length + HEADER_LENGTH + body_length;
        let words = u16::try_from(body_length / 4).map_err(|_| NoRoom)?;
        let packet = self.buffer.get_mut(self.length..end).ok_or(NoRoom)?;
        if count > COUNT_MAX {
            return Err(NoRoom);
        }
        self.length = end;
        let (header, body) = packet.split_at_mut(HEADER_LENGTH);
        let [high, low] = words.to_be_bytes();
        header.copy_from_slice(&[2 << 6 | count as u8, packet_type, high, low]);
        Ok(Body { rest: body })
    }
}

/// The items of a NACK: a packet, and a bit for each of the 16 after it.
fn nack_items(lost: &[SeqNo]) -> impl Iterator<Item = u32> {
    let mut rest = lost;
    std::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        let (mut mask, mut used) = (0, 0);
        for seq in after {
            match seq.distance_from(*first) {
                0 => {}
                step @ 1..=16 => mask |= 1 << (step - 1),
                _ => break,
            }
            used += 1;
        }
        rest = &after[used..];
        Some(u32::from(first.0) << 16 | mask)
    })
}

/// The unwritten part of a packet's body, which [`RtcpWriter::begin`] has sized.
pub(super) struct Body<'b> {
    rest: &'b mut [u8],
}

impl Body<'_> {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let (place, rest) = std::mem::take(&mut self.rest).split_at_mut(bytes.len());
        place.copy_from_slice(bytes);
        self.rest = rest;
    }

    pub(super) fn word(&mut self, word: u32) {
        self.bytes(&word.to_be_bytes());
    }

    pub(super) fn ssrcs(&mut self, ssrcs: &[Ssrc]) {
        for ssrc in ssrcs {
            self.word(ssrc.0);
        }
    }

    pub(super) fn zeros(&mut self) {
        std::mem::take(&mut self.rest).fill(0);
    }

    fn blocks(&mut self, blocks: &[ReportBlock]) {
        for block in blocks {
            let lost = block.cumulative_lost.clamp(CUMULATIVE_LOST_MIN, CUMULATIVE_LOST_MAX);
            self.word(block.ssrc.0);
            self.word(u32::from(block.fraction_lost) << 24 | lost as u32 & 0xFF_FFFF);
            self.word(block.highest_seq);
            self.word(block.jitter);
            self.word(block.last_sender_report);
            self.word(block.delay_since_sender_report);
        }
    }
}
