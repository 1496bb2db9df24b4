//! What people show without words: hands, reactions, votes, recordings; and what hosts show to all.

use protocol::{
    Instant, ParticipantId,
    client::{
        ErrorCode, Participant,
        order::{Focus, Whom},
        signs::{Choice, PollId, Reaction, RoomState},
    },
};

use super::Room;
use crate::requests::Refusal;

impl Room {
    /// What is the same for everybody, at this moment.
    pub(super) fn state_at(&self, _now: Instant) -> RoomState {
        self.state.clone()
    }

    pub(super) fn handle_hand(
        &mut self,
        _now: Instant,
        _id: ParticipantId,
        _raised: bool,
    ) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn handle_reaction(
        &mut self,
        _now: Instant,
        _id: ParticipantId,
        _reaction: Reaction,
    ) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn handle_vote(
        &mut self,
        _now: Instant,
        _id: ParticipantId,
        _poll: PollId,
        _choice: Choice,
    ) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn handle_record(
        &mut self,
        _now: Instant,
        _id: ParticipantId,
        _on: bool,
    ) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn lower_hands(&mut self, _now: Instant, _whom: &Whom) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn set_timer(
        &mut self,
        _now: Instant,
        _seconds: Option<u32>,
    ) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn set_focus(
        &mut self,
        _now: Instant,
        _focus: Option<Focus>,
    ) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn open_poll(&mut self, _now: Instant, _question: &str) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn close_poll(&mut self, _now: Instant, _poll: PollId) -> Result<(), Refusal> {
        Err(unsupported())
    }

    pub(super) fn dismiss_poll(&mut self, _now: Instant, _poll: PollId) -> Result<(), Refusal> {
        Err(unsupported())
    }

    /// Answers a host who asks who was here.
    pub(super) fn take_attendance(&mut self, _now: Instant, id: ParticipantId, re: u64) {
        self.refuse(id, re, unsupported());
    }

    /// Somebody is in; they are among the participants already, and heard of nothing yet.
    pub(super) fn note_arrival(&mut self, _now: Instant, _id: ParticipantId) {}

    /// Somebody who was in is out, whatever the reason, and the others have been told.
    pub(super) fn note_departure(&mut self, _now: Instant, _participant: &Participant) {}
}

fn unsupported() -> Refusal {
    Refusal::new(ErrorCode::Unsupported, "this server has no such signs")
}
