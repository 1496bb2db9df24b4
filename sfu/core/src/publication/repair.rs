//! What a publisher's pictures lack, and the retransmissions that bring it.
//!
//! A retransmission stream (RFC 4588) belongs to one encoding: its packets say which by the
//! repaired RID (RFC 8852), or the offer did (`ssrc-group:FID`), or there is only one. A packet of
//! it is taken for the packet that it repairs, if that is missing; so nothing that a publisher
//! sends there, padding and probes included, can do more than fill a hole.

use protocol::{
    Duration, Instant,
    media::{MediaKind, PublishSection, SeqNo, Source, Ssrc},
    rtp::RtpHeader,
};

use super::{Publications, payload_of};
use crate::{
    counters::ForwardDrop,
    layers::LAYERS_MAX,
    recovery::{Arrival, MissingList},
};

/// Bytes of the original sequence number (RFC 4588 §4).
const ORIGINAL_SEQ_LENGTH: u16 = 2;

/// What is missing of each encoding: the camera's, then the screen's.
#[derive(Debug)]
pub(crate) struct Losses([MissingList; 2 * LAYERS_MAX]);

impl Losses {
    pub(super) fn new() -> Self {
        Losses(std::array::from_fn(|_| MissingList::new()))
    }

    /// The list of one encoding; sound has none.
    pub(crate) fn of(&mut self, source: Source, layer: u8) -> Option<&mut MissingList> {
        let first = match source {
            Source::Camera => 0,
            Source::Screen => LAYERS_MAX,
            Source::Microphone | Source::ScreenAudio => return None,
        };
        self.0.get_mut(first + usize::from(layer))
    }

    /// The source sends nothing that could be asked for.
    pub(crate) fn clear(&mut self, source: Source) {
        for layer in 0..LAYERS_MAX as u8 {
            if let Some(losses) = self.of(source, layer) {
                losses.clear();
            }
        }
    }
}

/// How a packet came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// On its own stream.
    Direct,
    /// On the retransmission stream.
    Repaired,
}

impl Publications {
    /// The header of the packet that is repaired by `packet`, of the retransmission stream at
    /// `place`.
    pub(super) fn repaired_header(
        &self,
        place: usize,
        sections: &[PublishSection],
        packet: &[u8],
        header: &RtpHeader,
    ) -> Result<RtpHeader, ForwardDrop> {
        let stream = self.streams[place].as_ref().ok_or(ForwardDrop::Unmapped)?;
        let section = sections.get(usize::from(stream.section)).ok_or(ForwardDrop::Unmapped)?;
        let payload = payload_of(section, header.pt).filter(|it| it.rtx == Some(header.pt));
        let pt = payload.ok_or(ForwardDrop::UnknownPayloadType)?.pt;
        let ssrc = self.ssrc_of(stream.source, stream.layer).ok_or(ForwardDrop::Repair)?;
        let payload = header.payload(packet).ok_or(ForwardDrop::Malformed)?;
        if payload.is_empty() {
            return Err(ForwardDrop::RepairPadding);
        }
        let &[high, low] = payload.first_chunk().ok_or(ForwardDrop::Malformed)?;
        Ok(RtpHeader {
            pt,
            ssrc,
            seq: SeqNo(u16::from_be_bytes([high, low])),
            payload_offset: header.payload_offset + ORIGINAL_SEQ_LENGTH,
            ..*header
        })
    }

    /// Takes notice that a picture's packet came; a repaired one counts only where it is missing.
    pub(super) fn note_arrival(
        &mut self,
        now: Instant,
        (source, layer): (Source, u8),
        seq: SeqNo,
        way: Way,
    ) -> Result<Arrival, ForwardDrop> {
        debug_assert!(way == Way::Direct || source.kind() == MediaKind::Video, "sound has no RTX");
        let Some(losses) = self.losses.of(source, layer) else {
            return Ok(Arrival::Next);
        };
        if way == Way::Repaired && !losses.misses(seq) {
            return Err(ForwardDrop::NotMissing);
        }
        Ok(losses.note(now, seq))
    }

    /// Puts what is to be asked for of the stream `ssrc` into `asked`; how many numbers it is, and
    /// when there are more.
    pub(crate) fn ask_missing(
        &mut self,
        now: Instant,
        ssrc: Ssrc,
        round_trip: Duration,
        asked: &mut [SeqNo],
    ) -> (usize, Option<Instant>) {
        let current = self.streams().find(|stream| stream.ssrc == ssrc && self.is_current(stream));
        let Some((source, layer)) = current.map(|stream| (stream.source, stream.layer)) else {
            return (0, None);
        };
        self.losses.of(source, layer).map_or((0, None), |losses| {
            let count = losses.ask(now, round_trip, asked);
            (count, losses.poll_timeout())
        })
    }
}
