//! What hosts do to keep order. Nobody else may, whatever they say.

use protocol::{
    Instant, ParticipantId,
    client::{
        ErrorCode, Role,
        order::{Moderation, Rules},
    },
};

use super::Room;
use crate::requests::Refusal;

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
            Moderation::TakeAttendance => return self.take_attendance(now, id, re),
            Moderation::LowerHands { whom } => self.lower_hands(now, &whom),
            Moderation::SetTimer { seconds } => self.set_timer(now, seconds),
            Moderation::SetFocus { focus } => self.set_focus(now, id, focus),
            Moderation::OpenPoll { question } => self.open_poll(now, &question),
            Moderation::ClosePoll { poll } => self.close_poll(now, poll),
            Moderation::DismissPoll { poll } => self.dismiss_poll(now, poll),
            Moderation::SetRules { rules } => self.set_rules(now, rules),
            Moderation::Admit { .. }
            | Moderation::Deny { .. }
            | Moderation::TurnOff { .. }
            | Moderation::AskToTurnOn { .. }
            | Moderation::SetRole { .. }
            | Moderation::Remove { .. }
            | Moderation::End => {
                Err(Refusal::new(ErrorCode::Unsupported, "this server cannot do that"))
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

    fn set_rules(&mut self, now: Instant, rules: Rules) -> Result<(), Refusal> {
        if self.state.rules != rules {
            self.state.rules = rules;
            self.tell_state(now);
            self.end_forbidden_recordings();
        }
        Ok(())
    }
}

pub(super) fn not_allowed(detail: &str) -> Refusal {
    Refusal::new(ErrorCode::NotAllowed, detail)
}
