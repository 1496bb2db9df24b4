//! Who was in a room, and from when to when: what a host may ask for, and nobody else.
//!
//! It lives and ends with the live room, and is written nowhere. Bounded by
//! [`Limits::stays_per_room`](crate::Limits::stays_per_room): beyond it the stay that ended first
//! is forgotten. Its tests are in `rooms/tests/signs.rs`.

use std::collections::VecDeque;

use protocol::{
    Duration, Instant, ParticipantId,
    client::{Participant, Role, ServerBody, order::Stay},
};

/// The stays of everybody since the room filled, in the order in which they began.
#[derive(Debug)]
pub(super) struct Attendance {
    stays_max: usize,
    stays: VecDeque<Record>,
}

#[derive(Debug)]
struct Record {
    id: ParticipantId,
    name: String,
    role: Role,
    from: Instant,
    to: Option<Instant>,
}

/// The most stays in one message. A stay takes 350 bytes at most (a name of 64 characters takes
/// 256), so that the message stays below [`protocol::client::FRAME_BYTES_MAX`].
const STAYS_PER_MESSAGE: usize = 180;

impl Attendance {
    pub(super) fn new(stays_max: usize) -> Self {
        Attendance { stays_max, stays: VecDeque::new() }
    }

    pub(super) fn begin(&mut self, now: Instant, participant: &Participant) {
        if self.stays.len() >= self.stays_max {
            let ended = self.stays.iter().enumerate().filter_map(|(i, stay)| Some((stay.to?, i)));
            let place = ended.min().map_or(0, |(_, place)| place);
            self.stays.remove(place);
        }
        self.stays.push_back(Record {
            id: participant.id,
            name: participant.name.clone(),
            role: participant.role,
            from: now,
            to: None,
        });
    }

    pub(super) fn end(&mut self, now: Instant, participant: &Participant) {
        let mut stays = self.stays.iter_mut().rev();
        if let Some(stay) = stays.find(|stay| stay.id == participant.id && stay.to.is_none()) {
            stay.role = participant.role;
            stay.to = Some(now);
        }
    }

    /// The answer to a host's command, in as many messages as it takes. The role of somebody who
    /// is here is what it is at this moment.
    pub(super) fn answer(
        &self,
        now: Instant,
        re: u64,
        role_of: impl Fn(ParticipantId) -> Option<Role>,
    ) -> Vec<ServerBody> {
        let ago = |at: Instant| millis(now.saturating_duration_since(at));
        let stay = |record: &Record| Stay {
            name: record.name.clone(),
            role: role_of(record.id).unwrap_or(record.role),
            from_ms_ago: ago(record.from),
            to_ms_ago: record.to.map(ago),
        };
        let stays: Vec<Stay> = self.stays.iter().map(stay).collect();
        let total = count(stays.len());
        let parts = stays.chunks(STAYS_PER_MESSAGE).enumerate();
        let message = |(place, part): (usize, &[Stay])| ServerBody::Attendance {
            re,
            first: count(place * STAYS_PER_MESSAGE),
            total,
            stays: part.to_vec(),
        };
        parts.map(message).collect()
    }
}

fn count(stays: usize) -> u32 {
    u32::try_from(stays).unwrap_or(u32::MAX)
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
