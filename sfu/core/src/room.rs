//! Rooms: who is in each, in one table of memory.
//!
//! A member is one word: participant, sources that are on, endpoint. The words of a room are
//! sorted, and participants are numbered as they come, so their order is the order of joining, a
//! lookup is a binary search, and a walk over a thousand members reads 8 KiB in order. The table is
//! zeroed memory that the system hands out page by page as rooms fill.

use protocol::{EndpointIndex, Instant, ParticipantId, media::Source};

use crate::{speakers::Floor, voices::Voices};

/// The place of a room in a worker's table, below [`crate::Limits::rooms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomIndex(pub u32);

impl RoomIndex {
    pub(crate) const fn place(self) -> usize {
        self.0 as usize
    }
}

/// Endpoints that a member word can number.
pub(crate) const ENDPOINTS_MAX: usize = 1 << 24;

/// One participant in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member(u64);

impl Member {
    fn new(participant: ParticipantId, endpoint: EndpointIndex, sources: u8) -> Self {
        let sources = u64::from(sources) << 24;
        Member(u64::from(participant.get()) << 32 | sources | u64::from(endpoint.get()))
    }

    pub(crate) const fn participant(self) -> ParticipantId {
        ParticipantId((self.0 >> 32) as u32)
    }

    pub(crate) const fn endpoint(self) -> EndpointIndex {
        EndpointIndex(self.0 as u32 & 0x00FF_FFFF)
    }

    /// Whether `source` is on.
    pub(crate) const fn has(self, source: Source) -> bool {
        self.0 >> 24 & 1 << source.index() != 0
    }
}

/// What a room is besides its members.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    is_open: bool,
    members: u32,
    pub(crate) voices: Voices,
    pub(crate) floor: Floor<ParticipantId>,
    /// Since when the one who has the floor is away to be built again.
    pub(crate) floor_left_at: Option<Instant>,
    /// The first two who share sound: the second is for the first one's own programme slot.
    pub(crate) programmes: [Option<Member>; 2],
}

/// The rooms of a worker.
#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: Box<[Room]>,
    words: Box<[u64]>,
    members_max: usize,
}

/// Why a member cannot enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnterError {
    NotOpen,
    Full,
    Duplicate,
}

impl Rooms {
    pub(crate) fn new(rooms: usize, members_max: usize) -> Self {
        Rooms {
            rooms: vec![Room::default(); rooms].into_boxed_slice(),
            words: vec![0_u64; rooms * members_max].into_boxed_slice(),
            members_max,
        }
    }

    /// Opens the room; `false` if there is no such place.
    pub(crate) fn open(&mut self, index: RoomIndex) -> bool {
        let Some(room) = self.rooms.get_mut(index.place()) else {
            return false;
        };
        room.is_open = true;
        true
    }

    /// Closes the room; `false` unless it was open and empty.
    pub(crate) fn close(&mut self, index: RoomIndex) -> bool {
        match self.rooms.get_mut(index.place()) {
            Some(room) if room.is_open && room.members == 0 => {
                *room = Room::default();
                true
            }
            Some(_) | None => false,
        }
    }

    pub(crate) fn room_mut(&mut self, index: RoomIndex) -> Option<&mut Room> {
        self.rooms.get_mut(index.place())
    }

    pub(crate) fn room(&self, index: RoomIndex) -> Option<&Room> {
        self.rooms.get(index.place())
    }

    /// Every place for a room, open or not.
    pub(crate) fn indices(&self) -> impl Iterator<Item = RoomIndex> + use<> {
        (0..self.rooms.len() as u32).map(RoomIndex)
    }

    /// How many are in the room.
    pub(crate) fn count(&self, index: RoomIndex) -> usize {
        self.room(index).map_or(0, |room| room.members as usize)
    }

    /// The member at `place` in the order of joining.
    pub(crate) fn member(&self, index: RoomIndex, place: usize) -> Option<Member> {
        self.words(index).get(place).copied().map(Member)
    }

    pub(crate) fn members(&self, index: RoomIndex) -> impl Iterator<Item = Member> + Clone + '_ {
        self.words(index).iter().copied().map(Member)
    }

    pub(crate) fn find(&self, index: RoomIndex, participant: ParticipantId) -> Option<Member> {
        let words = self.words(index);
        let place = words.partition_point(|&word| Member(word).participant() < participant);
        let member = Member(*words.get(place)?);
        (member.participant() == participant).then_some(member)
    }

    pub(crate) fn enter(
        &mut self,
        index: RoomIndex,
        participant: ParticipantId,
        endpoint: EndpointIndex,
        sources: u8,
    ) -> Result<(), EnterError> {
        let members_max = self.members_max;
        let room = self.rooms.get(index.place()).copied().unwrap_or_default();
        if !room.is_open {
            return Err(EnterError::NotOpen);
        }
        if self.find(index, participant).is_some() {
            return Err(EnterError::Duplicate);
        }
        let count = room.members as usize;
        if count == members_max {
            return Err(EnterError::Full);
        }
        let member = Member::new(participant, endpoint, sources);
        let start = index.place() * members_max;
        let words = &mut self.words[start..=start + count];
        let place = words[..count].partition_point(|&word| word < member.0);
        words.copy_within(place..count, place + 1);
        words[place] = member.0;
        self.rooms[index.place()].members += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self, index: RoomIndex, participant: ParticipantId) {
        let words = self.words_mut(index);
        let place = words.partition_point(|&word| Member(word).participant() < participant);
        if words.get(place).map(|&word| Member(word).participant()) != Some(participant) {
            return;
        }
        let count = words.len();
        words.copy_within(place + 1..count, place);
        if let Some(room) = self.room_mut(index) {
            room.members -= 1;
        }
    }

    /// Notes which sources of `participant` are on, bit n for the source of index n.
    pub(crate) fn set_sources(&mut self, index: RoomIndex, participant: ParticipantId, on: u8) {
        let words = self.words_mut(index);
        let place = words.partition_point(|&word| Member(word).participant() < participant);
        if let Some(word) = words.get_mut(place)
            && Member(*word).participant() == participant
        {
            *word = Member::new(participant, Member(*word).endpoint(), on).0;
        }
    }

    /// Finds anew who shares sound.
    pub(crate) fn find_programmes(&mut self, index: RoomIndex) {
        let programmes = {
            let mut sharing = self.members(index).filter(|m| m.has(Source::ScreenAudio));
            [sharing.next(), sharing.next()]
        };
        if let Some(room) = self.room_mut(index) {
            room.programmes = programmes;
        }
    }

    fn words(&self, index: RoomIndex) -> &[u64] {
        let start = index.place() * self.members_max;
        self.words.get(start..start + self.count(index)).unwrap_or(&[])
    }

    fn words_mut(&mut self, index: RoomIndex) -> &mut [u64] {
        let start = index.place() * self.members_max;
        let count = self.count(index);
        self.words.get_mut(start..start + count).unwrap_or(&mut [])
    }
}

#[cfg(test)]
mod tests;
