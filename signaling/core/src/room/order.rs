//! What hosts do to keep order. Nobody else may, whatever they say.
//!
//! A rule binds guests. What it forbids is refused here, and what is on when it comes is turned off
//! here and at the node, which forwards nothing of a source that is off, whatever is still sent. So
//! a client that disobeys is neither heard nor seen. Nothing turns a source of another person on.
//! The rules begin as the link's grant or the site has them, and last as long as the room lives.

use protocol::{
    Instant, ParticipantId,
    client::{
        ErrorCode, Role, ServerBody,
        order::{BanId, Moderation, Rules, Whom},
    },
    media::{Source, VoicePriority},
    node::NodeCommand,
};

use super::{AtNode, Room};
use crate::{
    link::Invitation,
    requests::{Refusal, set_source},
    session::Session,
    transmit::{LeaveCause, Transmit},
};

impl Room {
    pub(super) fn handle_moderation(
        &mut self,
        now: Instant,
        id: ParticipantId,
        re: u64,
        moderation: Moderation,
    ) {
        if let Err(why) = self.require_host(id) {
            return self.refuse(id, re, why);
        }
        let result = match moderation {
            Moderation::Admit { whom } => self.admit_from_lobby(now, &whom),
            Moderation::Deny { whom } => {
                self.deny(now, &whom);
                Ok(())
            }
            Moderation::TurnOff { whom, source } => {
                self.turn_off_all(id, &whom, source);
                Ok(())
            }
            Moderation::AskToTurnOn { participant, source } => {
                self.ask_to_turn_on(id, participant, source)
            }
            Moderation::SetRules { rules } => {
                self.set_rules(now, id, rules);
                Ok(())
            }
            Moderation::SetRole { participant, role } => self.set_role(now, id, participant, role),
            Moderation::Remove { participant, ban } => self.cast_out(now, id, participant, ban),
            Moderation::End => {
                self.end_all(now, LeaveCause::EndedByHost);
                Ok(())
            }
            Moderation::LowerHands { whom } => self.lower_hands(now, &whom),
            Moderation::SetTimer { seconds } => self.set_timer(now, seconds),
            Moderation::SetFocus { focus } => self.set_focus(now, id, focus),
            Moderation::OpenPoll { question } => self.open_poll(now, &question),
            Moderation::ClosePoll { poll } => self.close_poll(now, poll),
            Moderation::DismissPoll { poll } => self.dismiss_poll(now, poll),
            Moderation::TakeAttendance => return self.take_attendance(now, id, re),
            Moderation::ListBans => {
                let banned = self.bans.listed();
                return self.say_to(id, ServerBody::Bans { re, banned });
            }
            Moderation::LiftBan { ban } => {
                self.lift_ban(ban);
                Ok(())
            }
        };
        self.conclude(id, re, result);
    }

    /// Refuses whoever is not a host.
    pub(super) fn require_host(&self, id: ParticipantId) -> Result<(), Refusal> {
        match self.role_of(id) {
            Some(Role::Host) => Ok(()),
            Some(Role::Guest) | None => Err(not_allowed("only hosts keep order")),
        }
    }

    /// What somebody who is in may do.
    pub(super) fn role_of(&self, id: ParticipantId) -> Option<Role> {
        let session = self.sessions.get(&id).filter(|session| session.is_joined())?;
        Some(session.participant.role)
    }

    /// How many hosts are in.
    pub(super) fn hosts(&self) -> usize {
        let is_host = |s: &&Session| s.is_joined() && s.participant.role == Role::Host;
        self.sessions.values().filter(is_host).count()
    }

    /// Whether somebody of that role may have a source on.
    pub(super) fn permits(&self, role: Role, source: Source) -> bool {
        let Rules { microphone, camera, screen, .. } = self.state.rules;
        let permits = match source {
            Source::Microphone => microphone,
            Source::Camera => camera,
            Source::Screen | Source::ScreenAudio => screen,
        };
        role == Role::Host || permits
    }

    fn turn_off_all(&mut self, by: ParticipantId, whom: &Whom, source: Source) {
        let is_meant = |(id, session): &(&ParticipantId, &Session)| match whom {
            Whom::All => session.participant.role == Role::Guest,
            Whom::These(these) => these.contains(id),
        };
        let meant = self.sessions.iter().filter(|(_, session)| session.is_joined());
        let meant: Vec<_> = meant.filter(is_meant).map(|(id, _)| *id).collect();
        let sources: &[Source] = match source {
            Source::Screen => &[Source::Screen, Source::ScreenAudio],
            Source::Microphone => &[Source::Microphone],
            Source::Camera => &[Source::Camera],
            Source::ScreenAudio => &[Source::ScreenAudio],
        };
        for id in meant {
            self.turn_off(by, id, sources);
        }
    }

    /// Turns what is on of these off: at the node first, then for its owner and for everybody.
    fn turn_off(&mut self, by: ParticipantId, id: ParticipantId, sources: &[Source]) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let on = &mut session.participant.sources;
        let off: Vec<_> =
            sources.iter().filter(|source| set_source(on, **source, None)).copied().collect();
        if off.is_empty() {
            return;
        }
        let participant = session.participant.clone();
        for source in off {
            self.request(NodeCommand::SetSource { participant: id, source, state: None });
            if let Some(session) = self.sessions.get_mut(&id) {
                session.say_turned_off(&mut self.transmits, source, Some(by));
            }
        }
        self.say_to_all(ServerBody::ParticipantChanged { participant });
    }

    fn ask_to_turn_on(
        &mut self,
        by: ParticipantId,
        id: ParticipantId,
        source: Source,
    ) -> Result<(), Refusal> {
        let role = self.role_of(id).ok_or_else(unknown_participant)?;
        if !self.permits(role, source) {
            return Err(not_allowed("the rules of the room forbid it"));
        }
        self.say_to(id, ServerBody::AskedToTurnOn { source, by });
        Ok(())
    }

    fn set_rules(&mut self, now: Instant, by: ParticipantId, rules: Rules) {
        let before = std::mem::replace(&mut self.state.rules, rules);
        if before == rules {
            return;
        }
        self.tell_state(now);
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.apply_rules_to(by, id);
        }
        self.end_forbidden_recordings();
        if !rules.lobby && !rules.locked {
            self.empty_lobby(now);
        }
    }

    /// Turns off what somebody who is in has on and may not have.
    fn apply_rules_to(&mut self, by: ParticipantId, id: ParticipantId) {
        if let Some(role) = self.role_of(id) {
            let is_forbidden = |source: &Source| !self.permits(role, *source);
            let forbidden: Vec<_> = Source::ALL.into_iter().filter(is_forbidden).collect();
            self.turn_off(by, id, &forbidden);
        }
    }

    /// Leaves out what a newcomer has brought along and may not have on.
    pub(super) fn take_forbidden(&mut self, id: ParticipantId) -> Vec<Source> {
        let Some(role) = self.sessions.get(&id).map(|session| session.participant.role) else {
            return Vec::new();
        };
        let is_forbidden = |source: &Source| !self.permits(role, *source);
        let mut forbidden: Vec<_> = Source::ALL.into_iter().filter(is_forbidden).collect();
        if let Some(session) = self.sessions.get_mut(&id) {
            let on = &mut session.participant.sources;
            forbidden.retain(|source| set_source(on, *source, None));
        }
        forbidden
    }

    fn set_role(
        &mut self,
        now: Instant,
        by: ParticipantId,
        id: ParticipantId,
        role: Role,
    ) -> Result<(), Refusal> {
        if self.role_of(id).ok_or_else(unknown_participant)? == role {
            return Ok(());
        }
        if role == Role::Guest && self.hosts() == 1 {
            return Err(not_allowed("the last host stays one"));
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return Err(unknown_participant());
        };
        session.participant.role = role;
        let participant = session.participant.clone();
        self.request(NodeCommand::SetVoice { participant: id, priority: voice_priority(role) });
        if role == Role::Host {
            let Invitation { guest_secret, code } = self.invitation.clone();
            let code = code.map(|code| code.to_string());
            self.say_to(id, ServerBody::Invitation { guest_secret, code });
        }
        self.say_to_all(ServerBody::ParticipantChanged { participant });
        let waiting = self.lobby_for(id);
        self.say_to(id, ServerBody::Lobby { waiting });
        if role == Role::Guest {
            self.apply_rules_to(by, id);
            self.end_forbidden_recordings();
            self.end_focus(now, id);
        }
        self.note_hosts();
        Ok(())
    }

    /// Ends somebody's call; keeps their browser out, if that is asked.
    fn cast_out(
        &mut self,
        now: Instant,
        by: ParticipantId,
        id: ParticipantId,
        ban: bool,
    ) -> Result<(), Refusal> {
        if id == by {
            return Err(not_allowed("who wants to go leaves"));
        }
        let session = self.sessions.get(&id).ok_or_else(unknown_participant)?;
        let (browser, address) = (session.browser, session.address);
        let name = session.participant.name.clone();
        self.end(now, id, LeaveCause::Removed, AtNode::Here);
        if !ban {
            return Ok(());
        }
        self.bans.add(name.clone(), browser, address);
        if let Some(browser) = browser {
            self.transmits.push_back(Transmit::Ban { room: self.name.clone(), browser, name });
            let is_theirs =
                |s: &Session| s.browser == Some(browser) && s.participant.role == Role::Guest;
            let others = self.sessions.iter().filter(|(_, session)| is_theirs(session));
            let others: Vec<_> = others.map(|(id, _)| *id).collect();
            for other in others {
                self.end(now, other, LeaveCause::Removed, AtNode::Here);
            }
            self.send_away_banned(now);
        }
        Ok(())
    }

    /// Lets somebody come again.
    fn lift_ban(&mut self, ban: BanId) {
        if let Some(Some(browser)) = self.bans.lift(ban) {
            self.transmits.push_back(Transmit::LiftBan { room: self.name.clone(), browser });
        }
    }

    /// Ends everybody's call, and the room with it.
    pub(super) fn end_all(&mut self, now: Instant, cause: LeaveCause) {
        self.end_lobby(cause.into(), cause.into());
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.end(now, id, cause, AtNode::Here);
        }
        self.close();
    }
}

/// How much the voice of somebody counts.
pub(super) fn voice_priority(role: Role) -> VoicePriority {
    match role {
        Role::Host => VoicePriority::First,
        Role::Guest => VoicePriority::Usual,
    }
}

pub(super) fn not_allowed(detail: &str) -> Refusal {
    Refusal::new(ErrorCode::NotAllowed, detail)
}

pub(super) fn unknown_participant() -> Refusal {
    Refusal::new(ErrorCode::UnknownParticipant, "nobody of that id is in the room")
}
