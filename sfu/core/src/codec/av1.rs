//! AV1 payloads without a dependency descriptor: the aggregation header (AV1 RTP specification
//! §4.4) and the headers of the OBUs that begin in the packet (AV1 specification §5.3). Nothing in
//! them is rewritten.
//!
//! A packet that only goes on with an OBU does not say its layer: it is the layer of the packets
//! before it with the same timestamp. No header says where a decoder may join a higher temporal
//! layer, so without a descriptor that is at keyframes alone.

use protocol::media::RtpTime;

use super::{FrameFacts, SwitchUp, bytes::ByteReader};

const CONTINUES: u8 = 0x80;
const NEW_SEQUENCE: u8 = 0x08;

const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const TILE_GROUP: u8 = 4;
const METADATA: u8 = 5;
const FRAME: u8 = 6;
const REDUNDANT_FRAME_HEADER: u8 = 7;

/// Elements of one packet that are looked at. A temporal unit of one packet has four: sequence
/// header, metadata, frame header, tiles; what comes behind is of no other layer.
const ELEMENTS_MAX: usize = 16;

/// What is remembered of one stream from packet to packet: the layer of its newest frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewestLayer {
    timestamp: RtpTime,
    spatial: u8,
    temporal: u8,
}

/// What the OBUs of one packet add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Summary {
    starts_frame: bool,
    has_sequence_header: bool,
    /// Temporal and spatial layer of the first OBU of a frame that names them, or of the first
    /// that does not.
    layer: Option<(u8, u8)>,
}

impl Summary {
    /// Adds an OBU that begins in the packet; `None` if its header contradicts itself.
    fn add(&mut self, element: &[u8], is_first: bool) -> Option<()> {
        let mut reader = ByteReader::new(element);
        let head = reader.byte()?;
        if head & 0x80 != 0 {
            return None; // obu_forbidden_bit
        }
        let kind = head >> 3 & 0x0F;
        let extension = if head & 0x04 != 0 { reader.byte()? } else { 0 };
        match kind {
            FRAME_HEADER | TILE_GROUP | FRAME | REDUNDANT_FRAME_HEADER => {
                let layer = (extension >> 5, extension >> 3 & 0x03);
                self.layer = self.layer.or(Some(layer));
            }
            SEQUENCE_HEADER => self.has_sequence_header = true,
            _ => {}
        }
        self.starts_frame |= is_first
            && matches!(
                kind,
                SEQUENCE_HEADER | TEMPORAL_DELIMITER | FRAME_HEADER | METADATA | FRAME
            );
        Some(())
    }

    /// Reads `payload`; `None` if its lengths contradict it.
    fn read(payload: &[u8]) -> Option<Self> {
        let mut summary = Summary::default();
        let mut reader = ByteReader::new(payload);
        let head = reader.byte()?;
        let count = usize::from(head >> 4 & 0x03);
        let mut place = 0;
        while !reader.rest().is_empty() && place < ELEMENTS_MAX {
            place += 1;
            // The last of a known number of elements has no length.
            let element = if count > 0 && place == count {
                reader.rest()
            } else {
                let length = reader.leb128()?;
                reader.bytes(usize::try_from(length).ok()?)?
            };
            let continues = place == 1 && head & CONTINUES != 0;
            if !continues {
                summary.add(element, place == 1)?;
            }
            if place == count {
                break;
            }
        }
        Some(summary)
    }
}

/// What the packet with `payload` says of its frame; `None` if it contradicts itself. `newest` is
/// the stream's.
///
/// A keyframe that a decoder may begin with is the first of a new coded video sequence: the N bit,
/// and the sequence header that goes with it.
pub(crate) fn read(
    payload: &[u8],
    marker: bool,
    timestamp: RtpTime,
    newest: &mut NewestLayer,
) -> Option<FrameFacts> {
    let summary = Summary::read(payload)?;
    if let Some((temporal, spatial)) = summary.layer {
        *newest = NewestLayer { timestamp, spatial, temporal };
    } else if newest.timestamp != timestamp {
        *newest = NewestLayer { timestamp, spatial: 0, temporal: 0 };
    }
    let begins_sequence = payload.first().is_some_and(|head| head & NEW_SEQUENCE != 0);
    Some(FrameFacts {
        starts_frame: summary.starts_frame,
        ends_frame: marker,
        starts_keyframe: begins_sequence && summary.starts_frame && summary.has_sequence_header,
        spatial: newest.spatial,
        temporal: newest.temporal,
        switch_up: SwitchUp::Never,
        discardable: false,
    })
}

#[cfg(test)]
mod tests;
