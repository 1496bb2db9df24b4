//! One participant's media session as the engine sees it.
//!
//! All memory of an endpoint is allocated by its constructor, outside the packet path, and goes
//! back in one box when the endpoint is removed: about 9 KiB, 400 bytes for each slot, 3 KiB for
//! each encoding that may have dependency descriptors, and what [`crate::recovery`] reserves and
//! makes resident as it is used: 1.3 MiB if it publishes everything, 120 KiB if it only receives.

use protocol::{
    EndpointIndex, Instant, ParticipantId,
    client::View,
    media::{PublishSection, SessionPlan, SlotKind, Source, Ssrc, VoicePriority},
};

use crate::{
    Limits,
    allotment::Allotment,
    congestion::{CongestionConfig, Feedback},
    dependencies::DependencyTable,
    publication::Publications,
    room::RoomIndex,
    sending::Sending,
    slot::Slot,
    view::Wishes,
};

/// Slots of one endpoint at most: every picture that a view may name, three voices, a programme.
pub(crate) const SLOTS_MAX: usize = View::TILES_MAX + 4;

/// A participant's end of the media; see the module.
#[derive(Debug)]
pub struct Endpoint {
    pub(crate) index: EndpointIndex,
    pub(crate) room: RoomIndex,
    pub(crate) participant: ParticipantId,
    pub(crate) plan: EndpointPlan,
    pub(crate) publications: Publications,
    pub(crate) sending: Sending,
    pub(crate) wishes: Wishes,
    /// How much its voice counts.
    pub(crate) voice_priority: VoicePriority,
    /// Keys and consent are there: it may receive.
    pub(crate) is_ready: bool,
    /// Until when slots that carry nothing count as carrying what they remember.
    pub(crate) remembers_until: Option<Instant>,
    pub(crate) flags: Flags,
    pub(crate) allotment: Allotment,
}

/// What is to be done for an endpoint later in the same turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    /// It stands in the queue of events.
    pub(crate) is_queued: bool,
    /// Some slot carries something else.
    pub(crate) slots_changed: bool,
    /// Bit n: a keyframe of layer n is wanted; the camera's three layers, then the screen's.
    pub(crate) keyframes_wanted: u8,
    /// Same bits: the layer stands in the list of open series.
    pub(crate) series_listed: u8,
    /// Same bits: packets of the layer are missing and to be asked for.
    pub(crate) nacks_wanted: u8,
    /// It stands in the list of publishers whose pictures lack packets.
    pub(crate) is_lossy: bool,
    /// A source of its slots has gone.
    pub(crate) is_unsettled: bool,
    /// Some slot has a source that is leaving.
    pub(crate) has_leaving: bool,
    /// Its publisher is to be told what is wanted.
    pub(crate) send_changed: bool,
    /// Its client is to be told how its line does.
    pub(crate) connection_changed: bool,
}

impl Endpoint {
    /// Makes an endpoint for `participant` with the m-lines of `plan`.
    ///
    /// `seed` decides where sequence numbers and timestamps begin; it should be random (RFC 3550
    /// §5.1). Of the slots, the first [`Limits::slots_per_endpoint`] count.
    #[must_use]
    pub fn new(
        index: EndpointIndex,
        room: RoomIndex,
        participant: ParticipantId,
        plan: &SessionPlan,
        limits: &Limits,
        seed: u64,
    ) -> Box<Endpoint> {
        let plan = EndpointPlan::build(plan, limits, seed);
        Box::new(Endpoint {
            index,
            room,
            participant,
            publications: Publications::new(&plan.sections, limits.camera, mix(seed ^ 1) as u32),
            sending: Sending::new(plan.congestion_config(mix(seed ^ 2) as u16)),
            plan,
            wishes: Wishes::NONE,
            voice_priority: VoicePriority::Usual,
            is_ready: false,
            remembers_until: None,
            flags: Flags::default(),
            allotment: Allotment::default(),
        })
    }

    /// Where it stands in the worker's tables.
    #[must_use]
    pub const fn index(&self) -> EndpointIndex {
        self.index
    }

    /// Whose it is.
    #[must_use]
    pub const fn participant(&self) -> ParticipantId {
        self.participant
    }

    /// Bit n: the source of index n is on.
    pub(crate) fn sources_on(&self) -> u8 {
        let on = |source: &&Source| self.publications.by_source[source.index()].state.is_some();
        let sources = Source::ALL.iter().filter(on);
        sources.fold(0, |bits, source| bits | 1 << source.index())
    }

    /// The slot with `ssrc`.
    pub(crate) fn slot_of(&mut self, ssrc: Ssrc) -> Option<usize> {
        self.plan.slots.iter().position(|slot| slot.ssrc == ssrc)
    }

    /// The SSRC of which a keyframe is asked: the layer's, or the one that the offer declared.
    pub(crate) fn ssrc_to_ask(&self, source: Source, layer: u8) -> Option<Ssrc> {
        let declared = || {
            let section = self.plan.sections.iter().find(|section| section.source == source)?;
            section.ssrcs.first().filter(|_| section.rids.is_empty()).copied()
        };
        self.publications.ssrc_of(source, layer).or_else(declared)
    }

    /// How many slots there are of `kind`.
    pub(crate) fn slot_count(&self, kind: SlotKind) -> usize {
        self.plan.slots.iter().filter(|slot| slot.kind == kind).count()
    }

    /// Puts `plan` in place of the present one; what is in both goes on. The feeds of the old
    /// slots are not in the new ones.
    pub(crate) fn swap_plan(&mut self, plan: &mut EndpointPlan) {
        for slot in &mut plan.slots {
            let same = |old: &&Slot| old.mid == slot.mid && old.ssrc == slot.ssrc;
            if let Some(old) = self.plan.slots.iter().find(same) {
                slot.continue_from(old);
            }
        }
        std::mem::swap(&mut self.plan, plan);
        let old = &plan.sections;
        let new = &self.plan.sections;
        self.publications.renumber_sections(|place| {
            let mid = old.get(usize::from(place))?.mid;
            let place = new.iter().position(|section| section.mid == mid)?;
            Some(place as u8)
        });
        self.publications.count_layers(new);
        self.plan.dependencies.continue_from(&mut plan.dependencies);
    }
}

/// The m-lines of an endpoint with the state of each slot: what a renegotiation replaces.
#[derive(Debug)]
pub struct EndpointPlan {
    pub(crate) sections: Box<[PublishSection]>,
    pub(crate) slots: Box<[Slot]>,
    pub(crate) dependencies: DependencyTable,
}

impl EndpointPlan {
    /// Makes the memory for `plan`; `seed` as for [`Endpoint::new`], and not the same one.
    #[must_use]
    pub fn new(plan: &SessionPlan, limits: &Limits, seed: u64) -> Box<EndpointPlan> {
        Box::new(EndpointPlan::build(plan, limits, seed))
    }

    /// How the estimator of what the slots are sent begins.
    pub(crate) fn congestion_config(&self, first_seq: u16) -> CongestionConfig {
        let any = |is: fn(&Slot) -> bool| self.slots.iter().any(is);
        let feedback = if any(Slot::stamps_transport_number) {
            Feedback::PerPacket
        } else if any(|slot| slot.is_reported) {
            Feedback::ReportsOnly
        } else {
            Feedback::Unpromised
        };
        CongestionConfig { feedback, first_seq, ..CongestionConfig::default() }
    }

    pub(crate) fn build(plan: &SessionPlan, limits: &Limits, seed: u64) -> EndpointPlan {
        let slots_max = limits.slots_per_endpoint.min(SLOTS_MAX);
        let slots = plan.slots.iter().take(slots_max);
        EndpointPlan {
            sections: plan.publishes.clone().into_boxed_slice(),
            slots: slots
                .map(|section| Slot::new(section, mix(seed ^ u64::from(section.ssrc.0))))
                .collect(),
            dependencies: DependencyTable::new(&plan.publishes),
        }
    }
}

/// Spreads a seed over 64 bits (the finaliser of SplitMix64).
const fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests;
