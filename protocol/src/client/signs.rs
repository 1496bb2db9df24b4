//! What people show without words: hands, reactions, votes; and what the whole room sees of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::order::{Focus, Rules};
use crate::ids::ParticipantId;

/// What is the same for everybody in a room, beside who is here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomState {
    /// What guests may do.
    pub rules: Rules,
    /// Whose hand is up, the first one first.
    pub hands: Vec<ParticipantId>,
    /// The time that is left of what the hosts give.
    pub timer: Option<Timer>,
    /// What the hosts show to those who follow.
    pub focus: Option<Focus>,
    /// The question before everybody.
    pub poll: Option<Poll>,
}

/// Time that runs down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Timer {
    /// All of it, in ms.
    #[ts(type = "number")]
    pub total_ms: u64,
    /// What was left when this was said, in ms; 0 once it has run out.
    #[ts(type = "number")]
    pub left_ms: u64,
}

/// Shown to everybody for some seconds. It is not kept: who was away has missed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// A thumb up.
    Agree,
    /// A thumb down.
    Disagree,
    /// Clapping hands.
    Applause,
    /// A heart.
    Heart,
    /// A laughing face.
    Laugh,
    /// An astonished face.
    Surprise,
    /// Somebody is too fast.
    Slower,
    /// Somebody is too slow.
    Faster,
}

/// Names a poll among those of its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct PollId(pub u32);

/// A question to everybody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Poll {
    /// Which.
    pub id: PollId,
    /// The question, plain text.
    pub question: String,
    /// How many have voted. Who left still counts; who comes again is somebody new, and may vote
    /// again.
    pub voted: u32,
    /// The result, once it is closed. Who voted what is told to nobody.
    pub result: Option<PollResult>,
}

impl std::fmt::Debug for Poll {
    /// What people ask one another does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poll").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How a poll went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PollResult {
    /// Votes for yes.
    pub yes: u32,
    /// Votes for no.
    pub no: u32,
    /// Votes for neither.
    pub abstain: u32,
}

/// A vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// For it.
    Yes,
    /// Against it.
    No,
    /// Neither.
    Abstain,
}
