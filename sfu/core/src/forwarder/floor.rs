//! Who has the floor of each room, decided on one grid of ticks for all rooms of the worker.

use protocol::{Instant, ParticipantId, media::Source};

use super::{ForwardEvent, Forwarder};
use crate::{
    room::{Member, RoomIndex},
    snapshot::REMEMBERS,
    speakers::{Scores, next_tick},
};

impl Forwarder {
    /// Somebody is there: decisions begin, on the grid of the first time.
    pub(super) fn start_floors(&mut self, now: Instant) {
        let start = *self.floor_grid.get_or_insert(now);
        self.floor_due = Some(next_tick(start, now));
    }

    /// One tick in every room.
    pub(super) fn decide_floors(&mut self, now: Instant) {
        self.start_floors(now);
        for room in self.rooms.indices() {
            if self.rooms.count(room) > 0 {
                self.decide_floor(now, room);
            }
        }
    }

    /// The participant's microphone is off.
    pub(super) fn leave_floor(&mut self, index: RoomIndex, participant: ParticipantId) {
        if let Some(room) = self.rooms.room_mut(index)
            && room.floor.leave(participant)
        {
            self.note_floor_changed(index);
        }
    }

    /// The next room whose floor has changed.
    pub(super) fn poll_floor(&mut self) -> Option<ForwardEvent> {
        let room = self.floor_queue.pop_front()?;
        let participant = self.rooms.room(room)?.floor.dominant();
        Some(ForwardEvent::SpeakerChanged { room, participant })
    }

    fn decide_floor(&mut self, now: Instant, index: RoomIndex) {
        let Some(room) = self.rooms.room(index) else {
            return;
        };
        let floor = room.floor;
        let dominant = floor.dominant().and_then(|participant| {
            let member = self.rooms.find(index, participant)?;
            self.scores(now, member)
        });
        if self.has_left_for_good(now, index, dominant.is_some()) {
            return;
        }
        let mut contest = floor.contest(dominant);
        for place in 0..self.rooms.count(index) {
            if let Some(member) = self.rooms.member(index, place)
                && Some(member.participant()) != floor.dominant()
                && let Some(scores) = self.scores(now, member)
            {
                contest.enter(member.participant(), &scores);
            }
        }
        if let Some(room) = self.rooms.room_mut(index)
            && room.floor.settle(contest)
        {
            self.note_floor_changed(index);
        }
    }

    /// Whether the one who has the floor went to be built again and has not come back in time; the
    /// floor is nobody's then.
    fn has_left_for_good(&mut self, now: Instant, index: RoomIndex, is_here: bool) -> bool {
        let Some(room) = self.rooms.room_mut(index) else {
            return false;
        };
        let Some(participant) = room.floor.dominant().filter(|_| !is_here) else {
            room.floor_left_at = None;
            return false;
        };
        let left_at = *room.floor_left_at.get_or_insert(now);
        if now.saturating_duration_since(left_at) < REMEMBERS {
            return false;
        }
        self.leave_floor(index, participant);
        true
    }

    /// The scores of a member whose microphone is on.
    fn scores(&mut self, now: Instant, member: Member) -> Option<Scores> {
        let endpoint = self.endpoint_mut(member.endpoint())?;
        member.has(Source::Microphone).then(|| endpoint.publications.speech.scores(now))
    }

    fn note_floor_changed(&mut self, index: RoomIndex) {
        if !self.floor_queue.contains(&index) {
            self.floor_queue.push_back(index);
        }
    }
}
