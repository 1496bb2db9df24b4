//! The engine: it owns rooms and endpoints, and sees every packet.

mod allotting;
mod feedback;
mod floor;
mod layers;
mod losses;
mod mapping;
mod packets;
mod padding;
mod publishers;
mod reports;
mod requests;
mod sending;
mod sounds;

use std::collections::VecDeque;

use protocol::{
    EndpointIndex, Instant, ParticipantId,
    client::{SlotContent, SourceState, View},
    media::{Source, Ssrc, VoicePriority},
};

use self::requests::LayerRef;
use crate::{
    camera_limit::CameraLimit,
    counters::Counters,
    endpoint::{Endpoint, EndpointPlan, SLOTS_MAX},
    fanout::Fanout,
    layers::LAYERS_MAX,
    room::{ENDPOINTS_MAX, EnterError, RoomIndex, Rooms},
    snapshot::REMEMBERS,
};

pub use self::feedback::ReceiverBlock;
pub use self::reports::{IncomingStream, OutgoingStream, ReceptionReport};

/// Sizes of a worker's tables, and what cameras may take. Memory is reserved at the start and used
/// as it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Endpoints of the worker, below 2²⁴. Each costs 1.5 KiB of reserved tables. Default 4 096.
    pub endpoints: usize,
    /// Rooms of the worker. Default 1 024.
    pub rooms: usize,
    /// Participants in one room. Each costs 8 reserved bytes in every room. Default 1 024.
    pub participants_per_room: usize,
    /// Slots of one endpoint, at most and by default 53: 49 pictures, three voices, a programme.
    pub slots_per_endpoint: usize,
    /// What cameras may take. Default: whatever they like.
    pub camera: CameraLimit,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            endpoints: 4_096,
            rooms: 1_024,
            participants_per_room: 1_024,
            slots_per_endpoint: SLOTS_MAX,
            camera: CameraLimit::NONE,
        }
    }
}

/// What the worker is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardEvent {
    /// Ask the endpoint for a keyframe of its stream `ssrc`.
    KeyframeWanted {
        /// The publisher.
        endpoint: EndpointIndex,
        /// Its stream.
        ssrc: Ssrc,
    },
    /// Somebody else has the floor of the room.
    SpeakerChanged {
        /// The room.
        room: RoomIndex,
        /// Who; `None` if they went or fell silent for good and nobody has followed.
        participant: Option<ParticipantId>,
    },
    /// What is wanted of the endpoint's pictures may be something else:
    /// [`Forwarder::take_send_constraints`] tells.
    SendConstraintsChanged {
        /// The publisher.
        endpoint: EndpointIndex,
    },
    /// The endpoint's line does otherwise: [`Forwarder::take_connection_state`] tells.
    ConnectionChanged {
        /// The receiver.
        endpoint: EndpointIndex,
    },
    /// Ask the endpoint for packets of its stream `ssrc`: [`Forwarder::take_missing`] tells which.
    PacketsMissing {
        /// The publisher.
        endpoint: EndpointIndex,
        /// Its stream.
        ssrc: Ssrc,
    },
    /// Slots of the endpoint may carry something else: [`Forwarder::take_changed_slots`] tells.
    SlotsChanged {
        /// The receiver.
        endpoint: EndpointIndex,
    },
}

/// Why an endpoint cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// Its index is taken, or not below [`Limits::endpoints`].
    #[error("the endpoint's place is taken or out of range")]
    NoPlace,
    /// Its room is not open.
    #[error("the room is not open")]
    RoomNotOpen,
    /// Its room is full.
    #[error("the room is full")]
    RoomFull,
    /// Its participant has an endpoint in the room.
    #[error("the participant has an endpoint in the room")]
    Duplicate,
}

/// Whether an endpoint that is removed comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It does not: the slots that carried it carry something else at once.
    ForGood,
    /// It does, from its snapshot: the slots that carried it remember it for 5 s and tell nobody,
    /// so that a room taken apart one by one is the same when it has been built again.
    ToReturn,
}

/// An endpoint that was not added, with its memory.
#[derive(Debug)]
pub struct Refused {
    /// The endpoint, as it came.
    pub endpoint: Box<Endpoint>,
    /// Why.
    pub reason: AddError,
}

/// The engine; see the crate.
#[derive(Debug)]
pub struct Forwarder {
    limits: Limits,
    rooms: Rooms,
    endpoints: Box<[Option<Box<Endpoint>>]>,
    endpoint_count: usize,
    fanout: Fanout,
    counters: Counters,
    /// Endpoints with something to tell, each once.
    queue: VecDeque<EndpointIndex>,
    /// Layers of which a keyframe is wanted, each once.
    series: Vec<LayerRef>,
    series_due: Option<Instant>,
    review_due: Option<Instant>,
    /// Where the grid of decisions about the floor begins, and the next of them.
    floor_grid: Option<Instant>,
    floor_due: Option<Instant>,
    /// Rooms whose floor has changed, each once.
    floor_queue: VecDeque<RoomIndex>,
    /// Receivers for whom something waits, each once.
    waiting: Vec<EndpointIndex>,
    pacing_due: Option<Instant>,
    /// Publishers whose pictures lack packets, each once.
    lossy: Vec<EndpointIndex>,
    losses_due: Option<Instant>,
    estimators_due: Option<Instant>,
}

impl Forwarder {
    /// Reserves the tables for `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let limits = Limits {
            endpoints: limits.endpoints.min(ENDPOINTS_MAX),
            slots_per_endpoint: limits.slots_per_endpoint.min(SLOTS_MAX),
            ..limits
        };
        let Limits { endpoints, .. } = limits;
        // A slot is in the list of what it carries and in the list of what it waits for.
        let entries = 2 * endpoints * limits.slots_per_endpoint;
        Forwarder {
            limits,
            rooms: Rooms::new(limits.rooms, limits.participants_per_room),
            endpoints: std::iter::repeat_with(|| None).take(endpoints).collect(),
            endpoint_count: 0,
            fanout: Fanout::new(entries, endpoints * Source::ALL.len()),
            counters: Counters::default(),
            queue: VecDeque::with_capacity(endpoints),
            series: Vec::with_capacity(endpoints * 2 * LAYERS_MAX),
            series_due: None,
            review_due: None,
            floor_grid: None,
            floor_due: None,
            floor_queue: VecDeque::with_capacity(limits.rooms),
            waiting: Vec::with_capacity(endpoints),
            pacing_due: None,
            lossy: Vec::with_capacity(endpoints),
            losses_due: None,
            estimators_due: None,
        }
    }

    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Opens a room, of no effect if it is open; `false` if `room` is not below [`Limits::rooms`].
    pub fn open_room(&mut self, room: RoomIndex) -> bool {
        self.rooms.open(room)
    }

    /// Closes a room whose endpoints have all been removed; `false` if there was none such.
    pub fn close_room(&mut self, room: RoomIndex) -> bool {
        self.floor_queue.retain(|&changed| changed != room);
        self.rooms.close(room)
    }

    /// Adds an endpoint to its room. It gets no media before [`Forwarder::set_media_ready`].
    ///
    /// # Errors
    /// [`Refused`] gives it back.
    pub fn add_endpoint(&mut self, now: Instant, endpoint: Box<Endpoint>) -> Result<(), Refused> {
        let (index, room, participant) = (endpoint.index, endpoint.room, endpoint.participant);
        let is_free = self.endpoints.get(index.get() as usize).is_some_and(Option::is_none);
        if !is_free {
            let reason = AddError::NoPlace;
            return Err(Refused { endpoint, reason });
        }
        let sources = endpoint.sources_on();
        if let Err(error) = self.rooms.enter(room, participant, index, sources) {
            let reason = match error {
                EnterError::NotOpen => AddError::RoomNotOpen,
                EnterError::Full => AddError::RoomFull,
                EnterError::Duplicate => AddError::Duplicate,
            };
            return Err(Refused { endpoint, reason });
        }
        self.endpoints[index.get() as usize] = Some(endpoint);
        self.endpoint_count += 1;
        if self.review_due.is_none() {
            self.review_due = Some(now + requests::REVIEW_PERIOD);
            self.estimators_due = Some(now);
            self.start_floors(now);
        }
        for source in Source::ALL {
            if sources & 1 << source.index() != 0 {
                self.begin_source(now, index, source);
                self.source_changed(now, room, SlotContent { participant, source });
            }
        }
        self.assign_all(now, index);
        Ok(())
    }

    /// Removes an endpoint and gives its memory back, in the state that a snapshot is to have: with
    /// the sources that were on, each slot remembering what it carried.
    pub fn remove_endpoint(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        removal: Removal,
    ) -> Option<Box<Endpoint>> {
        let endpoint = self.endpoint_mut(index)?;
        let (room, participant) = (endpoint.room, endpoint.participant);
        let states = endpoint.publications.by_source.each_ref().map(|it| it.state);
        for slot in &mut endpoint.plan.slots {
            slot.remembered = slot.content();
        }
        for source in Source::ALL {
            match removal {
                Removal::ForGood => self.turn_off(now, index, source),
                Removal::ToReturn => self.suspend(now, index, source),
            }
        }
        self.rooms.leave(room, participant);
        self.rooms.find_programmes(room);
        self.release_slots(index);
        self.queue.retain(|&queued| queued != index);
        self.series.retain(|layer| layer.publisher != index);
        self.waiting.retain(|&receiver| receiver != index);
        self.lossy.retain(|&publisher| publisher != index);
        let mut endpoint = self.endpoints[index.get() as usize].take()?;
        for (publication, state) in endpoint.publications.by_source.iter_mut().zip(states) {
            publication.state = state;
        }
        self.endpoint_count -= 1;
        if self.endpoint_count == 0 {
            self.review_due = None;
            self.series_due = None;
            self.floor_due = None;
            self.pacing_due = None;
            self.losses_due = None;
            self.estimators_due = None;
        }
        Some(endpoint)
    }

    /// Replaces the m-lines of an endpoint after a renegotiation. What is in both plans goes on
    /// without a keyframe. Returns memory to be freed: the old plan, or `plan` itself if the
    /// endpoint is gone.
    pub fn replace_plan(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        mut plan: Box<EndpointPlan>,
    ) -> Box<EndpointPlan> {
        if self.endpoint_mut(index).is_none() {
            return plan;
        }
        self.move_feeds(index, &mut plan);
        self.assign_all(now, index);
        plan
    }

    /// Says whether keys and consent are there, so that the endpoint may receive. It then gets
    /// sound at once and pictures from the next keyframes on, which are asked for; so are the
    /// keyframes of its own that others wait for.
    pub fn set_media_ready(&mut self, now: Instant, index: EndpointIndex, ready: bool) {
        let Some(endpoint) = self.endpoint_mut(index) else {
            return;
        };
        if endpoint.is_ready == ready {
            return;
        }
        endpoint.is_ready = ready;
        if !ready {
            endpoint.remembers_until = Some(now + REMEMBERS);
            endpoint.sending.line.pacer.clear();
            for source in [Source::Camera, Source::Screen] {
                endpoint.publications.losses.clear(source);
            }
        }
        let slots = endpoint.plan.slots.len();
        for slot in 0..slots {
            if ready {
                self.start_slot(now, index, slot);
            } else {
                self.stop_slot(index, slot);
            }
        }
        if ready {
            self.renew_keyframes(now, index);
        }
    }

    /// Says what the endpoint shows. Tiles of height 0 are hidden; an empty view leaves the choice
    /// to the engine (screens, then cameras in the order of joining).
    pub fn set_view(&mut self, now: Instant, index: EndpointIndex, view: &View) {
        if let Some(endpoint) = self.endpoint_mut(index) {
            endpoint.wishes.set(view);
            self.assign_all(now, index);
        }
    }

    /// Says how much the endpoint's voice counts where more speak than are heard, from its next
    /// packet on.
    pub fn set_voice_priority(&mut self, index: EndpointIndex, priority: VoicePriority) {
        if let Some(endpoint) = self.endpoint_mut(index) {
            endpoint.voice_priority = priority;
        }
    }

    /// Turns a source of the endpoint on (with its state) or off. Sources begin off.
    pub fn set_source(
        &mut self,
        now: Instant,
        index: EndpointIndex,
        source: Source,
        state: Option<SourceState>,
    ) {
        let Some(state) = state else {
            self.turn_off(now, index, source);
            return;
        };
        let Some(endpoint) = self.endpoint_mut(index) else {
            return;
        };
        let publication = &mut endpoint.publications.by_source[source.index()];
        let was_on = publication.state.replace(state).is_some();
        if was_on {
            self.make_receivers_due(index, source);
            return;
        }
        self.begin_source(now, index, source);
        let Some(endpoint) = self.endpoint(index) else {
            return;
        };
        let (room, participant) = (endpoint.room, endpoint.participant);
        let sources = endpoint.sources_on();
        self.rooms.set_sources(room, participant, sources);
        self.source_changed(now, room, SlotContent { participant, source });
    }

    fn turn_off(&mut self, now: Instant, index: EndpointIndex, source: Source) {
        let Some(endpoint) = self.endpoint_mut(index) else {
            return;
        };
        let publication = &mut endpoint.publications.by_source[source.index()];
        if publication.state.take().is_none() {
            return;
        }
        endpoint.publications.losses.clear(source);
        let (room, participant) = (endpoint.room, endpoint.participant);
        let sources = endpoint.sources_on();
        self.rooms.set_sources(room, participant, sources);
        self.silence(index, room, source);
        if source == Source::Microphone {
            self.leave_floor(room, participant);
        }
        self.release_subscribers(index, source);
        self.source_changed(now, room, SlotContent { participant, source });
    }

    /// Takes a source that will come back out of the fan-out; whoever received it remembers it.
    fn suspend(&mut self, now: Instant, index: EndpointIndex, source: Source) {
        if let Some(endpoint) = self.endpoint(index) {
            self.silence(index, endpoint.room, source);
            self.suspend_subscribers(now, index, source);
        }
    }

    fn silence(&mut self, index: EndpointIndex, room: RoomIndex, source: Source) {
        if source == Source::Microphone
            && let Some(room) = self.rooms.room_mut(room)
        {
            room.voices.remove(index);
        }
    }

    fn endpoint(&self, index: EndpointIndex) -> Option<&Endpoint> {
        self.endpoints.get(index.get() as usize)?.as_deref()
    }

    fn endpoint_mut(&mut self, index: EndpointIndex) -> Option<&mut Endpoint> {
        self.endpoints.get_mut(index.get() as usize)?.as_deref_mut()
    }
}
