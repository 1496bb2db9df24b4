//! An endpoint as a plain value: what another worker, process or node needs to go on with it.
//!
//! It holds no instants, because the clock that it is restored under may be another one; a slot's
//! time is given as its RTP time when the snapshot was taken. Subscriptions are not in it: the
//! forwarder makes them anew as the endpoints of the room come back, each slot preferring what it
//! carried, and a picture waits for a keyframe. SSRC mappings are in it, because browsers name MID
//! and RID only at the beginning.

use protocol::{
    Duration, EndpointIndex, Instant, ParticipantId,
    client::{SlotContent, SourceState, Tile, View},
    media::{Mid, SeqNo, SessionPlan, Source, Ssrc, VoicePriority},
};
use serde::{Deserialize, Serialize};

use crate::{
    Limits,
    clock::{Timeline, TimelineState},
    codec::numbering::Numbering,
    congestion::{Congestion, CongestionSnapshot},
    endpoint::Endpoint,
    publication::Stream,
    room::RoomIndex,
    sequence::Sequence,
    slot::Slot,
};

/// How long a restored slot counts as carrying what it carried.
pub(crate) const REMEMBERS: Duration = Duration::from_secs(5);

/// A session's forwarding state; a few hundred bytes, and 60 for each slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSnapshot {
    participant: ParticipantId,
    sources: Vec<(Source, SourceState)>,
    /// With the m-line of each.
    streams: Vec<(Mid, Stream)>,
    stage: Option<TileSnapshot>,
    tiles: Vec<TileSnapshot>,
    #[serde(default)]
    voice_priority: VoicePriority,
    slots: Vec<SlotSnapshot>,
    #[serde(default)]
    congestion: Option<CongestionSnapshot>,
}

/// A tile, of which the wire type belongs to the client's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TileSnapshot(ParticipantId, Source, u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SlotSnapshot {
    mid: Mid,
    ssrc: Ssrc,
    last_seq: SeqNo,
    timeline: TimelineState,
    numbering: Numbering,
    content: Option<(ParticipantId, Source)>,
    packets: u64,
    octets: u64,
    #[serde(default)]
    repair_last_seq: Option<SeqNo>,
}

impl EndpointSnapshot {
    /// Whose session it is.
    #[must_use]
    pub const fn participant(&self) -> ParticipantId {
        self.participant
    }

    /// The last sequence number of each slot's SSRC, without any jump.
    pub fn last_sequence_numbers(&self) -> impl Iterator<Item = (Ssrc, SeqNo)> + '_ {
        self.slots.iter().map(|slot| (slot.ssrc, slot.last_seq))
    }
}

/// How a snapshot becomes an endpoint again.
#[derive(Clone, Copy, Debug)]
pub struct Restoration {
    /// Where it will stand in the worker's tables.
    pub index: EndpointIndex,
    /// Its room there.
    pub room: RoomIndex,
    /// The time on the clock of that worker.
    pub now: Instant,
    /// Time since the snapshot was taken; 0 where nobody knows.
    pub elapsed: Duration,
    /// How far outgoing sequence numbers jump: more than can have been sent since the snapshot,
    /// so that no SRTP index is used twice. 0 if nothing was sent since.
    pub jump: u16,
    /// As for [`Endpoint::new`]; used for slots that the snapshot does not know.
    pub seed: u64,
}

impl Endpoint {
    /// Takes what is needed to go on elsewhere.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> EndpointSnapshot {
        let tile = |tile: &Tile| TileSnapshot(tile.participant, tile.source, tile.height);
        let state = |source: Source| self.publications.by_source[source.index()].state;
        let sections = &self.plan.sections;
        EndpointSnapshot {
            participant: self.participant,
            sources: Source::ALL
                .iter()
                .filter_map(|&source| Some((source, state(source)?)))
                .collect(),
            streams: self
                .publications
                .streams()
                .filter(|stream| self.publications.is_lasting(stream))
                .filter_map(|stream| {
                    Some((sections.get(usize::from(stream.section))?.mid, *stream))
                })
                .collect(),
            stage: self.wishes.stage.as_ref().map(tile),
            tiles: self.wishes.tiles().iter().map(tile).collect(),
            voice_priority: self.voice_priority,
            slots: self.plan.slots.iter().map(|slot| slot.snapshot(now)).collect(),
            congestion: Some(self.sending.line.congestion.snapshot()),
        }
    }

    /// Makes the endpoint of `snapshot` anew, with the m-lines of `plan`.
    #[must_use]
    pub fn restore(
        snapshot: &EndpointSnapshot,
        plan: &SessionPlan,
        limits: &Limits,
        restoration: &Restoration,
    ) -> Box<Endpoint> {
        let Restoration { index, room, seed, .. } = *restoration;
        let mut endpoint = Endpoint::new(index, room, snapshot.participant, plan, limits, seed);
        for &(source, state) in &snapshot.sources {
            endpoint.publications.by_source[source.index()].state = Some(state);
        }
        for &(mid, stream) in &snapshot.streams {
            let place = endpoint.plan.sections.iter().position(|section| section.mid == mid);
            if let Some(place) = place {
                endpoint.publications.restore_stream(stream.in_section(place as u8));
            }
        }
        let tile = |&TileSnapshot(participant, source, height): &TileSnapshot| Tile {
            participant,
            source,
            height,
        };
        endpoint.wishes.set(&View {
            stage: snapshot.stage.as_ref().map(tile),
            tiles: snapshot.tiles.iter().map(tile).collect(),
        });
        endpoint.voice_priority = snapshot.voice_priority;
        for slot in &mut endpoint.plan.slots {
            let same = |old: &&SlotSnapshot| old.mid == slot.mid && old.ssrc == slot.ssrc;
            if let Some(old) = snapshot.slots.iter().find(same) {
                slot.restore(old, restoration);
            }
        }
        for publication in &mut endpoint.publications.by_source {
            publication.constraint.forget_told();
        }
        if let Some(congestion) = &snapshot.congestion {
            endpoint.sending.line.congestion = Congestion::restore(
                endpoint.plan.congestion_config(0),
                congestion,
                restoration.jump,
            );
        }
        endpoint.remembers_until = Some(restoration.now + REMEMBERS);
        endpoint
    }
}

impl Slot {
    fn snapshot(&self, now: Instant) -> SlotSnapshot {
        SlotSnapshot {
            mid: self.mid,
            ssrc: self.ssrc,
            last_seq: self.sequence.last(),
            timeline: self.timeline.state(now),
            numbering: self.numbering,
            content: self.content().map(|content| (content.participant, content.source)),
            packets: self.packets,
            octets: self.octets,
            repair_last_seq: self.repair.map(|repair| repair.last_seq),
        }
    }

    fn restore(&mut self, old: &SlotSnapshot, restoration: &Restoration) {
        let media = self.media();
        let elapsed_us = u64::try_from(restoration.elapsed.as_micros()).unwrap_or(u64::MAX);
        let timeline = old.timeline.after(media, elapsed_us);
        self.sequence = Sequence::new(old.last_seq.add(restoration.jump));
        self.timeline = Timeline::resume(media, timeline, restoration.now);
        self.numbering = old.numbering;
        self.packets = old.packets;
        self.octets = old.octets;
        if let Some((repair, last_seq)) = self.repair.as_mut().zip(old.repair_last_seq) {
            repair.last_seq = last_seq.add(restoration.jump);
        }
        self.remembered =
            old.content.map(|(participant, source)| SlotContent { participant, source });
        self.reported = self.remembered;
    }
}
