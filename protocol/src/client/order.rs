//! Keeping order: what hosts may do, what they allow guests, and who waits at the door.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Role, signs::PollId};
use crate::{ids::ParticipantId, media::Source};

/// The longest question of a poll, in characters.
pub const QUESTION_CHARACTERS_MAX: usize = 300;

/// The longest time on the room's timer, in seconds: a day.
pub const TIMER_S_MAX: u32 = 24 * 3600;

/// The most bans of a room; beyond it the oldest one ends. A name of 64 characters takes 256 bytes,
/// so that the list of them all stays below [`super::FRAME_BYTES_MAX`].
pub const BANS_MAX: usize = 200;

/// What the hosts of a room allow. A rule binds guests alone, but for [`Rules::locked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Rules {
    /// Guests wait until a host lets them in.
    pub lobby: bool,
    /// Nobody new comes in but hosts. Whoever lost a socket may still resume.
    pub locked: bool,
    /// Guests may turn their microphones on.
    pub microphone: bool,
    /// Guests may turn their cameras on.
    pub camera: bool,
    /// Guests may share a screen and its sound.
    pub screen: bool,
    /// Guests may write to everybody. To hosts they always may.
    pub chat: bool,
    /// Guests may write to one guest alone.
    pub private_chat: bool,
    /// Guests may record what they see.
    pub recording: bool,
}

impl Default for Rules {
    /// An open room among people who trust each other.
    fn default() -> Self {
        Rules {
            lobby: false,
            locked: false,
            microphone: true,
            camera: true,
            screen: true,
            chat: true,
            private_chat: true,
            recording: true,
        }
    }
}

/// Whom something is done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Every guest; of those who wait, everybody.
    All,
    /// Those named. Who is not there (any more) is left out.
    These(Vec<ParticipantId>),
}

/// What a host does to keep order. From anybody else it is answered by
/// [`super::ErrorCode::NotAllowed`]; done, by [`super::ServerBody::Done`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Moderation {
    /// Lets in who waits in the lobby.
    Admit {
        /// Whom.
        whom: Whom,
    },
    /// Sends away who waits in the lobby.
    Deny {
        /// Whom.
        whom: Whom,
    },
    /// Turns a source of others off. They may turn it on again where the rules let them. Nobody
    /// turns anything of another person on.
    TurnOff {
        /// Whose. Hosts are only reached by name.
        whom: Whom,
        /// Which; [`Source::Screen`] takes its sound along.
        source: Source,
    },
    /// Asks somebody to turn a source on; only they can.
    AskToTurnOn {
        /// Whom.
        participant: ParticipantId,
        /// Which.
        source: Source,
    },
    /// Changes what guests may do. What they have on and no longer may is turned off.
    SetRules {
        /// All rules, the unchanged ones too.
        rules: Rules,
    },
    /// Makes somebody a host, or a guest again, for as long as they stay. The last host stays one.
    SetRole {
        /// Whom.
        participant: ParticipantId,
        /// What.
        role: Role,
    },
    /// Ends somebody's call.
    Remove {
        /// Whose.
        participant: ParticipantId,
        /// Whether their browser is kept out from then on; who comes new from their address
        /// waits in the lobby.
        ban: bool,
    },
    /// Ends the call for everybody.
    End,
    /// Takes hands down.
    LowerHands {
        /// Whose; [`Whom::All`] takes down those of hosts too.
        whom: Whom,
    },
    /// Starts the room's timer anew, or takes it away.
    SetTimer {
        /// From 1 to [`TIMER_S_MAX`]; `null` takes it away.
        seconds: Option<u32>,
    },
    /// Shows everybody what the host looks at, or no longer.
    SetFocus {
        /// What; `null` lets everybody look at what they like.
        focus: Option<Focus>,
    },
    /// Asks everybody a question; one that is open is closed.
    OpenPoll {
        /// Plain text of 1 to [`QUESTION_CHARACTERS_MAX`] characters.
        question: String,
    },
    /// Ends the voting and shows the result.
    ClosePoll {
        /// Which.
        poll: PollId,
    },
    /// Takes a closed poll off the screens.
    DismissPoll {
        /// Which.
        poll: PollId,
    },
    /// Asks who was here and when. Answered by [`super::ServerBody::Attendance`].
    TakeAttendance,
    /// Asks who is kept out. Answered by [`super::ServerBody::Bans`].
    ListBans,
    /// Lets somebody come again who was kept out.
    LiftBan {
        /// Which ban; of one that is over, nothing happens.
        ban: BanId,
    },
}

impl std::fmt::Debug for Moderation {
    /// What people ask one another does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<moderation>")
    }
}

/// What a host shows to those who follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Focus {
    /// Whose picture is large; `null` shows everybody alike.
    pub stage: Option<FocusedPicture>,
}

/// One picture for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FocusedPicture {
    /// Whose.
    pub participant: ParticipantId,
    /// Camera or screen.
    pub source: Source,
}

/// Somebody who waits in the lobby.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Waiting {
    /// Who they will be once they are in.
    pub id: ParticipantId,
    /// What they call themselves.
    pub name: String,
    /// They gave the room's code, and no link.
    pub by_code: bool,
}

impl std::fmt::Debug for Waiting {
    /// A name does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Names a ban among those of a live room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct BanId(pub u32);

/// Somebody who is kept out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Banned {
    /// Which ban it is.
    pub id: BanId,
    /// What they called themselves; empty where that is not known any more.
    pub name: String,
}

impl std::fmt::Debug for Banned {
    /// A name does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Banned").field("id", &self.id).finish_non_exhaustive()
    }
}

/// One stay of somebody in the room; whoever came twice has two.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Stay {
    /// What they called themselves.
    pub name: String,
    /// What they were at the end of it.
    pub role: Role,
    /// How long ago it began, in ms.
    #[ts(type = "number")]
    pub from_ms_ago: u64,
    /// How long ago it ended, in ms; `null` while they are here.
    #[ts(type = "number | null")]
    pub to_ms_ago: Option<u64>,
}

impl std::fmt::Debug for Stay {
    /// A name does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stay").field("role", &self.role).finish_non_exhaustive()
    }
}
