//! Layers of a picture: which packet begins another one, which goes, and the numbers of codecs
//! in what goes.

use protocol::{
    Instant, ParticipantId,
    media::{MediaKind, Pt, RtpTime},
};

use super::{Forwarded, Leaves, Slot};
use crate::{
    codec::{
        HEAD_LENGTH_MAX, Payload,
        dependency::{self, Changes},
        selection::{Choice, Dependency, Selection},
    },
    counters::ForwardDrop,
    packet::{EXTENSION_LENGTH_MAX, Extensions, HeaderFields, OutgoingPacket, RTP_LENGTH_MAX},
    publication::SourcePacket,
};

impl Slot {
    /// Whether another layer, source or codec flows from this packet on.
    pub(super) fn is_switch(
        &mut self,
        is_feed: bool,
        packet: &SourcePacket<'_>,
    ) -> Result<bool, ForwardDrop> {
        if self.media() == MediaKind::Audio {
            return Ok(is_feed && self.layer != Some(packet.layer));
        }
        let same_codec = self.codec == Some(packet.codec);
        let same_layer = !is_feed || self.layer == Some(packet.layer);
        if same_layer && same_codec {
            self.awaits_codec = false;
            return Ok(false);
        }
        let begins = Selection::can_begin(self.limit, &packet.frame, packet.dependency.as_ref());
        if is_feed && begins {
            return Ok(true);
        }
        self.awaits_codec |= is_feed && same_layer && self.sequence.is_newest(packet.header.seq);
        Err(ForwardDrop::AwaitingKeyframe)
    }

    /// Chooses whether the packet's layer goes.
    pub(super) fn choose(&mut self, packet: &SourcePacket<'_>) -> Choice {
        if self.media() == MediaKind::Audio {
            return Choice::Forward { ends_picture: false };
        }
        let newest = self.sequence.is_newest(packet.header.seq);
        let RtpTime(timestamp) = packet.header.timestamp;
        let dependency = packet.dependency.as_ref();
        let limit = match self.layer {
            Some(layer) if layer != self.target => self.limit.with(self.interim),
            Some(_) | None => self.limit,
        };
        self.selection.choose(limit, &packet.frame, timestamp, newest, dependency)
    }

    /// Begins with the layers of another stream; returns whether its first packet ends a picture.
    pub(super) fn begin_layers(&mut self, packet: &SourcePacket<'_>) -> bool {
        if self.media() == MediaKind::Audio {
            return false;
        }
        let RtpTime(timestamp) = packet.header.timestamp;
        let dependency = packet.dependency.as_ref();
        self.selection.begin(self.limit, &packet.frame, timestamp, dependency)
    }

    /// Leaves out a packet of a layer that the slot does not get. If it came late, a hole was left
    /// for it that the receiver would ask for in vain: an empty packet fills it.
    pub(super) fn leave_out<'p>(
        &mut self,
        now: Instant,
        packet: &SourcePacket<'p>,
        goes_on: bool,
        pt: Pt,
        participant: ParticipantId,
    ) -> Result<Forwarded<'p>, ForwardDrop> {
        let seq = packet.header.seq;
        let hole = if goes_on { self.sequence.skip_on(seq) } else { self.sequence.skip(seq) };
        if let Payload::Vp8(descriptor) = &packet.head {
            self.numbering.skip_vp8(descriptor);
        }
        let seq = hole.ok_or(ForwardDrop::LayerLeftOut)?;
        let fields = HeaderFields {
            kind: self.media(),
            marker: false,
            pt,
            seq,
            timestamp: self.timeline.follow(now, packet.header.timestamp, false),
            ssrc: self.ssrc,
            participant,
            extensions: Extensions { transport_cc: self.transport_cc_id, ..Extensions::default() },
        };
        self.packets += 1;
        let packet = OutgoingPacket::new(&fields, &[]);
        Ok(Forwarded { packet, switched: false, leaves: Leaves::Nothing })
    }

    /// Writes the packet with the slot's own numbers at the head of its payload.
    pub(super) fn write<'p>(
        &mut self,
        packet: &SourcePacket<'p>,
        newest: bool,
        fields: &HeaderFields<'p>,
    ) -> OutgoingPacket<'p> {
        let body = &packet.payload[packet.head.head_length()..];
        let mut outgoing = OutgoingPacket::new(fields, body);
        let mut head = [0; HEAD_LENGTH_MAX];
        let length = match &packet.head {
            Payload::Whole => return outgoing,
            Payload::Vp8(descriptor) => {
                descriptor.write(self.numbering.continue_vp8(descriptor, newest), &mut head)
            }
            Payload::Vp9(descriptor) => {
                descriptor.write(self.numbering.continue_vp9(descriptor, newest), &mut head)
            }
        };
        outgoing.set_head(head, length);
        outgoing
    }

    /// Writes the dependency descriptor for this receiver; returns its id and bytes.
    pub(super) fn write_dependency<'p>(
        &mut self,
        packet: &SourcePacket<'_>,
        newest: bool,
        scratch: &'p mut [u8; EXTENSION_LENGTH_MAX],
    ) -> Option<(u8, &'p [u8])> {
        let id = self.dependency_id?;
        let dependency = packet.dependency.as_ref()?;
        let Dependency { descriptor, dependencies } = dependency;
        let room = RTP_LENGTH_MAX.saturating_sub(packet.payload.len());
        let attach_structure =
            self.selection.lacks_structure(dependency) && dependencies.attached_length() <= room;
        let changes = Changes {
            frame_number: self.numbering.continue_frame(descriptor.frame_number, newest),
            attach_structure,
            active_targets: self.selection.targets_to_tell(dependency),
        };
        if attach_structure || descriptor.has_structure() {
            self.selection.note_structure(dependency);
        }
        let length = dependency::write(descriptor, dependencies, changes, scratch)?;
        Some((id, &scratch[..length]))
    }
}
