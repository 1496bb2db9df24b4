//! Keyframe requests, periodic work and events.

use protocol::{
    Duration, EndpointIndex, Instant,
    media::{Source, Ssrc},
};

use super::{ForwardEvent, Forwarder};
use crate::{
    keyframes::{Due, Need},
    layers::LAYERS_MAX,
    packet::Egress,
};

/// How often layers are chosen anew.
pub(super) const REVIEW_PERIOD: Duration = Duration::from_millis(250);

/// How long a source goes on in a slot that waits for another one's keyframe.
const LEAVING_MAX: Duration = Duration::from_secs(1);

/// One layer of a published picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LayerRef {
    pub(super) publisher: EndpointIndex,
    pub(super) source: Source,
    pub(super) layer: u8,
}

impl LayerRef {
    /// Its bit in [`crate::endpoint::Flags`].
    pub(super) const fn bit(self) -> u8 {
        let first = match self.source {
            Source::Screen => LAYERS_MAX as u8,
            Source::Camera | Source::Microphone | Source::ScreenAudio => 0,
        };
        1 << (first + self.layer)
    }
}

/// What [`LayerRef::bit`] says.
const fn layer_of_bit(bit: u8) -> (Source, u8) {
    match bit.checked_sub(LAYERS_MAX as u8) {
        Some(layer) => (Source::Screen, layer),
        None => (Source::Camera, bit),
    }
}

impl Forwarder {
    /// Takes a PLI or FIR of a receiver for one of its slots. More than three at once and one in
    /// 2 s, or two within 200 ms, are refused and counted.
    pub fn handle_keyframe_request(&mut self, now: Instant, from: EndpointIndex, slot_ssrc: Ssrc) {
        let Some(receiver) = self.endpoint_mut(from) else {
            return;
        };
        let Some(place) = receiver.slot_of(slot_ssrc) else {
            self.counters.foreign_feedback += 1;
            return;
        };
        let slot = &mut receiver.plan.slots[place];
        let Some(feed) = slot.feed else {
            return;
        };
        if !slot.keyframe_budget.take(now) {
            self.counters.keyframe_requests_refused += 1;
            return;
        }
        let layer = slot.layer.unwrap_or(slot.target);
        self.want_keyframe(now, feed.publisher, feed.source, layer, Need::ReceiverAsked);
    }

    /// When [`Forwarder::handle_timeout`] is to be called; `None` without endpoints.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let frequent = [self.pacing_due, self.losses_due, self.estimators_due];
        let rare = [self.review_due, self.series_due, self.floor_due];
        frequent.into_iter().chain(rare).flatten().min()
    }

    /// Does what is due: sends what has waited, repeats keyframe requests, and reviews layers four
    /// times a second.
    pub fn handle_timeout(&mut self, now: Instant, egress: &mut impl Egress) {
        if self.estimators_due.is_some_and(|due| due <= now) {
            self.run_estimators(now);
        }
        if self.pacing_due.is_some_and(|due| due <= now) {
            self.send_waiting(now, egress);
        }
        if self.losses_due.is_some_and(|due| due <= now) {
            self.run_losses(now);
        }
        if self.series_due.is_some_and(|due| due <= now) {
            self.run_all_series(now);
        }
        if self.review_due.is_some_and(|due| due <= now) {
            self.review_due = Some(now + REVIEW_PERIOD);
            self.review(now);
        }
        if self.floor_due.is_some_and(|due| due <= now) {
            self.decide_floors(now);
        }
    }

    /// The next thing to tell, until there is nothing.
    pub fn poll_event(&mut self) -> Option<ForwardEvent> {
        while let Some(&index) = self.queue.front() {
            let Some(endpoint) = self.endpoint_mut(index) else {
                self.queue.pop_front();
                continue;
            };
            let flags = &mut endpoint.flags;
            if flags.keyframes_wanted != 0 {
                let bit = flags.keyframes_wanted.trailing_zeros() as u8;
                flags.keyframes_wanted &= flags.keyframes_wanted - 1;
                let (source, layer) = layer_of_bit(bit);
                let ssrc = endpoint.ssrc_to_ask(source, layer);
                if let Some(ssrc) = ssrc {
                    self.counters.keyframe_requests += 1;
                    let endpoint = index;
                    return Some(ForwardEvent::KeyframeWanted { endpoint, ssrc });
                }
                continue;
            }
            if flags.nacks_wanted != 0 {
                let bit = flags.nacks_wanted.trailing_zeros() as u8;
                flags.nacks_wanted &= flags.nacks_wanted - 1;
                let (source, layer) = layer_of_bit(bit);
                if let Some(ssrc) = endpoint.publications.ssrc_of(source, layer) {
                    return Some(ForwardEvent::PacketsMissing { endpoint: index, ssrc });
                }
                continue;
            }
            if std::mem::take(&mut flags.send_changed) {
                return Some(ForwardEvent::SendConstraintsChanged { endpoint: index });
            }
            if std::mem::take(&mut flags.connection_changed) {
                return Some(ForwardEvent::ConnectionChanged { endpoint: index });
            }
            if std::mem::take(&mut flags.slots_changed) {
                return Some(ForwardEvent::SlotsChanged { endpoint: index });
            }
            flags.is_queued = false;
            self.queue.pop_front();
        }
        self.poll_floor()
    }

    /// Somebody wants a keyframe of a layer.
    pub(super) fn want_keyframe(
        &mut self,
        now: Instant,
        publisher: EndpointIndex,
        source: Source,
        layer: u8,
        need: Need,
    ) {
        let reference = LayerRef { publisher, source, layer };
        let Some(endpoint) = self.endpoint_mut(publisher) else {
            return;
        };
        let publication = &mut endpoint.publications.by_source[source.index()];
        let Some(layer) = publication.layers.get_mut(usize::from(layer)) else {
            return;
        };
        layer.keyframes.want(now, need);
        let due = layer.keyframes.due_at();
        if endpoint.flags.series_listed & reference.bit() == 0 {
            endpoint.flags.series_listed |= reference.bit();
            self.series.push(reference);
        }
        if due.is_some_and(|due| due <= now) {
            self.run_series(now, reference);
        } else {
            self.series_due = self.series_due.into_iter().chain(due).min();
        }
    }

    /// Asks for every layer of a source that slots wait for.
    pub(super) fn ask_awaited(&mut self, now: Instant, publisher: EndpointIndex, source: Source) {
        for layer in 0..LAYERS_MAX as u8 {
            if self.is_awaited(LayerRef { publisher, source, layer }) {
                self.want_keyframe(now, publisher, source, layer, Need::SlotWaits);
            }
        }
    }

    /// The publisher can be asked again: what it was asked before is lost.
    pub(super) fn renew_keyframes(&mut self, now: Instant, publisher: EndpointIndex) {
        for source in [Source::Camera, Source::Screen] {
            if let Some(endpoint) = self.endpoint_mut(publisher) {
                let publication = &mut endpoint.publications.by_source[source.index()];
                for layer in &mut publication.layers {
                    layer.keyframes.renew(now);
                }
            }
            self.ask_awaited(now, publisher, source);
        }
    }

    pub(super) fn note_slots_changed(&mut self, index: EndpointIndex) {
        if let Some(endpoint) = self.endpoint_mut(index) {
            endpoint.flags.slots_changed = true;
            self.enqueue(index);
        }
    }

    fn run_all_series(&mut self, now: Instant) {
        self.series_due = None;
        let mut place = 0;
        while let Some(&reference) = self.series.get(place) {
            match self.run_series(now, reference) {
                Due::Ask | Due::Later => place += 1,
                Due::Over => {
                    self.series.swap_remove(place);
                    if let Some(endpoint) = self.endpoint_mut(reference.publisher) {
                        endpoint.flags.series_listed &= !reference.bit();
                    }
                }
            }
        }
    }

    fn run_series(&mut self, now: Instant, reference: LayerRef) -> Due {
        let LayerRef { publisher, source, .. } = reference;
        let layer = usize::from(reference.layer);
        let Some(endpoint) = self.endpoint(publisher) else {
            return Due::Over;
        };
        let publication = &endpoint.publications.by_source[source.index()];
        let series = &publication.layers[layer].keyframes;
        let waiting =
            publication.state.is_some() && series.needs_waiter() && self.is_awaited(reference);
        let Some(endpoint) = self.endpoint_mut(publisher) else {
            return Due::Over;
        };
        let can_be_asked = endpoint.ssrc_to_ask(source, reference.layer).is_some();
        let series = &mut endpoint.publications.by_source[source.index()].layers[layer].keyframes;
        if waiting && !can_be_asked && series.due_at().is_some_and(|due| due <= now) {
            series.postpone(now);
        }
        let due = series.handle_timeout(now, waiting);
        let next = series.due_at();
        if due == Due::Ask {
            endpoint.flags.keyframes_wanted |= reference.bit();
            self.enqueue(publisher);
        }
        self.series_due = self.series_due.into_iter().chain(next).min();
        due
    }

    /// Whether the slot of any receiver that may get media waits for the layer.
    fn is_awaited(&self, reference: LayerRef) -> bool {
        let Some(endpoint) = self.endpoint(reference.publisher) else {
            return false;
        };
        let list = endpoint.publications.by_source[reference.source.index()].subscribers;
        let mut cursor = self.fanout.first(&list);
        while let Some(entry) = self.fanout.next(&mut cursor) {
            let receiver = self.endpoint(entry.endpoint).filter(|receiver| receiver.is_ready);
            let slot = receiver.and_then(|r| r.plan.slots.get(usize::from(entry.slot)));
            let is_it = slot.is_some_and(|slot| {
                let feed = slot.feed.is_some_and(|feed| {
                    feed.publisher == reference.publisher && feed.source == reference.source
                });
                feed && slot.awaits(reference.layer)
            });
            if is_it {
                return true;
            }
        }
        false
    }

    fn review(&mut self, now: Instant) {
        for place in 0..self.endpoints.len() {
            let index = EndpointIndex(place as u32);
            let Some(endpoint) = self.endpoint(index) else {
                continue;
            };
            let (flags, remembers_until) = (endpoint.flags, endpoint.remembers_until);
            for source in [Source::Camera, Source::Screen] {
                let Some(endpoint) = self.endpoint(index) else {
                    continue;
                };
                let publication = &endpoint.publications.by_source[source.index()];
                let codec = publication.codec;
                if publication.layer_count > 1 && publication.alive != publication.alive_at(now) {
                    self.choose_layers(now, index, source);
                    self.ask_awaited(now, index, source);
                }
                if codec.is_some() {
                    self.review_codec(index, source);
                }
            }
            self.allot_if_due(now, index);
            // Each publisher once a second, not all at once.
            let turn = now.as_micros() / REVIEW_PERIOD.as_micros() as u64 + place as u64;
            if turn.is_multiple_of(4) {
                self.settle_constraints(now, index);
            }
            if flags.has_leaving {
                self.end_leaving(now, index);
            }
            if remembers_until.is_some_and(|until| until <= now) {
                self.forget(index);
            }
        }
    }

    /// Ends sources that have been leaving for too long.
    fn end_leaving(&mut self, now: Instant, receiver: EndpointIndex) {
        let slots = self.endpoint(receiver).map_or(0, |endpoint| endpoint.plan.slots.len());
        let mut any_left = false;
        for place in 0..slots {
            let Some(slot) = self.slot_mut(receiver, place) else {
                return;
            };
            let Some(leaving) = slot.leaving else {
                continue;
            };
            if now.saturating_duration_since(leaving.since) < LEAVING_MAX {
                any_left = true;
                continue;
            }
            slot.leaving = None;
            self.unlink(leaving.feed);
            self.note_slots_changed(receiver);
        }
        if let Some(endpoint) = self.endpoint_mut(receiver) {
            endpoint.flags.has_leaving = any_left;
        }
    }

    /// Slots that carry nothing say so.
    fn forget(&mut self, receiver: EndpointIndex) {
        if let Some(endpoint) = self.endpoint_mut(receiver) {
            endpoint.remembers_until = None;
            for slot in &mut endpoint.plan.slots {
                slot.remembered = None;
            }
            self.note_slots_changed(receiver);
        }
    }

    pub(super) fn enqueue(&mut self, index: EndpointIndex) {
        if let Some(endpoint) = self.endpoint_mut(index)
            && !std::mem::replace(&mut endpoint.flags.is_queued, true)
        {
            self.queue.push_back(index);
        }
    }
}
