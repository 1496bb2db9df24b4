//! What publishers' streams lack: when it is asked for, and when a keyframe must help.
//!
//! Nothing is asked for that nobody watches. A publisher with holes stands in a list, so a timer
//! looks at those alone.

use protocol::{
    EndpointIndex, Instant,
    media::{SeqNo, Source, Ssrc},
};

use super::{Forwarder, requests::LayerRef};
use crate::{keyframes::Need, layers::LAYERS_MAX, publication::SourcePacket, recovery::Arrival};

impl Forwarder {
    /// Puts the numbers that are to be asked for of a publisher's stream `ssrc` (RFC 4585 §6.2.1)
    /// into `asked`, in order, and returns how many they are. They count as asked for.
    pub fn take_missing(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        ssrc: Ssrc,
        asked: &mut [SeqNo],
    ) -> usize {
        let Some(publisher) = self.endpoint_mut(index) else {
            return 0;
        };
        let round_trip = publisher.sending.line.round_trip();
        let (count, due) = publisher.publications.ask_missing(now, ssrc, round_trip, asked);
        self.losses_due = self.losses_due.into_iter().chain(due).min();
        self.counters.missing_packets_asked += count as u64;
        count
    }

    /// Takes notice of what a packet of a picture says about those before it.
    pub(super) fn note_losses(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        packet: &SourcePacket<'_>,
    ) {
        let Some(publisher) = self.endpoint_mut(from) else {
            return;
        };
        let Some(losses) = publisher.publications.losses.of(packet.source, packet.layer) else {
            return;
        };
        if packet.frame.starts_keyframe {
            losses.forget_before(packet.header.seq);
        }
        match packet.arrival {
            Arrival::Next | Arrival::Old | Arrival::Anew => {}
            Arrival::Found => self.counters.missing_packets_found += 1,
            Arrival::AfterHole => {
                let due = losses.poll_timeout();
                if !std::mem::replace(&mut publisher.flags.is_lossy, true) {
                    self.lossy.push(from);
                }
                self.losses_due = self.losses_due.into_iter().chain(due).min();
            }
            Arrival::Overflow => {
                let layer =
                    LayerRef { publisher: from, source: packet.source, layer: packet.layer };
                if self.is_watched(layer) {
                    self.want_keyframe(now, from, layer.source, layer.layer, Need::ReceiverAsked);
                }
            }
        }
    }

    /// Says for which streams something is to be asked.
    pub(super) fn run_losses(&mut self, now: Instant) {
        self.losses_due = None;
        let mut place = 0;
        while let Some(&publisher) = self.lossy.get(place) {
            if self.run_losses_of(now, publisher) {
                place += 1;
                continue;
            }
            self.lossy.swap_remove(place);
            if let Some(publisher) = self.endpoint_mut(publisher) {
                publisher.flags.is_lossy = false;
            }
        }
    }

    /// Whether the publisher's pictures lack anything.
    fn run_losses_of(&mut self, now: Instant, publisher: EndpointIndex) -> bool {
        let mut lacks_any = false;
        for source in [Source::Camera, Source::Screen] {
            for layer in 0..LAYERS_MAX as u8 {
                let reference = LayerRef { publisher, source, layer };
                let is_watched = self.is_watched(reference);
                let Some(endpoint) = self.endpoint_mut(publisher) else {
                    return false;
                };
                let Some(losses) = endpoint.publications.losses.of(source, layer) else {
                    continue;
                };
                let Some(due) = losses.poll_timeout() else {
                    continue;
                };
                if !is_watched {
                    losses.clear();
                    continue;
                }
                lacks_any = true;
                if due <= now {
                    endpoint.flags.nacks_wanted |= reference.bit();
                    self.enqueue(publisher);
                } else {
                    self.losses_due = Some(self.losses_due.map_or(due, |first| first.min(due)));
                }
            }
        }
        lacks_any
    }

    /// Whether any receiver that may get media is to see the layer.
    fn is_watched(&self, reference: LayerRef) -> bool {
        let Some(publisher) = self.endpoint(reference.publisher) else {
            return false;
        };
        let list = publisher.publications.by_source[reference.source.index()].subscribers;
        let mut cursor = self.fanout.first(&list);
        while let Some(entry) = self.fanout.next(&mut cursor) {
            if entry.layers & 1 << reference.layer != 0 {
                return true;
            }
        }
        false
    }
}
