//! The way of a packet: read once, decide once, rewrite for each receiver.

use protocol::{EndpointIndex, Instant, media::MediaKind, rtp::RtpHeader};

use super::{Forwarder, sending::Flow};
use crate::{
    counters::ForwardDrop, dependencies::DependencyTable, fanout::Entry, packet::Egress,
    publication::SourcePacket,
};

impl Forwarder {
    /// Forwards `packet`, a whole authenticated RTP packet in clear, to all who are to have it.
    /// `header` was parsed from it.
    ///
    /// # Errors
    /// Why nobody got it; it is counted already. Drops at single receivers are counted only.
    pub fn handle_rtp(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        packet: &[u8],
        header: &RtpHeader,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        self.counters.received_packets += 1;
        self.counters.received_bytes += packet.len() as u64;
        let result = self.forward(now, from, packet, header, egress);
        if let Err(reason) = result {
            self.counters.count(reason);
        }
        result
    }

    fn forward(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        packet: &[u8],
        header: &RtpHeader,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        let publisher = self.endpoint_mut(from).ok_or(ForwardDrop::UnknownEndpoint)?;
        // The packet borrows its structure while it goes round the receivers.
        let mut dependencies = std::mem::take(&mut publisher.plan.dependencies);
        let result = self.read_and_forward(now, from, packet, header, &mut dependencies, egress);
        if let Some(publisher) = self.endpoint_mut(from) {
            publisher.plan.dependencies = dependencies;
        }
        result
    }

    fn read_and_forward(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        packet: &[u8],
        header: &RtpHeader,
        dependencies: &mut DependencyTable,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        let publisher = self.endpoint_mut(from).ok_or(ForwardDrop::UnknownEndpoint)?;
        let sections = &publisher.plan.sections;
        let publications = &mut publisher.publications;
        let received = publications.receive(now, sections, dependencies, packet, header)?;
        if received.source.kind() == MediaKind::Audio {
            return self.forward_sound(now, from, &received, egress);
        }
        self.note_picture(now, from, &received);
        self.note_losses(now, from, &received);
        self.fan_out(now, from, &received, egress);
        if received.revived || received.changes_codec || received.frame.starts_keyframe {
            // Whom this packet did not serve is asked for after it.
            self.ask_awaited(now, from, received.source);
        }
        Ok(())
    }

    /// Takes notice of a layer that flows again and of a keyframe.
    fn note_picture(&mut self, now: Instant, from: EndpointIndex, packet: &SourcePacket<'_>) {
        if packet.revived {
            self.choose_layers(now, from, packet.source);
        }
        if packet.frame.starts_keyframe
            && let Some(publisher) = self.endpoint_mut(from)
        {
            let publication = &mut publisher.publications.by_source[packet.source.index()];
            publication.layers[usize::from(packet.layer)].keyframes.answered();
        }
    }

    pub(super) fn fan_out(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        packet: &SourcePacket<'_>,
        egress: &mut impl Egress,
    ) {
        let Some(publisher) = self.endpoint_mut(from) else {
            return;
        };
        let payload = publisher.publications.keep(packet);
        let list = publisher.publications.by_source[packet.source.index()].subscribers;
        let mut cursor = self.fanout.first(&list);
        while let Some(entry) = self.fanout.next(&mut cursor) {
            if entry.layers & 1 << packet.layer == 0 {
                continue;
            }
            match self.forward_to(now, entry, from, packet, payload, egress) {
                Ok(Flow::Same) => {}
                Ok(Flow::Switched) => self.settle(entry),
                Err(reason) => {
                    self.counters.count(reason);
                    if reason == ForwardDrop::LineFull {
                        self.ask_for_starved(now, entry);
                    }
                }
            }
        }
    }

    /// Ends a switch: what was leaving is gone. Only lists of other publications change, so the
    /// walk that led here goes on.
    fn settle(&mut self, entry: Entry) {
        let (receiver, place) = (entry.endpoint, usize::from(entry.slot));
        let Some(slot) = self.slot_mut(receiver, place) else {
            return;
        };
        debug_assert_eq!(slot.media(), MediaKind::Video, "sound has no layers");
        slot.remembered = None;
        if let Some(leaving) = slot.leaving.take() {
            self.unlink(leaving.feed);
        }
        self.update_layers(receiver, place);
        self.note_slots_changed(receiver);
    }
}
