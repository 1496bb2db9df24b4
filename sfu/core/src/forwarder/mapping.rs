//! Which slot receives which source: it links and unlinks subscriptions.

use protocol::{
    EndpointIndex, Instant,
    client::SlotContent,
    media::{MediaKind, SlotKind, Source},
};

use super::{Forwarder, Removal};
use crate::{
    assign,
    endpoint::{EndpointPlan, SLOTS_MAX},
    fanout::Entry,
    keyframes::Need,
    room::RoomIndex,
    slot::{Feed, Leaving, Slot},
    snapshot::REMEMBERS,
    view::{Wanted, WantedList},
    voices::HEARD,
};

impl Forwarder {
    /// A source has come or gone: maps the slots of all whom it concerns.
    pub(super) fn source_changed(&mut self, now: Instant, room: RoomIndex, content: SlotContent) {
        match content.source {
            Source::Microphone => self.assign_voices_of_room(now, room),
            Source::ScreenAudio => {
                self.rooms.find_programmes(room);
                for place in 0..self.rooms.count(room) {
                    if let Some(member) = self.rooms.member(room, place) {
                        self.assign_programme(now, member.endpoint());
                    }
                }
            }
            Source::Camera | Source::Screen => {
                for place in 0..self.rooms.count(room) {
                    let Some(member) = self.rooms.member(room, place) else {
                        return;
                    };
                    let concerned = self.endpoint_mut(member.endpoint()).is_some_and(|receiver| {
                        let unsettled = std::mem::take(&mut receiver.flags.is_unsettled);
                        unsettled || receiver.wishes.concern(content)
                    });
                    if concerned {
                        self.assign_pictures(now, member.endpoint());
                    }
                }
            }
        }
    }

    /// Maps all slots of one receiver.
    pub(super) fn assign_all(&mut self, now: Instant, receiver: EndpointIndex) {
        self.assign_pictures(now, receiver);
        self.assign_voices(now, receiver);
        self.assign_programme(now, receiver);
    }

    pub(super) fn assign_voices_of_room(&mut self, now: Instant, room: RoomIndex) {
        for place in 0..self.rooms.count(room) {
            if let Some(member) = self.rooms.member(room, place) {
                self.assign_voices(now, member.endpoint());
            }
        }
    }

    fn assign_pictures(&mut self, now: Instant, receiver: EndpointIndex) {
        let Some(endpoint) = self.endpoint(receiver) else {
            return;
        };
        let slots = endpoint.slot_count(SlotKind::Video);
        let (room, participant) = (endpoint.room, endpoint.participant);
        let wishes = &endpoint.wishes;
        let list = WantedList::collect(&self.rooms, room, participant, wishes, slots);
        if self.assign(now, receiver, SlotKind::Video, list.as_slice(), list.stage) {
            self.allot(now, receiver);
        }
    }

    fn assign_voices(&mut self, now: Instant, receiver: EndpointIndex) {
        let Some(endpoint) = self.endpoint(receiver) else {
            return;
        };
        let Some(room) = self.rooms.room(endpoint.room) else {
            return;
        };
        let stage = endpoint.wishes.stage.map(|tile| tile.participant);
        let mut wanted = [Wanted::NONE; HEARD];
        let mut count = 0;
        for voice in room.voices.heard_by(receiver) {
            let Some(publisher) = self.endpoint(voice) else {
                continue;
            };
            wanted[count].content =
                SlotContent { participant: publisher.participant, source: Source::Microphone };
            count += 1;
        }
        let wanted = &mut wanted[..count];
        let is_stage = |wanted: &Wanted| Some(wanted.content.participant) == stage;
        let stage = wanted.iter().position(is_stage);
        if let Some(place) = stage {
            // Where slots are few, the stage's voice has one.
            wanted[..=place].rotate_right(1);
        }
        let stage = stage.and(wanted.first()).map(|wanted| wanted.content);
        self.assign(now, receiver, SlotKind::Voice, wanted, stage);
    }

    fn assign_programme(&mut self, now: Instant, receiver: EndpointIndex) {
        let Some(endpoint) = self.endpoint(receiver) else {
            return;
        };
        let Some(room) = self.rooms.room(endpoint.room) else {
            return;
        };
        let stage = endpoint.wishes.stage.and_then(|tile| {
            let member = self.rooms.find(endpoint.room, tile.participant)?;
            member.has(Source::ScreenAudio).then_some(member)
        });
        let others = stage.into_iter().chain(room.programmes.into_iter().flatten());
        let programme = others
            .map(|member| member.participant())
            .find(|&participant| participant != endpoint.participant);
        let wanted = programme.map(|participant| Wanted {
            content: SlotContent { participant, source: Source::ScreenAudio },
            height: 0,
        });
        self.assign(now, receiver, SlotKind::Programme, wanted.as_slice(), None);
    }

    /// Maps `wanted` into the receiver's slots of `kind`. Whether any of them shows something else
    /// than before, or in another size.
    fn assign(
        &mut self,
        now: Instant,
        receiver: EndpointIndex,
        kind: SlotKind,
        wanted: &[Wanted],
        stage: Option<SlotContent>,
    ) -> bool {
        let Some(endpoint) = self.endpoint(receiver) else {
            return false;
        };
        let mut places = [0; SLOTS_MAX];
        let mut present = [None; SLOTS_MAX];
        let mut given = [None; SLOTS_MAX];
        let mut count = 0;
        for (place, slot) in endpoint.plan.slots.iter().enumerate() {
            if slot.kind == kind {
                places[count] = place;
                present[count] = slot.feed.map(|feed| feed.content()).or(slot.remembered);
                given[count] = slot.given;
                count += 1;
            }
        }
        let mut contents = [Wanted::NONE.content; SLOTS_MAX];
        let wanted = &wanted[..wanted.len().min(count)];
        for (content, wanted) in contents.iter_mut().zip(wanted) {
            *content = wanted.content;
        }
        let contents = &contents[..wanted.len()];
        let stage = stage.filter(|stage| contents.contains(stage));
        let mut planned = [None; SLOTS_MAX];
        assign::place(&present[..count], contents, stage, &mut planned[..count]);
        let mut changed = false;
        // Slots are emptied first: a source that changes places is in one list at a time.
        for (&place, (plan, present)) in places[..count].iter().zip(planned.iter().zip(&present)) {
            if plan.is_some() {
                continue;
            }
            changed |= self.map_slot(now, receiver, place, None);
            if present.is_some_and(|present| contents.contains(&present))
                && let Some(slot) = self.slot_mut(receiver, place)
            {
                slot.remembered = None; // It is in another slot.
            }
        }
        for (&place, plan) in places[..count].iter().zip(&planned) {
            let content = plan.and_then(|plan| wanted.iter().find(|w| w.content == plan));
            if let Some(wanted) = content
                && self.map_slot(now, receiver, place, Some(*wanted))
            {
                changed = true;
                let was_in = present[..count].iter().position(|it| *it == *plan);
                if let Some(slot) = self.slot_mut(receiver, place) {
                    slot.given = was_in.and_then(|place| given[place]);
                }
            }
        }
        changed
    }

    /// Maps one slot. What flows of a picture is for [`Forwarder::allot`] to say, which is due if
    /// this returns `true`.
    fn map_slot(
        &mut self,
        now: Instant,
        receiver: EndpointIndex,
        place: usize,
        wanted: Option<Wanted>,
    ) -> bool {
        let Some(slot) = self.slot_mut(receiver, place) else {
            return false;
        };
        let present = slot.feed.map(|feed| feed.content());
        let content = wanted.map(|wanted| wanted.content);
        let height = wanted.map_or(0, |wanted| wanted.height);
        let is_resized = std::mem::replace(&mut slot.height, height) != height;
        if present == content && (present.is_some() || slot.leaving.is_none()) {
            return is_resized;
        }
        let flowing = self.detach(now, receiver, place);
        let Some(content) = content else {
            self.drop_flow(flowing);
            if let Some(slot) = self.slot_mut(receiver, place) {
                slot.remembered = None;
            }
            self.note_slots_changed(receiver);
            return true;
        };
        self.attach(receiver, place, content, flowing);
        self.update_layers(receiver, place);
        self.note_slots_changed(receiver);
        true
    }

    /// Takes the slot's feed away; returns what flows in it, still linked.
    fn detach(&mut self, now: Instant, receiver: EndpointIndex, place: usize) -> Option<Leaving> {
        let slot = self.slot_mut(receiver, place)?;
        let leaving = slot.leaving.take();
        let feed = slot.feed.take();
        match (feed, slot.layer.take()) {
            (Some(feed), Some(layer)) => {
                self.drop_flow(leaving);
                Some(Leaving { feed, layer, since: now })
            }
            (Some(feed), None) => {
                self.unlink(feed);
                leaving
            }
            (None, _) => leaving,
        }
    }

    /// Gives the slot a feed; `flowing` goes on until a picture's keyframe.
    fn attach(
        &mut self,
        receiver: EndpointIndex,
        place: usize,
        content: SlotContent,
        flowing: Option<Leaving>,
    ) {
        self.counters.remaps += 1;
        let returning = flowing.filter(|flowing| flowing.feed.content() == content);
        let feed = match returning {
            Some(flowing) => Some(flowing.feed),
            None => self.link(receiver, place, content),
        };
        let Some(slot) = self.slot_mut(receiver, place) else {
            return;
        };
        slot.feed = feed;
        slot.lacks_codec = false;
        slot.is_paused = false;
        slot.given = None;
        if slot.remembered != Some(content) {
            slot.remembered = None;
        }
        match slot.media() {
            MediaKind::Audio => {
                slot.layer = feed.map(|_| 0);
                slot.target = 0;
                slot.remembered = None;
                if returning.is_none() {
                    slot.expect_takeover();
                    self.drop_flow(flowing);
                }
            }
            MediaKind::Video => {
                slot.layer = returning.map(|flowing| flowing.layer);
                slot.leaving = flowing.filter(|_| returning.is_none());
                let has_leaving = slot.leaving.is_some();
                if let Some(endpoint) = self.endpoint_mut(receiver) {
                    endpoint.flags.has_leaving |= has_leaving;
                }
            }
        }
    }

    /// Asks for a keyframe of the layer that the slot waits for.
    pub(super) fn ask_for_slot(&mut self, now: Instant, receiver: EndpointIndex, place: usize) {
        let Some(endpoint) = self.endpoint(receiver).filter(|endpoint| endpoint.is_ready) else {
            return;
        };
        let Some(slot) = endpoint.plan.slots.get(place) else {
            return;
        };
        if let Some(feed) = slot.feed
            && slot.media() == MediaKind::Video
            && slot.awaits(slot.target)
        {
            self.want_keyframe(now, feed.publisher, feed.source, slot.target, Need::SlotWaits);
        }
    }

    /// Chooses the layers of all slots that receive a source, by which of its layers flow.
    pub(super) fn choose_layers(&mut self, now: Instant, publisher: EndpointIndex, source: Source) {
        let Some(endpoint) = self.endpoint_mut(publisher) else {
            return;
        };
        let publication = &mut endpoint.publications.by_source[source.index()];
        publication.alive = publication.alive_at(now);
        let list = publication.subscribers;
        let mut cursor = self.fanout.first(&list);
        while let Some(entry) = self.fanout.next(&mut cursor) {
            self.choose_layer(entry.endpoint, usize::from(entry.slot));
        }
        self.make_receivers_due(publisher, source);
    }

    /// Says in the lists which layers the slot is to see.
    pub(super) fn update_layers(&mut self, receiver: EndpointIndex, place: usize) {
        let Some(endpoint) = self.endpoint(receiver) else {
            return;
        };
        let seen = |layers: u8| if endpoint.is_ready { layers } else { 0 };
        let Some(&slot) = endpoint.plan.slots.get(place) else {
            return;
        };
        let for_feed = seen(slot.feed_layers());
        let for_leaving = slot.leaving.map_or(0, |leaving| seen(1 << leaving.layer));
        if let Some(feed) = slot.feed {
            self.fanout.set_layers(feed.position, for_feed);
        }
        if let Some(leaving) = slot.leaving {
            self.fanout.set_layers(leaving.feed.position, for_leaving);
        }
    }

    /// The receiver may get media: sound flows, pictures are asked for.
    pub(super) fn start_slot(&mut self, now: Instant, receiver: EndpointIndex, place: usize) {
        if let Some(slot) = self.slot_mut(receiver, place)
            && slot.media() == MediaKind::Audio
        {
            slot.expect_takeover();
        }
        self.choose_layer(receiver, place);
        self.ask_for_slot(now, receiver, place);
    }

    /// The receiver may get nothing: what flows ends, and begins with a keyframe when it goes on.
    pub(super) fn stop_slot(&mut self, receiver: EndpointIndex, place: usize) {
        let Some(slot) = self.slot_mut(receiver, place) else {
            return;
        };
        if slot.media() == MediaKind::Video {
            slot.remembered = slot.content();
            slot.layer = None;
            let leaving = slot.leaving.take();
            self.drop_flow(leaving);
        }
        self.update_layers(receiver, place);
    }

    /// Takes a source out of all slots that receive it.
    pub(super) fn release_subscribers(&mut self, publisher: EndpointIndex, source: Source) {
        while let Some(entry) = self.release_subscriber(publisher, source, Removal::ForGood) {
            self.note_slots_changed(entry.endpoint);
        }
    }

    /// Takes a source that will come back out of all slots that receive it; each remembers what it
    /// carried.
    pub(super) fn suspend_subscribers(
        &mut self,
        now: Instant,
        publisher: EndpointIndex,
        source: Source,
    ) {
        while let Some(entry) = self.release_subscriber(publisher, source, Removal::ToReturn) {
            if let Some(receiver) = self.endpoint_mut(entry.endpoint) {
                receiver.remembers_until = Some(now + REMEMBERS);
            }
        }
    }

    /// Takes a source out of one slot that receives it.
    fn release_subscriber(
        &mut self,
        publisher: EndpointIndex,
        source: Source,
        removal: Removal,
    ) -> Option<Entry> {
        let list = self.endpoint(publisher)?.publications.by_source[source.index()].subscribers;
        let entry = self.fanout.next(&mut self.fanout.first(&list))?;
        let is_it = |feed: &Feed| feed.publisher == publisher && feed.source == source;
        let slot = self.slot_mut(entry.endpoint, usize::from(entry.slot))?;
        let feed = if let Some(feed) = slot.feed.filter(is_it) {
            slot.remembered = slot.content().filter(|_| removal == Removal::ToReturn);
            slot.feed = None;
            slot.layer = None;
            Some(feed)
        } else {
            slot.leaving.take().map(|leaving| leaving.feed)
        };
        debug_assert!(feed.is_some(), "an entry whose slot does not know it");
        self.unlink(feed?);
        if let Some(receiver) = self.endpoint_mut(entry.endpoint) {
            receiver.flags.is_unsettled = true;
        }
        Some(entry)
    }

    /// Takes everything out of the slots of one receiver.
    pub(super) fn release_slots(&mut self, receiver: EndpointIndex) {
        let slots = self.endpoint(receiver).map_or(0, |endpoint| endpoint.plan.slots.len());
        for place in 0..slots {
            let Some(slot) = self.slot_mut(receiver, place) else {
                return;
            };
            let feed = slot.feed.take();
            let leaving = slot.leaving.take();
            slot.layer = None;
            if let Some(feed) = feed {
                self.unlink(feed);
            }
            self.drop_flow(leaving);
        }
    }

    /// Puts a new plan in place and links its slots to what the old ones received.
    pub(super) fn move_feeds(&mut self, receiver: EndpointIndex, plan: &mut EndpointPlan) {
        let Some(endpoint) = self.endpoint_mut(receiver) else {
            return;
        };
        let mut contents = [None; SLOTS_MAX];
        for (content, slot) in contents.iter_mut().zip(&endpoint.plan.slots) {
            *content = slot.feed.map(|feed| (slot.mid, feed.content(), slot.layer));
        }
        self.release_slots(receiver);
        if let Some(endpoint) = self.endpoint_mut(receiver) {
            endpoint.swap_plan(plan);
        }
        for (mid, content, layer) in contents.into_iter().flatten() {
            let place = self
                .endpoint(receiver)
                .and_then(|endpoint| endpoint.plan.slots.iter().position(|slot| slot.mid == mid));
            let Some(place) = place else {
                continue;
            };
            let feed = self.link(receiver, place, content);
            if let Some(slot) = self.slot_mut(receiver, place) {
                slot.feed = feed;
                slot.layer = layer.filter(|_| feed.is_some());
            }
            self.update_layers(receiver, place);
        }
        self.note_slots_changed(receiver);
    }

    fn link(
        &mut self,
        receiver: EndpointIndex,
        place: usize,
        content: SlotContent,
    ) -> Option<Feed> {
        let endpoint = self.endpoint(receiver)?;
        let (room, codecs) = (endpoint.room, endpoint.plan.slots.get(place)?.codecs());
        let publisher = self.rooms.find(room, content.participant)?.endpoint();
        let endpoint = self.endpoints.get_mut(publisher.get() as usize)?.as_deref_mut()?;
        let publication = &mut endpoint.publications.by_source[content.source.index()];
        let entry = Entry { endpoint: receiver, slot: place as u8, layers: 0, codecs };
        let position = self.fanout.push(&mut publication.subscribers, entry)?;
        Some(Feed { publisher, participant: content.participant, source: content.source, position })
    }

    /// Takes a subscription out of its source's list; the slot has forgotten it already.
    pub(super) fn unlink(&mut self, feed: Feed) {
        let Some(Some(publisher)) = self.endpoints.get_mut(feed.publisher.get() as usize) else {
            return;
        };
        let publication = &mut publisher.publications.by_source[feed.source.index()];
        let moved = self.fanout.remove(&mut publication.subscribers, feed.position);
        let Some(moved) = moved else {
            return;
        };
        let Some(slot) = self.slot_mut(moved.entry.endpoint, usize::from(moved.entry.slot)) else {
            return;
        };
        let leaving = slot.leaving.as_mut().map(|leaving| &mut leaving.feed);
        let known = slot.feed.as_mut().into_iter().chain(leaving);
        for feed in known.filter(|feed| feed.position == moved.from) {
            feed.position = moved.to;
        }
    }

    pub(super) fn drop_flow(&mut self, flowing: Option<Leaving>) {
        if let Some(flowing) = flowing {
            self.unlink(flowing.feed);
        }
    }

    pub(super) fn slot_mut(&mut self, receiver: EndpointIndex, place: usize) -> Option<&mut Slot> {
        self.endpoint_mut(receiver)?.plan.slots.get_mut(place)
    }
}
