//! A frame of a client, as a message or as the reason why it is none.

use serde::Deserialize;

use protocol::{
    RoomName,
    client::{ClientMessage, ErrorCode, FRAME_BYTES_MAX, SDP_BYTES_MAX},
};

/// A frame that is no message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The command's id, if that much could be read, else 0.
    pub(crate) id: u64,
    /// What to answer.
    pub(crate) code: ErrorCode,
    /// For a developer.
    pub(crate) detail: &'static str,
}

/// Reads one text frame.
pub(crate) fn read(text: &str) -> Result<ClientMessage, Unreadable> {
    if text.len() > SDP_BYTES_MAX {
        return Err(unreadable(0, ErrorCode::TooLong, "frames have at most 256 KiB"));
    }
    let Ok(message) = serde_json::from_str::<ClientMessage>(text) else {
        return Err(why(text));
    };
    if text.len() > FRAME_BYTES_MAX && !carries_sdp(&message) {
        let detail = "frames without an SDP have at most 64 KiB";
        return Err(unreadable(message.id, ErrorCode::TooLong, detail));
    }
    Ok(message)
}

/// The least that a message of any version has.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: u64,
    kind: String,
    room: Option<String>,
}

fn why(text: &str) -> Unreadable {
    let Ok(Envelope { id, kind, room }) = serde_json::from_str(text) else {
        return unreadable(0, ErrorCode::BadMessage, "not a JSON object with id and kind");
    };
    match kind.as_str() {
        // A name that no room can have is the name of no room.
        "join" if room.is_some_and(|room| RoomName::try_from(room).is_err()) => {
            unreadable(id, ErrorCode::UnknownLink, "there is no such room")
        }
        "join" | "resume" | "offer" | "publish" | "view" | "chat" | "hand" | "react" | "vote"
        | "record" | "moderate" | "ping" | "leave" => {
            unreadable(id, ErrorCode::BadMessage, "a field is absent or has the wrong shape")
        }
        _ => unreadable(id, ErrorCode::Unsupported, "this version does not know the kind"),
    }
}

fn carries_sdp(message: &ClientMessage) -> bool {
    use protocol::client::ClientBody::{
        Chat, Hand, Join, Leave, Moderate, Offer, Ping, Publish, React, Record, Resume, View, Vote,
    };

    match message.body {
        Join(_) | Offer { .. } => true,
        Resume { .. }
        | Publish { .. }
        | View(_)
        | Chat(_)
        | Hand { .. }
        | React { .. }
        | Vote { .. }
        | Record { .. }
        | Moderate(_)
        | Ping
        | Leave => false,
    }
}

fn unreadable(id: u64, code: ErrorCode, detail: &'static str) -> Unreadable {
    Unreadable { id, code, detail }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::client::ClientBody;

    use super::*;

    fn code(text: &str) -> (u64, ErrorCode) {
        let unreadable = read(text).expect_err("it is none of ours");
        (unreadable.id, unreadable.code)
    }

    #[test]
    fn messages_are_read_and_unknown_fields_ignored() {
        let message = read(r#"{"id":3,"kind":"leave","later":{"a":[1]}}"#).expect("ours");
        assert_eq!((message.id, message.body), (3, ClientBody::Leave));
    }

    #[test]
    fn each_fault_has_its_own_word() {
        assert_eq!(code(""), (0, ErrorCode::BadMessage));
        assert_eq!(code("[]"), (0, ErrorCode::BadMessage));
        assert_eq!(code("\"\\ud800\""), (0, ErrorCode::BadMessage));
        assert_eq!(code(r#"{"id":-1,"kind":"leave"}"#), (0, ErrorCode::BadMessage));
        assert_eq!(code(r#"{"id":7,"kind":"publish"}"#), (7, ErrorCode::BadMessage));
        assert_eq!(code(r#"{"id":8,"kind":"dance","with":1}"#), (8, ErrorCode::Unsupported));
        let join = r#"{"id":1,"kind":"join","room":"No Room"}"#;
        assert_eq!(code(join), (1, ErrorCode::UnknownLink));
        assert_eq!(code(&"[".repeat(60_000)), (0, ErrorCode::BadMessage));
    }

    #[test]
    fn only_an_sdp_may_be_long() {
        let padding = "x".repeat(FRAME_BYTES_MAX);
        let leave = format!(r#"{{"id":4,"kind":"leave","padding":"{padding}"}}"#);
        assert_eq!(code(&leave), (4, ErrorCode::TooLong));
        let offer =
            format!(r#"{{"id":5,"kind":"offer","offer":{{"plain":"{padding}"}},"sections":[]}}"#);
        assert!(read(&offer).is_ok());
        assert_eq!(code(&"x".repeat(SDP_BYTES_MAX + 1)), (0, ErrorCode::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC{0,300}") {
            let _ = read(&text);
        }

        #[test]
        fn nothing_like_a_message_breaks_it(
            id in any::<i64>(),
            kind in "join|resume|offer|publish|view|chat|ping|leave|x",
            field in "[a-z_]{1,8}",
            value in "-?[0-9]{1,30}|null|true|\\[\\]|\\{\\}|\"[a-z\\\\u]{0,8}\"",
        ) {
            let _ = read(&format!(r#"{{"id":{id},"kind":"{kind}","{field}":{value}}}"#));
        }
    }
}
