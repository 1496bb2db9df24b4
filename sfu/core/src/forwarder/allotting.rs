//! Divides each receiver's line among its pictures, and tells publishers what is wanted of them.

use protocol::{
    Bitrate, EndpointIndex, Instant,
    client::{ConnectionState, SendConstraint},
    media::{MediaKind, SlotKind, Source},
};

use super::Forwarder;
use crate::{
    allocation::{self, Choice, Content, Demand, Place},
    codec::LayerLimit,
    constraint::Wanted,
    endpoint::{Endpoint, SLOTS_MAX},
    layers,
    offer::{LayerName, Offer, PICTURES},
};

/// What a line is taken to carry whose estimate nobody makes.
const TARGET_UNKNOWN: Bitrate = Bitrate::from_kbps(20_000);

/// A picture slot with something to show.
#[derive(Clone, Copy)]
struct Tile {
    place: usize,
    content: Content,
    standing: Place,
    max_height: u16,
    max_frame_rate: u8,
    given: Option<u8>,
}

impl Tile {
    const NONE: Tile = Tile {
        place: 0,
        content: Content::Person,
        standing: Place::Tile,
        max_height: 0,
        max_frame_rate: u8::MAX,
        given: None,
    };
}

impl Forwarder {
    /// What of each picture of the endpoint is wanted, where its client has not been told. To be
    /// used up.
    pub fn take_send_constraints(
        &mut self,
        index: EndpointIndex,
    ) -> impl Iterator<Item = SendConstraint> + '_ {
        let publications = self.endpoint_mut(index).map(|endpoint| &mut endpoint.publications);
        publications.into_iter().flat_map(|publications| {
            PICTURES.into_iter().filter_map(|source| {
                let publication = &mut publications.by_source[source.index()];
                let encodings = publication.layer_count;
                publication.constraint.take_untold(source, encodings)
            })
        })
    }

    /// How the line to the endpoint's client does, to be told at `now`.
    pub fn take_connection_state(
        &mut self,
        now: Instant,
        index: EndpointIndex,
    ) -> Option<ConnectionState> {
        self.endpoint_mut(index).map(|endpoint| endpoint.allotment.news.tell(now))
    }

    /// Divides a receiver's line anew if that is due; see [`crate::allotment`].
    pub(super) fn allot_if_due(&mut self, now: Instant, receiver: EndpointIndex) {
        let is_due = self.endpoint(receiver).is_some_and(|endpoint| {
            endpoint.is_ready && endpoint.allotment.is_due(now, target_of(endpoint))
        });
        if is_due {
            self.allot(now, receiver);
        }
    }

    /// Divides a receiver's line among its picture slots.
    pub(super) fn allot(&mut self, now: Instant, receiver: EndpointIndex) {
        let mut tiles = [Tile::NONE; SLOTS_MAX];
        let mut offers = [Offer::NONE; SLOTS_MAX];
        let count = self.collect_tiles(now, receiver, &mut tiles, &mut offers);
        let mut demands = [NO_DEMAND; SLOTS_MAX];
        for ((demand, tile), offer) in demands.iter_mut().zip(&tiles).zip(&offers).take(count) {
            *demand = Demand {
                content: tile.content,
                place: tile.standing,
                max_height: tile.max_height,
                max_frame_rate: tile.max_frame_rate,
                layers: offer.as_slice(),
                previous: tile.given,
            };
        }
        let Some(endpoint) = self.endpoint_mut(receiver) else {
            return;
        };
        let target = target_of(endpoint);
        let sound = sound_octets(endpoint);
        let budget = endpoint.allotment.budget(now, target, sound);
        let loss = endpoint.sending.line.congestion.loss();
        let repeats = endpoint.allotment.repeats_sound(now, loss);
        for slot in &mut endpoint.plan.slots {
            slot.is_redundant = repeats;
        }
        let mut choices = [Choice::default(); SLOTS_MAX];
        let choices = &mut choices[..count];
        let summary = allocation::allocate(&demands[..count], None, budget, choices);
        endpoint.allotment.conclude(summary);
        let demand = endpoint.allotment.demand();
        endpoint.sending.line.congestion.set_demand(now, demand);
        let pictures = endpoint.allotment.pictures();
        let is_news = endpoint.is_ready && endpoint.allotment.news.update(now, pictures, target);
        endpoint.flags.connection_changed |= is_news;
        if is_news {
            self.enqueue(receiver);
        }
        let unused = budget.present.saturating_sub(summary.target_bits_per_second);
        for ((tile, offer), choice) in tiles.iter().zip(&offers).zip(choices) {
            if let Some(slot) = self.slot_mut(receiver, tile.place) {
                let room = choice.bits_per_second() + unused;
                slot.interim =
                    slot.layer.map_or(LayerLimit::NONE, |flowing| offer.part_within(flowing, room));
            }
            self.give(now, receiver, tile.place, choice.layer());
        }
    }

    /// The picture slots of `receiver` that have something to show, and what there is to show.
    fn collect_tiles(
        &self,
        now: Instant,
        receiver: EndpointIndex,
        tiles: &mut [Tile],
        offers: &mut [Offer],
    ) -> usize {
        let Some(endpoint) = self.endpoint(receiver) else {
            return 0;
        };
        let stage = endpoint.wishes.stage.map(|tile| (tile.participant, tile.source));
        let mut count = 0;
        for (place, slot) in endpoint.plan.slots.iter().enumerate() {
            let Some(feed) = slot.feed.filter(|_| slot.kind == SlotKind::Video) else {
                continue;
            };
            let Some(publisher) = self.endpoint(feed.publisher) else {
                continue;
            };
            let publication = &publisher.publications.by_source[feed.source.index()];
            let is_stage = stage == Some((feed.participant, feed.source));
            let is_screen = feed.source == Source::Screen;
            let most = publication.height_within(feed.source, self.limits.camera);
            tiles[count] = Tile {
                place,
                content: if is_screen { Content::Screen } else { Content::Person },
                standing: if is_stage { Place::Stage } else { Place::Tile },
                max_height: publication.height_for(slot.height.min(most)),
                max_frame_rate: if is_screen { u8::MAX } else { self.limits.camera.frame_rate },
                given: slot.given,
            };
            let declared = publisher.publications.layers_allocation(feed.source);
            offers[count] = publication.offer(now, declared);
            count += 1;
        }
        count
    }

    /// Lets a slot have the layer that allocation chose for it, or nothing.
    fn give(&mut self, now: Instant, receiver: EndpointIndex, place: usize, chosen: Option<u8>) {
        let Some(slot) = self.slot_mut(receiver, place) else {
            return;
        };
        let Some(layer) = chosen else {
            slot.given = None;
            if !std::mem::replace(&mut slot.is_paused, true) {
                self.pause_slot(receiver, place);
            }
            return;
        };
        let name = LayerName::from_id(layer);
        if slot.given.replace(layer) != Some(layer) {
            slot.wish = name.encoding;
            slot.limit = name.limit();
        }
        slot.is_paused = false;
        let (feed, tile) = (slot.feed, slot.height);
        self.choose_layer(receiver, place);
        self.ask_for_slot(now, receiver, place);
        let Some(feed) = feed else {
            return;
        };
        let camera = self.limits.camera;
        let Some(publisher) = self.endpoint_mut(feed.publisher) else {
            return;
        };
        let publication = &mut publisher.publications.by_source[feed.source.index()];
        let tile = tile.min(publication.height_within(feed.source, camera));
        let wanted = publication.wanted(name.encoding, tile);
        if publication.constraint.raise(now, wanted) {
            self.note_send_changed(feed.publisher);
        }
    }

    /// Nothing flows in a slot for want of room. Its receiver is told where something did: what
    /// stands still there is no picture, and no freeze.
    fn pause_slot(&mut self, receiver: EndpointIndex, place: usize) {
        let flowed = self.slot_mut(receiver, place).is_some_and(|slot| slot.flows());
        self.stop_slot(receiver, place);
        if let Some(slot) = self.slot_mut(receiver, place)
            && flowed
        {
            slot.remembered = None;
            self.note_slots_changed(receiver);
        }
    }

    /// A source begins: everything that it has is asked for until it is known what is wanted.
    pub(super) fn begin_source(&mut self, now: Instant, publisher: EndpointIndex, source: Source) {
        if let Some(endpoint) = self.endpoint_mut(publisher)
            && source.kind() == MediaKind::Video
        {
            endpoint.publications.by_source[source.index()].constraint.begin(now);
            self.note_send_changed(publisher);
        }
    }

    /// Asks less of publishers of whom nobody has wanted so much for a while.
    pub(super) fn settle_constraints(&mut self, now: Instant, publisher: EndpointIndex) {
        for source in PICTURES {
            let Some(endpoint) = self.endpoint(publisher) else {
                return;
            };
            let publication = &endpoint.publications.by_source[source.index()];
            if publication.state.is_none() {
                continue;
            }
            let wanted = self.wanted_by_all(publisher, source);
            let Some(endpoint) = self.endpoint_mut(publisher) else {
                return;
            };
            let publication = &mut endpoint.publications.by_source[source.index()];
            if publication.constraint.settle(now, wanted) {
                self.note_send_changed(publisher);
            }
        }
    }

    /// The most that any receiver wants of a picture.
    fn wanted_by_all(&self, publisher: EndpointIndex, source: Source) -> Wanted {
        let mut most = Wanted::default();
        let Some(endpoint) = self.endpoint(publisher) else {
            return most;
        };
        let publication = &endpoint.publications.by_source[source.index()];
        let mut cursor = self.fanout.first(&publication.subscribers);
        while let Some(entry) = self.fanout.next(&mut cursor) {
            let receiver = self.endpoint(entry.endpoint);
            let slot = receiver.and_then(|it| it.plan.slots.get(usize::from(entry.slot)));
            let Some(slot) = slot else {
                continue;
            };
            let is_feed =
                slot.feed.is_some_and(|feed| feed.publisher == publisher && feed.source == source);
            if is_feed && slot.given.is_some() {
                let tile = slot.height.min(publication.height_within(source, self.limits.camera));
                most = most.max(publication.wanted(slot.wish, tile));
            }
        }
        most
    }

    /// Lets the receivers of a source divide their lines anew at the next review.
    pub(super) fn make_receivers_due(&mut self, publisher: EndpointIndex, source: Source) {
        let Some(endpoint) = self.endpoint(publisher) else {
            return;
        };
        let list = endpoint.publications.by_source[source.index()].subscribers;
        let mut cursor = self.fanout.first(&list);
        while let Some(entry) = self.fanout.next(&mut cursor) {
            if let Some(receiver) = self.endpoint_mut(entry.endpoint) {
                receiver.allotment.make_due();
            }
        }
    }

    pub(super) fn note_send_changed(&mut self, index: EndpointIndex) {
        if let Some(endpoint) = self.endpoint_mut(index) {
            endpoint.flags.send_changed = true;
            self.enqueue(index);
        }
    }

    /// Chooses what flows in a picture slot: the wish, or what flows in its place.
    pub(super) fn choose_layer(&mut self, receiver: EndpointIndex, place: usize) {
        let Some(slot) = self.slot_mut(receiver, place) else {
            return;
        };
        let (wish, media) = (slot.wish, slot.media());
        let Some(feed) = slot.feed else {
            return;
        };
        let Some(publisher) = self.endpoint(feed.publisher) else {
            return;
        };
        if media == MediaKind::Video {
            let publication = &publisher.publications.by_source[feed.source.index()];
            let target = layers::nearest(wish.min(publication.layer_count - 1), publication.alive);
            if let Some(slot) = self.slot_mut(receiver, place) {
                slot.target = target;
            }
        }
        self.update_layers(receiver, place);
    }
}

const NO_DEMAND: Demand<'static> = Demand {
    content: Content::Person,
    place: Place::Tile,
    max_height: 0,
    max_frame_rate: 0,
    layers: &[],
    previous: None,
};

/// What the line to a receiver carries, as far as anybody knows.
fn target_of(endpoint: &Endpoint) -> Bitrate {
    endpoint.sending.line.congestion.estimate().unwrap_or(TARGET_UNKNOWN)
}

/// What sound has taken of a receiver's line since the start, headers included.
fn sound_octets(endpoint: &Endpoint) -> u64 {
    /// RTP header with the CSRC and the block of extensions.
    const HEADER: u64 = 28;
    let sounds = endpoint.plan.slots.iter().filter(|slot| slot.media() == MediaKind::Audio);
    sounds.map(|slot| slot.octets + HEADER * slot.packets).sum()
}
