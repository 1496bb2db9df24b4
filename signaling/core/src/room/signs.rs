//! What people show without words: hands, reactions, votes, recordings; and what hosts show to all.
//!
//! It never says who voted what. Everything is bounded: hands and reactions by the people who are
//! in, votes by [`Limits::votes_per_poll`], how often everybody is told by
//! [`Limits::state_burst`] and [`Limits::state_interval`]. Its tests are in `rooms/tests/signs.rs`
//! and, against a model, in `rooms/model.rs`.

use std::collections::BTreeMap;

use protocol::{
    Duration, Instant, ParticipantId,
    client::{
        ErrorCode, Participant, Role, ServerBody,
        order::{Focus, QUESTION_CHARACTERS_MAX, TIMER_S_MAX, Whom},
        signs::{Choice, Poll, PollId, PollResult, Reaction, RoomState, Timer as RoomTimer},
    },
    media::MediaKind,
};

use super::{
    Room, Timer,
    attendance::{Attendance, millis},
    order::not_allowed,
};
use crate::{
    Limits,
    bucket::{Bucket, Rate},
    requests::{Refusal, plain_text},
    session::Session,
};

/// What a room keeps of its signs beside what everybody is told.
#[derive(Debug)]
pub(super) struct Signs {
    /// When the timer runs out.
    timer_ends: Instant,
    /// Who shows what they look at.
    focus_by: Option<ParticipantId>,
    /// Polls so far; the number of the last one.
    polls: u32,
    /// Who voted what in the poll that is open.
    votes: BTreeMap<ParticipantId, Choice>,
    /// When people who are in last reacted.
    reacted: BTreeMap<ParticipantId, Instant>,
    /// How many reactions everybody is shown.
    reactions: Bucket,
    /// How often everybody is told of the state at once.
    tellings: Bucket,
    attendance: Attendance,
}

impl Signs {
    pub(super) fn new(now: Instant, limits: &Limits) -> Self {
        let per_minute = limits.reactions_per_second.saturating_mul(60);
        let reactions = Rate { burst: limits.reaction_burst, per_minute };
        let interval_ms = millis(limits.state_interval).max(1);
        let per_minute = u32::try_from(60_000 / interval_ms).unwrap_or(u32::MAX);
        let tellings = Rate { burst: limits.state_burst, per_minute };
        Signs {
            timer_ends: now,
            focus_by: None,
            polls: 0,
            votes: BTreeMap::new(),
            reacted: BTreeMap::new(),
            reactions: Bucket::new(now, reactions),
            tellings: Bucket::new(now, tellings),
            attendance: Attendance::new(limits.stays_per_room),
        }
    }
}

impl Room {
    /// What is the same for everybody, at this moment.
    pub(super) fn state_at(&self, now: Instant) -> RoomState {
        let left = self.signs.timer_ends.saturating_duration_since(now);
        let timer = |RoomTimer { total_ms, .. }| RoomTimer { total_ms, left_ms: millis(left) };
        RoomState { timer: self.state.timer.map(timer), ..self.state.clone() }
    }

    /// Tells everybody what is the same for everybody: at once, unless it has changed often of
    /// late. When a class raises its hands, thirty changes are a dozen messages to each.
    pub(super) fn tell_state(&mut self, now: Instant) {
        if self.signs.tellings.take(now) {
            self.tell_state_at_once(now);
        } else if !self.timers.is_set(Timer::State) {
            self.timers.set(Timer::State, now + self.limits.state_interval);
        }
    }

    /// The time has come that [`Room::tell_state`] put off.
    pub(super) fn handle_state_owed(&mut self, now: Instant) {
        self.signs.tellings.take(now);
        self.tell_state_at_once(now);
    }

    fn tell_state_at_once(&mut self, now: Instant) {
        self.timers.cancel(Timer::State);
        self.say_to_all(ServerBody::Room(self.state_at(now)));
    }

    pub(super) fn handle_hand(
        &mut self,
        now: Instant,
        id: ParticipantId,
        raised: bool,
    ) -> Result<(), Refusal> {
        let is_up = self.state.hands.contains(&id);
        if raised && !is_up {
            self.state.hands.push(id);
            self.tell_state(now);
        } else if !raised {
            self.keep_hands(now, |hand| hand != id);
        }
        Ok(())
    }

    pub(super) fn lower_hands(&mut self, now: Instant, whom: &Whom) -> Result<(), Refusal> {
        match whom {
            Whom::All => self.keep_hands(now, |_| false),
            Whom::These(these) => self.keep_hands(now, |hand| !these.contains(&hand)),
        }
        Ok(())
    }

    pub(super) fn handle_reaction(
        &mut self,
        now: Instant,
        id: ParticipantId,
        reaction: Reaction,
    ) -> Result<(), Refusal> {
        let last = self.signs.reacted.get(&id);
        let interval = self.limits.reaction_interval;
        if last.is_some_and(|&last| now.saturating_duration_since(last) < interval) {
            return Err(Refusal::new(ErrorCode::TooFast, "one reaction each half second"));
        }
        if !self.signs.reactions.take(now) {
            let detail = "the room shows as many reactions as it may";
            return Err(Refusal::new(ErrorCode::TooFast, detail));
        }
        self.signs.reacted.insert(id, now);
        let body = ServerBody::Reaction { participant: id, reaction };
        for session in self.sessions.values().filter(|session| session.is_joined()) {
            session.mention(&mut self.transmits, body.clone());
        }
        Ok(())
    }

    pub(super) fn handle_record(
        &mut self,
        _now: Instant,
        id: ParticipantId,
        on: bool,
    ) -> Result<(), Refusal> {
        if on && self.role_of(id) == Some(Role::Guest) && !self.state.rules.recording {
            return Err(not_allowed("guests may not record in this room"));
        }
        self.set_recording(id, on);
        Ok(())
    }

    /// Ends the recordings of those who may not record (any more); their clients stop.
    pub(super) fn end_forbidden_recordings(&mut self) {
        if self.state.rules.recording {
            return;
        }
        let is_guest = |session: &Session| session.participant.role == Role::Guest;
        let guests = self.sessions.iter().filter(|(_, session)| is_guest(session));
        let guests: Vec<_> = guests.map(|(id, _)| *id).collect();
        for id in guests {
            self.set_recording(id, false);
        }
    }

    fn set_recording(&mut self, id: ParticipantId, on: bool) {
        if let Some(session) = self.sessions.get_mut(&id)
            && session.participant.recording != on
        {
            session.participant.recording = on;
            let participant = session.participant.clone();
            self.say_to_all(ServerBody::ParticipantChanged { participant });
        }
    }

    pub(super) fn set_timer(&mut self, now: Instant, seconds: Option<u32>) -> Result<(), Refusal> {
        match seconds {
            Some(seconds @ 1..=TIMER_S_MAX) => {
                let total = Duration::from_secs(u64::from(seconds));
                let total_ms = millis(total);
                self.state.timer = Some(RoomTimer { total_ms, left_ms: total_ms });
                self.signs.timer_ends = now + total;
                self.timers.set(Timer::TimeUp, self.signs.timer_ends);
            }
            Some(_) => {
                let detail = format!("a timer runs for 1 to {TIMER_S_MAX} seconds");
                return Err(Refusal::new(ErrorCode::BadMessage, detail));
            }
            None => {
                self.state.timer = None;
                self.timers.cancel(Timer::TimeUp);
            }
        }
        self.tell_state(now);
        Ok(())
    }

    pub(super) fn set_focus(
        &mut self,
        now: Instant,
        by: ParticipantId,
        focus: Option<Focus>,
    ) -> Result<(), Refusal> {
        if let Some(picture) = focus.and_then(|focus| focus.stage) {
            if self.role_of(picture.participant).is_none() {
                let detail = "nobody of that id is in the room";
                return Err(Refusal::new(ErrorCode::UnknownParticipant, detail));
            }
            if picture.source.kind() != MediaKind::Video {
                let detail = "a focus is a camera or a screen";
                return Err(Refusal::new(ErrorCode::BadMessage, detail));
            }
        }
        self.signs.focus_by = focus.map(|_| by);
        if self.state.focus != focus {
            self.state.focus = focus;
            self.tell_state(now);
        }
        Ok(())
    }

    pub(super) fn open_poll(&mut self, now: Instant, question: &str) -> Result<(), Refusal> {
        let question = plain_text(question, QUESTION_CHARACTERS_MAX)?.to_owned();
        self.signs.polls = self.signs.polls.wrapping_add(1);
        self.signs.votes.clear();
        let id = PollId(self.signs.polls);
        self.state.poll = Some(Poll { id, question, voted: 0, result: None });
        self.tell_state(now);
        Ok(())
    }

    pub(super) fn handle_vote(
        &mut self,
        now: Instant,
        id: ParticipantId,
        poll: PollId,
        choice: Choice,
    ) -> Result<(), Refusal> {
        let votes_max = self.limits.votes_per_poll;
        let open = open_poll(&mut self.state, poll)?;
        if self.signs.votes.len() >= votes_max && !self.signs.votes.contains_key(&id) {
            let detail = format!("a poll takes {votes_max} votes");
            return Err(Refusal::new(ErrorCode::RoomFull, detail));
        }
        let before = self.signs.votes.insert(id, choice);
        if before.is_none() {
            open.voted += 1;
            self.tell_state(now);
        }
        Ok(())
    }

    pub(super) fn close_poll(&mut self, now: Instant, poll: PollId) -> Result<(), Refusal> {
        let open = open_poll(&mut self.state, poll)?;
        let mut result = PollResult::default();
        for choice in std::mem::take(&mut self.signs.votes).into_values() {
            match choice {
                Choice::Yes => result.yes += 1,
                Choice::No => result.no += 1,
                Choice::Abstain => result.abstain += 1,
            }
        }
        open.result = Some(result);
        self.tell_state(now);
        Ok(())
    }

    pub(super) fn dismiss_poll(&mut self, now: Instant, poll: PollId) -> Result<(), Refusal> {
        let shown = self.state.poll.as_ref();
        if shown.is_none_or(|shown| shown.id != poll || shown.result.is_none()) {
            let detail = "no closed poll of that id is shown";
            return Err(Refusal::new(ErrorCode::UnknownPoll, detail));
        }
        self.state.poll = None;
        self.tell_state(now);
        Ok(())
    }

    /// Answers a host who asks who was here.
    pub(super) fn take_attendance(&mut self, now: Instant, id: ParticipantId, re: u64) {
        for part in self.signs.attendance.answer(now, re, |id| self.role_of(id)) {
            self.say_to(id, part);
        }
    }

    /// Somebody is in; they are among the participants already, and heard of nothing yet.
    pub(super) fn note_arrival(&mut self, now: Instant, id: ParticipantId) {
        if let Some(session) = self.sessions.get(&id) {
            self.signs.attendance.begin(now, &session.participant);
        }
    }

    /// Somebody who was in is out, whatever the reason, and the others have been told. What they
    /// voted still counts.
    pub(super) fn note_departure(&mut self, now: Instant, participant: &Participant) {
        let id = participant.id;
        self.signs.attendance.end(now, participant);
        self.signs.reacted.remove(&id);
        self.keep_hands(now, |hand| hand != id);
        self.end_focus(now, id);
    }

    /// Somebody shows nothing any more, nor is shown.
    pub(super) fn end_focus(&mut self, now: Instant, id: ParticipantId) {
        let shown = self.state.focus.and_then(|focus| focus.stage);
        let is_shown = shown.is_some_and(|picture| picture.participant == id);
        if is_shown || self.signs.focus_by == Some(id) {
            self.signs.focus_by = None;
            self.state.focus = None;
            self.tell_state(now);
        }
    }

    fn keep_hands(&mut self, now: Instant, stays_up: impl Fn(ParticipantId) -> bool) {
        let before = self.state.hands.len();
        self.state.hands.retain(|&hand| stays_up(hand));
        if self.state.hands.len() != before {
            self.tell_state(now);
        }
    }
}

/// The poll of that id, if it takes votes.
fn open_poll(state: &mut RoomState, id: PollId) -> Result<&mut Poll, Refusal> {
    let open = state.poll.as_mut().filter(|poll| poll.id == id && poll.result.is_none());
    open.ok_or_else(|| Refusal::new(ErrorCode::UnknownPoll, "no poll of that id is open"))
}
