//! The messages that were sent to one client, kept for a resume.
//!
//! Bounded by count and by bytes. A client that missed more than is kept gets the state as it is,
//! and besides it those messages that are no part of the state: answers, errors, orders, and what
//! people wrote as far as it is still in the ring.

use std::{collections::VecDeque, sync::Arc};

use protocol::client::{
    Participant, SdpBody, ServerBody, SlotMapping, order::Waiting, signs::RoomState,
};

/// A message and its number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbered {
    pub(crate) seq: u64,
    /// Shared by everybody to whom the same is said.
    pub(crate) body: Arc<ServerBody>,
}

/// The last messages of one session.
#[derive(Debug)]
pub(crate) struct SentRing {
    messages_max: usize,
    bytes_max: usize,
    kept: VecDeque<Numbered>,
    bytes: usize,
    last_seq: u64,
    /// Cast out of `kept`, and lasting ([`Meaning::Lasting`]).
    lasting: VecDeque<Numbered>,
}

/// The most lasting messages that are kept beyond the ring. More than one answer is never awaited
/// by a client that follows the rules.
const LASTING_MAX: usize = 4;

impl SentRing {
    pub(crate) fn new(messages_max: usize, bytes_max: usize) -> Self {
        SentRing {
            messages_max,
            bytes_max,
            kept: VecDeque::new(),
            bytes: 0,
            last_seq: 0,
            lasting: VecDeque::new(),
        }
    }

    /// Numbers a message and keeps it.
    pub(crate) fn push(&mut self, body: Arc<ServerBody>) -> Numbered {
        let numbered = self.number(body);
        self.bytes += weight(&numbered.body);
        self.kept.push_back(numbered.clone());
        while self.kept.len() > self.messages_max || self.bytes > self.bytes_max {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= weight(&oldest.body);
            if meaning(&oldest.body) == Meaning::Lasting {
                self.lasting.push_back(oldest);
                self.lasting.drain(..self.lasting.len().saturating_sub(LASTING_MAX));
            }
        }
        numbered
    }

    /// Numbers a message that no resume will ask for: who has not got `joined` has no ticket.
    pub(crate) fn number(&mut self, body: Arc<ServerBody>) -> Numbered {
        self.last_seq += 1;
        Numbered { seq: self.last_seq, body }
    }

    /// The number of the last message.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// What a client that has seen `last_seq` missed; `None` if that is not all here any more.
    pub(crate) fn after(&self, last_seq: u64) -> Option<Vec<Numbered>> {
        let missed = self.last_seq.checked_sub(last_seq)?;
        let missed = usize::try_from(missed).ok()?;
        let skip = self.kept.len().checked_sub(missed)?;
        Some(self.kept.iter().skip(skip).cloned().collect())
    }

    /// Begins anew at a snapshot: gives what lasts of the messages after `last_seq`, in order, to
    /// be said again after it.
    pub(crate) fn restart(&mut self, last_seq: u64) -> Vec<Arc<ServerBody>> {
        self.bytes = 0;
        let lasting = self.lasting.drain(..);
        let kept = self.kept.drain(..).filter(|message| meaning(&message.body) != Meaning::State);
        lasting
            .chain(kept)
            .filter(|message| message.seq > last_seq)
            .map(|message| message.body)
            .collect()
    }
}

/// What becomes of a message that is not replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A snapshot contains what it says.
    State,
    /// It is said again after a snapshot while the ring holds it, and is then gone. Were it kept
    /// longer, people who write or ask much would push out the answer that media waits for.
    Passing,
    /// It is said again after a snapshot even if the ring has cast it out.
    Lasting,
}

fn meaning(body: &ServerBody) -> Meaning {
    match body {
        ServerBody::Snapshot { .. }
        | ServerBody::ParticipantJoined { .. }
        | ServerBody::ParticipantChanged { .. }
        | ServerBody::ParticipantLeft { .. }
        | ServerBody::Slots { .. }
        | ServerBody::Speaker { .. }
        | ServerBody::SendConstraints { .. }
        | ServerBody::Connection(_)
        | ServerBody::Room(_)
        | ServerBody::Lobby { .. }
        | ServerBody::Invitation { .. } => Meaning::State,
        ServerBody::Chat(_)
        | ServerBody::AskedToTurnOn { .. }
        | ServerBody::Done { .. }
        | ServerBody::Bans { .. }
        | ServerBody::Attendance { .. } => Meaning::Passing,
        ServerBody::InLobby { .. }
        | ServerBody::Joined(_)
        | ServerBody::Resumed { .. }
        | ServerBody::Answer { .. }
        | ServerBody::TurnedOff { .. }
        | ServerBody::Reaction { .. }
        | ServerBody::IceServers { .. }
        | ServerBody::RestartIce
        | ServerBody::Error { .. }
        | ServerBody::Ended { .. }
        | ServerBody::Pong => Meaning::Lasting,
    }
}

/// About how many bytes of memory a message takes.
fn weight(body: &ServerBody) -> usize {
    let content = match body {
        ServerBody::Joined(joined) => {
            let people: usize = joined.participants.iter().map(participant_weight).sum();
            sdp_weight(&joined.answer) + people
        }
        ServerBody::Snapshot { participants, slots, send, room, lobby, .. } => {
            let people: usize = participants.iter().map(participant_weight).sum();
            let all = room_weight(room) + lobby_weight(lobby);
            people + slots_weight(slots) + size_of_val(&send[..]) + all
        }
        ServerBody::Room(room) => room_weight(room),
        ServerBody::Lobby { waiting } => lobby_weight(waiting),
        ServerBody::Attendance { stays, .. } => {
            let names: usize = stays.iter().map(|stay| stay.name.len()).sum();
            size_of_val(&stays[..]) + names
        }
        ServerBody::Bans { banned, .. } => {
            let names: usize = banned.iter().map(|ban| ban.name.len()).sum();
            size_of_val(&banned[..]) + names
        }
        ServerBody::Answer { answer, .. } => sdp_weight(answer),
        ServerBody::ParticipantJoined { participant }
        | ServerBody::ParticipantChanged { participant } => participant_weight(participant),
        ServerBody::Slots { slots } => slots_weight(slots),
        ServerBody::Chat(message) => message.text.len(),
        ServerBody::SendConstraints { sources } => size_of_val(&sources[..]),
        ServerBody::Error { detail, .. } => detail.len(),
        ServerBody::Resumed { .. }
        | ServerBody::InLobby { .. }
        | ServerBody::Invitation { .. }
        | ServerBody::Done { .. }
        | ServerBody::Reaction { .. }
        | ServerBody::TurnedOff { .. }
        | ServerBody::AskedToTurnOn { .. }
        | ServerBody::ParticipantLeft { .. }
        | ServerBody::Connection(_)
        | ServerBody::Speaker { .. }
        | ServerBody::IceServers { .. }
        | ServerBody::RestartIce
        | ServerBody::Ended { .. }
        | ServerBody::Pong => 0,
    };
    size_of::<ServerBody>() + content
}

fn sdp_weight(body: &SdpBody) -> usize {
    match body {
        SdpBody::Plain(text) | SdpBody::Deflated(text) => text.len(),
    }
}

fn participant_weight(participant: &Participant) -> usize {
    size_of::<Participant>() + participant.name.len() + size_of_val(&participant.sources[..])
}

fn slots_weight(slots: &[SlotMapping]) -> usize {
    let mids: usize = slots.iter().map(|slot| slot.mid.len()).sum();
    size_of_val(slots) + mids
}

fn room_weight(room: &RoomState) -> usize {
    let question = room.poll.as_ref().map_or(0, |poll| poll.question.len());
    size_of_val(&room.hands[..]) + question
}

fn lobby_weight(waiting: &[Waiting]) -> usize {
    let names: usize = waiting.iter().map(|one| one.name.len()).sum();
    size_of_val(waiting) + names
}

#[cfg(test)]
mod tests;
