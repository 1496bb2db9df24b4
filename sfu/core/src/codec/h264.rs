//! H264 payloads (RFC 6184 §5): single NAL units, STAP-A, FU-A. Nothing in them is rewritten.
//!
//! A keyframe is to be decoded from its first packet on, so it begins with its parameter sets: the
//! packet with a sequence parameter set, where the stream sends them in band, else the first slice
//! of an IDR picture. A slice that no other refers to (`nal_ref_idc` 0) may be left out: it counts
//! as temporal layer 1. There is no other sign of layers without a dependency descriptor.

use protocol::media::RtpTime;

use super::{FrameFacts, SwitchUp, bytes::ByteReader};

const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const SLICE: u8 = 1;
const IDR_SLICE: u8 = 5;
const SEQUENCE_PARAMETERS: u8 = 7;
const ACCESS_UNIT_DELIMITER: u8 = 9;

/// What is remembered of one stream from packet to packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// The frame that the newest sequence parameter set came with; `None` before the first.
    seen_at: Option<RtpTime>,
}

impl Parameters {
    /// Notes a sequence parameter set that came with the frame of `timestamp`; returns whether an
    /// IDR slice of that frame begins a keyframe by itself.
    fn allow_bare_slice(&mut self, summary: &Summary, timestamp: RtpTime) -> bool {
        if summary.has_parameters {
            self.seen_at = Some(timestamp);
        }
        self.seen_at.is_none_or(|at| at == timestamp)
    }
}

/// What the NAL units of one packet add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Summary {
    has_parameters: bool,
    starts_frame: bool,
    starts_idr: bool,
    has_slice: bool,
    has_referenced_slice: bool,
}

impl Summary {
    /// Adds a NAL unit or its first fragment: `head` is its first byte, `body` what follows.
    fn add(&mut self, head: u8, body: &[u8], is_first_fragment: bool) {
        let kind = head & 0x1F;
        match kind {
            SLICE..=IDR_SLICE => {
                self.has_slice = true;
                self.has_referenced_slice |= head & 0x60 != 0;
                // The slice header begins with first_mb_in_slice in Exp-Golomb: one bit 1 is zero.
                let is_first = body.first().is_some_and(|byte| byte & 0x80 != 0);
                let starts = is_first_fragment && is_first;
                self.starts_frame |= starts;
                self.starts_idr |= starts && kind == IDR_SLICE;
            }
            SEQUENCE_PARAMETERS => {
                self.has_parameters = true;
                self.starts_frame = true;
            }
            ACCESS_UNIT_DELIMITER => self.starts_frame = true,
            _ => {}
        }
    }

    /// Reads `payload`; `None` if it ends inside a head. A unit that is longer than what is there
    /// counts as far as it goes: a browser's capture has one, and nothing here depends on it.
    fn read(payload: &[u8]) -> Option<Self> {
        let mut summary = Summary::default();
        let (&head, body) = payload.split_first()?;
        match head & 0x1F {
            STAP_A => {
                let mut reader = ByteReader::new(body);
                while !reader.rest().is_empty() {
                    let length = usize::from(reader.u16()?);
                    let unit = reader.bytes(length.min(reader.rest().len()))?;
                    let (&head, body) = unit.split_first()?;
                    summary.add(head, body, true);
                }
            }
            FU_A => {
                let (&fragment, body) = body.split_first()?;
                // RFC 6184 §5.8: the unit's own head is spread over both bytes.
                let head = head & 0x60 | fragment & 0x1F;
                summary.add(head, body, fragment & 0x80 != 0);
            }
            _ => summary.add(head, body, true),
        }
        Some(summary)
    }
}

/// What the packet with `payload` says of its frame; `None` if it contradicts itself. `parameters`
/// is the stream's.
pub(crate) fn read(
    payload: &[u8],
    marker: bool,
    timestamp: RtpTime,
    parameters: &mut Parameters,
) -> Option<FrameFacts> {
    let summary = Summary::read(payload)?;
    let bare_slice = parameters.allow_bare_slice(&summary, timestamp);
    let discardable = summary.has_slice && !summary.has_referenced_slice;
    Some(FrameFacts {
        starts_frame: summary.starts_frame,
        ends_frame: marker,
        starts_keyframe: summary.has_parameters || summary.starts_idr && bare_slice,
        spatial: 0,
        temporal: discardable.into(),
        // A slice refers to referenced ones only, and those are always there.
        switch_up: SwitchUp::ToAll,
        discardable,
    })
}

#[cfg(test)]
mod tests;
