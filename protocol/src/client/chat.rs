//! What people write to each other.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::ParticipantId;

/// The longest text of a chat message, in characters (Unicode scalar values).
pub const CHAT_CHARACTERS_MAX: usize = 2_000;

/// Something to write to others in the room.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatRequest {
    /// Plain text. White space is cut off both ends; 1 to [`CHAT_CHARACTERS_MAX`] characters must
    /// be left, of which none is a control character but the line feed. Anything else is answered
    /// by [`super::ErrorCode::BadText`].
    pub text: String,
    /// Who alone gets it, or everybody. Somebody who is not in the room is answered by
    /// [`super::ErrorCode::UnknownParticipant`].
    #[serde(default)]
    #[ts(optional = nullable)]
    pub to: Option<ParticipantId>,
    /// It says what is being said, for those who do not hear it. Pages show it below the pictures
    /// and keep it apart from the conversation. What goes to one person alone is no caption.
    #[serde(default)]
    pub caption: bool,
}

impl std::fmt::Debug for ChatRequest {
    /// What people write does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ChatRequest { text: _, to, caption } = self;
        f.debug_struct("ChatRequest")
            .field("to", to)
            .field("caption", caption)
            .finish_non_exhaustive()
    }
}

/// What somebody has written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatMessage {
    /// Who wrote; oneself too, as the answer to `chat`. They may have left since.
    pub from: ParticipantId,
    /// Who alone got it beside the writer; `null` where everybody did.
    pub to: Option<ParticipantId>,
    /// The text, with the white space at its ends cut off.
    pub text: String,
    /// It says what is being said, for those who do not hear it.
    #[serde(default)]
    pub caption: bool,
    /// The command answered, for the writer alone; 0 for everybody else.
    #[ts(type = "number")]
    pub re: u64,
}

impl std::fmt::Debug for ChatMessage {
    /// What people write does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ChatMessage { from, to, text: _, caption, re } = self;
        f.debug_struct("ChatMessage")
            .field("from", from)
            .field("to", to)
            .field("caption", caption)
            .field("re", re)
            .finish_non_exhaustive()
    }
}
