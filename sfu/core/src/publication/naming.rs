//! What a packet of a new SSRC is: m-line, layer and codec.

use protocol::{
    media::{Codec, Payload, Pt, PublishSection},
    rtp::RtpHeader,
};

use crate::{counters::ForwardDrop, layers::LAYERS_MAX};

/// The m-line of a new SSRC, by MID, else by declared SSRC, else by payload type.
pub(super) fn find_section(
    sections: &[PublishSection],
    packet: &[u8],
    header: &RtpHeader,
) -> Option<usize> {
    let mut has_mid = false;
    for (place, section) in sections.iter().enumerate() {
        if let Some(mid) = extension(packet, header, section.extensions.mid) {
            has_mid = true;
            if mid == section.mid.as_bytes() {
                return Some(place);
            }
        }
    }
    if has_mid {
        return None;
    }
    if let Some(place) = sections.iter().position(|section| section.ssrcs.contains(&header.ssrc)) {
        return Some(place);
    }
    let has_pt = |section: &PublishSection| payload_of(section, header.pt).is_some();
    let place = sections.iter().position(has_pt)?;
    let is_unique = !sections[place + 1..].iter().any(has_pt);
    is_unique.then_some(place)
}

/// The layer of a new SSRC: its RID's place, or 0 without simulcast.
pub(super) fn find_layer(
    section: &PublishSection,
    packet: &[u8],
    header: &RtpHeader,
) -> Option<u8> {
    if section.rids.is_empty() {
        return Some(0);
    }
    let ids = &section.extensions;
    let rid = extension(packet, header, ids.rid)
        .or_else(|| extension(packet, header, ids.repaired_rid))?;
    let place = section.rids.iter().take(LAYERS_MAX).position(|known| known.as_bytes() == rid)?;
    Some(place as u8)
}

/// The codec that `pt` means on the m-line.
pub(super) fn media_codec(section: &PublishSection, pt: Pt) -> Result<Codec, ForwardDrop> {
    let payload = payload_of(section, pt).ok_or(ForwardDrop::UnknownPayloadType)?;
    if payload.rtx == Some(pt) {
        return Err(ForwardDrop::Repair);
    }
    if payload.codec.kind() != section.source.kind() {
        return Err(ForwardDrop::UnknownPayloadType);
    }
    Ok(payload.codec)
}

pub(super) fn payload_of(section: &PublishSection, pt: Pt) -> Option<&Payload> {
    section.payloads.iter().find(|payload| payload.pt == pt || payload.rtx == Some(pt))
}

pub(super) fn extension<'p>(
    packet: &'p [u8],
    header: &RtpHeader,
    id: Option<u8>,
) -> Option<&'p [u8]> {
    let id = id?;
    header.extensions(packet).find_map(|(found, value)| (found == id).then_some(value))
}
