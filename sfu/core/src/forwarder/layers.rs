//! The highest layers of each slot, and the codec of each source.

use protocol::{
    EndpointIndex,
    media::{Codec, Mid, Source},
};

use super::Forwarder;
use crate::codec::{LayerLimit, fallback::Fallback, layers_allocation::LayersAllocation};

impl Forwarder {
    /// What the endpoint says of the layers of its camera or screen; `None` before it has said
    /// anything.
    #[must_use]
    pub fn layers_allocation(
        &self,
        index: EndpointIndex,
        source: Source,
    ) -> Option<&LayersAllocation> {
        let allocation = self.endpoint(index)?.publications.layers_allocation(source);
        Some(allocation).filter(|allocation| allocation.stream_count > 0)
    }

    /// The highest layers that the slot `mid` of the endpoint is to have; `None` if it has no such
    /// slot.
    #[must_use]
    pub fn layer_limit(&self, index: EndpointIndex, mid: Mid) -> Option<LayerLimit> {
        let slots = &self.endpoint(index)?.plan.slots;
        slots.iter().find(|slot| slot.mid == mid).map(|slot| slot.limit)
    }

    /// Says which layers the slot `mid` of the endpoint is to have at most. Lower ones hold from
    /// the next frame on, higher ones from the next at which the stream lets a decoder join them.
    pub fn set_layer_limit(&mut self, index: EndpointIndex, mid: Mid, limit: LayerLimit) {
        let Some(endpoint) = self.endpoint_mut(index) else {
            return;
        };
        if let Some(slot) = endpoint.plan.slots.iter_mut().find(|slot| slot.mid == mid) {
            slot.limit = limit;
        }
    }
    /// Asks for another codec of a picture, or no longer, by who receives it.
    pub(super) fn review_codec(&mut self, publisher: EndpointIndex, source: Source) {
        let Some(endpoint) = self.endpoint(publisher) else {
            return;
        };
        let publication = &endpoint.publications.by_source[source.index()];
        let (mut fallback, in_use) = (publication.fallback, publication.codec);
        let mut sections = endpoint.plan.sections.iter().filter(|section| section.source == source);
        let has_common = sections.any(|section| {
            section.payloads.iter().any(|payload| payload.codec == Fallback::COMMON)
        });
        let list = publication.subscribers;
        let is_lacked = |codec: Codec| {
            let mut cursor = self.fanout.first(&list);
            let mut entries = std::iter::from_fn(|| self.fanout.next(&mut cursor));
            entries.any(|entry| entry.codecs & 1 << codec.index() == 0)
        };
        if !fallback.review(in_use, has_common, is_lacked) {
            return;
        }
        let Some(endpoint) = self.endpoint_mut(publisher) else {
            return;
        };
        let publication = &mut endpoint.publications.by_source[source.index()];
        publication.fallback = fallback;
        if publication.constraint.set_codec(fallback.wanted()) {
            self.note_send_changed(publisher);
        }
    }
}
