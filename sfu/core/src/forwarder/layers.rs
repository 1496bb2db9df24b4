//! The highest layers of each slot.

use protocol::{
    EndpointIndex,
    media::{Mid, Source},
};

use super::Forwarder;
use crate::codec::{LayerLimit, layers_allocation::LayersAllocation};

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
}
