//! The way of a sound: read once, ranked once, made redundant once, rewritten for each receiver.

use protocol::{
    EndpointIndex, Instant,
    media::{Codec, Pt, Source},
    rtp::RtpHeader,
};

use super::Forwarder;
use crate::{
    counters::ForwardDrop,
    endpoint::Endpoint,
    packet::{Egress, RTP_LENGTH_MAX},
    publication::SourcePacket,
    red::{HEADERS_LENGTH_MAX, Recent},
    sound::Frame,
};

/// Bytes of blocks with redundancy: what a packet may have, less the longest header of a sound
/// (fixed, one CSRC, audio level and transport-wide number) and the block headers.
const BLOCKS_LENGTH_MAX: usize = RTP_LENGTH_MAX - (12 + 4 + 4 + 8) - HEADERS_LENGTH_MAX;

impl Forwarder {
    /// Forwards what a packet of sound brings: usually one frame, more where some were lost.
    pub(super) fn forward_sound(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        packet: &SourcePacket<'_>,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        let publisher = self.endpoint_mut(from).ok_or(ForwardDrop::UnknownEndpoint)?;
        let opus = opus_pt(publisher, packet.source);
        let sound = publisher.publications.sound_mut(packet.source);
        let sound = sound.ok_or(ForwardDrop::UnknownEndpoint)?;
        let frames = sound.receive(packet, opus)?;
        if packet.source == Source::Microphone {
            self.rank_voice(now, from)?;
        }
        for frame in frames.iter() {
            self.counters.recovered_frames += u64::from(frame.recovered);
            self.forward_frame(now, from, packet, &frame, egress);
        }
        Ok(())
    }

    /// Forwards one frame, and keeps it for the packets after it.
    fn forward_frame(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        packet: &SourcePacket<'_>,
        frame: &Frame<'_>,
        egress: &mut impl Egress,
    ) {
        let mut blocks = [0; BLOCKS_LENGTH_MAX];
        let Some(recent) = self.recent_mut(from, packet.source) else {
            return;
        };
        // A late frame stands among others that repeat it already.
        let redundancy = recent.redundancy(frame.time, frame.payload, &mut blocks);
        let header = RtpHeader {
            seq: frame.seq,
            timestamp: frame.time,
            marker: frame.begins_talkspurt,
            ..packet.header
        };
        let frame_packet = SourcePacket {
            header,
            codec: Codec::Opus,
            payload: frame.payload,
            // The level was the later packet's.
            extension: packet.extension.filter(|_| !frame.recovered),
            redundancy: redundancy.filter(|_| frame.newest),
            ..*packet
        };
        self.fan_out(now, from, &frame_packet, egress);
        if frame.newest
            && let Some(recent) = self.recent_mut(from, packet.source)
        {
            recent.remember(frame.time, frame.payload);
        }
    }

    fn recent_mut(&mut self, from: EndpointIndex, source: Source) -> Option<&mut Recent> {
        let sound = self.endpoint_mut(from)?.publications.sound_mut(source)?;
        Some(&mut sound.recent)
    }

    /// Lets the packet of a voice compete, and maps the slots of the room anew if it won a place.
    fn rank_voice(&mut self, now: Instant, from: EndpointIndex) -> Result<(), ForwardDrop> {
        let publisher = self.endpoint(from).ok_or(ForwardDrop::UnknownEndpoint)?;
        let loudness = publisher.publications.by_source[Source::Microphone.index()].loudness;
        let priority = publisher.voice_priority;
        let index = publisher.room;
        let room = self.rooms.room_mut(index).ok_or(ForwardDrop::UnknownEndpoint)?;
        let ranking = room.voices.rank(now, from, loudness, priority);
        if ranking.changed {
            self.assign_voices_of_room(now, index);
        }
        if ranking.forwarded { Ok(()) } else { Err(ForwardDrop::QuietVoice) }
    }
}

/// The payload type of plain Opus on the m-line of `source`.
fn opus_pt(publisher: &Endpoint, source: Source) -> Option<Pt> {
    let section = publisher.plan.sections.iter().find(|section| section.source == source)?;
    let opus = section.payloads.iter().find(|payload| payload.codec == Codec::Opus)?;
    Some(opus.pt)
}
