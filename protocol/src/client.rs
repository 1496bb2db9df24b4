//! `preau.v1`: what a client and signaling say on the WebSocket, as JSON.
//!
//! A client numbers its commands from 1 upward; signaling carries each out once, however often it
//! comes. Signaling numbers its messages from 1 upward; `resume` names the last one seen and gets
//! the rest, or [`ServerBody::Snapshot`] where the rest is no longer held. Unknown fields are
//! ignored; an unknown `kind` is answered with [`ErrorCode::Unsupported`].
//!
//! A refused `join` ends the socket after its error. A refused `resume` does not: `join` may follow
//! at once. A message that is not understood is answered by an error and changes nothing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ids::{ParticipantId, RoomName},
    media::{Codec, SlotKind, Source},
};

mod chat;
mod endings;
pub mod order;
pub mod signs;

pub use chat::{CHAT_CHARACTERS_MAX, ChatMessage, ChatRequest};
pub use endings::{EndReason, ErrorCode};

use order::{Banned, Moderation, Stay, Waiting};
use signs::{Choice, PollId, Reaction, RoomState};

/// The WebSocket subprotocol's name.
pub const SUBPROTOCOL: &str = "preau.v1";

/// The longest frame either way, in bytes, but for frames that carry an SDP.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// The longest frame with an SDP in it, and the most that a deflated SDP may inflate to, in bytes.
pub const SDP_BYTES_MAX: usize = 256 * 1024;

/// The longest name of a person, in characters.
pub const NAME_CHARACTERS_MAX: usize = 64;

/// The longest [`Join::browser`], in bytes.
pub const BROWSER_BYTES_MAX: usize = 64;

/// An SDP on its way: deflated where the browser can, because offers repeat themselves (97 KB of
/// offer are 2 KB deflated).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SdpBody {
    /// The text itself.
    Plain(String),
    /// Raw DEFLATE (RFC 1951) of the text, in base64.
    Deflated(String),
}

impl std::fmt::Debug for SdpBody {
    /// An SDP holds addresses and keys, so it does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<sdp>")
    }
}

/// What one m-line of an offer is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MediaSection {
    /// Names the m-line.
    pub mid: String,
    /// Sending or receiving, and what.
    pub role: SectionRole,
}

/// The use of an m-line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SectionRole {
    /// The client sends this source on it.
    Publish(Source),
    /// The client receives on it.
    Slot(SlotKind),
}

/// A message of the client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ClientMessage {
    /// Number of the command, from 1 upward. `resume` and `ping` carry 0: they are not commands.
    #[ts(type = "number")]
    pub id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub body: ClientBody,
}

/// What a client can ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClientBody {
    /// Enters a room. Answered by [`ServerBody::Joined`] or an error.
    Join(Join),
    /// Takes up a session whose socket was lost, within 60 s.
    Resume {
        /// From [`Joined::ticket`].
        ticket: String,
        /// The highest `seq` received.
        #[ts(type = "number")]
        last_seq: u64,
    },
    /// A new offer: ICE restart, or more slots. Answered by [`ServerBody::Answer`].
    Offer {
        /// The offer.
        offer: SdpBody,
        /// The use of each m-line.
        sections: Vec<MediaSection>,
    },
    /// Turns a source on or off.
    Publish {
        /// Which.
        source: Source,
        /// Its state; absent when it is turned off.
        state: Option<SourceState>,
        /// The highest `seq` received when this was said. Who turns a source on before having
        /// heard that it was turned off is refused, so that a host's order wins where both cross
        /// on their way. Whoever leaves it out is taken to have heard everything.
        #[serde(default)]
        #[ts(optional = nullable, type = "number")]
        seen: Option<u64>,
    },
    /// Says what this client shows, so that nothing else is sent to it.
    View(View),
    /// Writes to everybody in the room, or to one of them. Answered by one's own
    /// [`ServerBody::Chat`] or an error.
    Chat(ChatRequest),
    /// Raises or lowers one's own hand.
    Hand {
        /// Whether it is up.
        raised: bool,
    },
    /// Shows something to everybody for a moment.
    React {
        /// What.
        reaction: Reaction,
    },
    /// Answers the open poll; once more changes one's mind.
    Vote {
        /// Which poll.
        poll: PollId,
        /// What.
        choice: Choice,
    },
    /// Begins or ends a recording of what one sees, of which everybody is told
    /// ([`Participant::recording`]).
    Record {
        /// Whether it runs.
        on: bool,
    },
    /// Keeps order.
    Moderate(Moderation),
    /// Keeps the socket alive. Answered by `pong`.
    Ping,
    /// Leaves the room.
    Leave,
}

/// Entering a room.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Join {
    /// The room.
    pub room: RoomName,
    /// The secret from the link's fragment; the role comes from it alone. Empty where one has only
    /// the room's [`Join::code`].
    pub secret: String,
    /// What a host has read to somebody whose link came without its secret: six digits, and spaces
    /// between them as one likes. With it one waits in the lobby, whatever the rules are.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub code: Option<String>,
    /// Random and kept by the browser, the same at each visit, of at most
    /// [`BROWSER_BYTES_MAX`] bytes: by it a ban knows the browser again. It is stored
    /// nowhere, but for a keyed hash of it where there is a ban, and told to nobody.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub browser: Option<String>,
    /// The person's name, 1 to [`NAME_CHARACTERS_MAX`] characters.
    pub name: String,
    /// The client's offer.
    pub offer: SdpBody,
    /// The use of each m-line of the offer.
    pub sections: Vec<MediaSection>,
    /// Sources that are on from the start, but for those that the rules of the room forbid: of
    /// each of them [`ServerBody::TurnedOff`] follows [`ServerBody::Joined`].
    #[serde(default)]
    pub sources: Vec<PublishedSource>,
    /// What the client shows at first.
    #[serde(default)]
    pub view: View,
}

impl std::fmt::Debug for Join {
    /// A name and a secret do not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Join").field("sections", &self.sections.len()).finish_non_exhaustive()
    }
}

/// The state of a source that is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct SourceState {
    /// Width of the captured picture in pixels, 0 for sound or where unknown.
    pub width: u16,
    /// Height of the captured picture in pixels, 0 for sound or where unknown.
    pub height: u16,
}

/// A source that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PublishedSource {
    /// Which.
    pub source: Source,
    /// Its state.
    #[serde(flatten)]
    pub state: SourceState,
}

/// What a client shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct View {
    /// The tile that is largest and whose lips are watched; it gets the first slots.
    pub stage: Option<Tile>,
    /// Visible tiles, the stage included, most wanted first; more than there are slots are cut.
    pub tiles: Vec<Tile>,
}

impl View {
    /// The most tiles that a view may name: the largest pool of video slots.
    pub const TILES_MAX: usize = 49;
}

/// One picture on somebody's screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Tile {
    /// Whose.
    pub participant: ParticipantId,
    /// Camera or screen.
    pub source: Source,
    /// Height on the screen in device pixels; it chooses the layer.
    pub height: u16,
}

/// A message of signaling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ServerMessage {
    /// Number of the message, from 1 upward; 0 on what is not replayed: `pong`, `resumed`, errors
    /// before joining, `ice_servers`, and `ended` to a socket that another one replaced.
    #[ts(type = "number")]
    pub seq: u64,
    /// What is said.
    #[serde(flatten)]
    pub body: ServerBody,
}

/// What signaling can say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ServerBody {
    /// The join is granted if a host agrees. [`ServerBody::Joined`] or an error follows; a socket
    /// that is lost before gives the place up.
    InLobby {
        /// Whether a host is there who can be asked.
        host_is_here: bool,
    },
    /// The answer to `join`.
    Joined(Joined),
    /// The resume is granted; what was missed follows.
    Resumed {
        /// The highest command id that has arrived. The client sends those above it again; the
        /// answers of those up to it are among what follows, or still to come.
        #[ts(type = "number")]
        last_id: u64,
        /// As in [`Joined::ice_servers`].
        ice_servers: Vec<IceServer>,
    },
    /// The whole state, where the missed messages are no longer held. It replaces all before.
    Snapshot {
        /// The number of the last message that this state contains.
        #[ts(type = "number")]
        up_to: u64,
        /// Who is here, oneself included.
        participants: Vec<Participant>,
        /// What each slot carries.
        slots: Vec<SlotMapping>,
        /// What of one's own pictures is wanted; of sources that are not named, everything.
        send: Vec<SendConstraint>,
        /// How one's own line does; `null` until something was said of it.
        connection: Option<ConnectionState>,
        /// Who has the floor.
        speaker: Option<ParticipantId>,
        /// What is the same for everybody.
        room: RoomState,
        /// Who waits in the lobby; empty for guests.
        lobby: Vec<Waiting>,
        /// As in [`Joined::guest_secret`].
        guest_secret: Option<String>,
        /// As in [`Joined::code`].
        code: Option<String>,
    },
    /// The answer to `offer`.
    Answer {
        /// The command answered.
        #[ts(type = "number")]
        re: u64,
        /// The answer.
        answer: SdpBody,
    },
    /// Somebody came.
    ParticipantJoined {
        /// Who.
        participant: Participant,
    },
    /// Somebody's sources changed; one's own too, which confirms `publish`.
    ParticipantChanged {
        /// Their state, whole.
        participant: Participant,
    },
    /// Somebody went.
    ParticipantLeft {
        /// Who.
        participant: ParticipantId,
    },
    /// What the slots carry has changed. Slots that are not named are as before.
    Slots {
        /// The changes.
        slots: Vec<SlotMapping>,
    },
    /// Somebody has written. It is kept for a resume as long as the session's other messages, and
    /// nowhere else: who comes later does not get it, and a [`ServerBody::Snapshot`] holds none.
    Chat(ChatMessage),
    /// A command of [`ClientBody::Moderate`], `vote`, `hand`, `react` or `record` is carried out.
    Done {
        /// Which.
        #[ts(type = "number")]
        re: u64,
    },
    /// What is the same for everybody has changed.
    Room(RoomState),
    /// Who waits has changed; for hosts alone.
    Lobby {
        /// Everybody who waits, the first one first.
        waiting: Vec<Waiting>,
    },
    /// With what a host invites others; for who has just been made one, before everybody hears
    /// of it. Who is made a guest again forgets it.
    Invitation {
        /// As in [`Joined::guest_secret`].
        guest_secret: Option<String>,
        /// As in [`Joined::code`].
        code: Option<String>,
    },
    /// Somebody shows something. It has no number and is not replayed.
    Reaction {
        /// Who.
        participant: ParticipantId,
        /// What.
        reaction: Reaction,
    },
    /// A host, or a rule, has turned a source of one's own off. The client stops the capture.
    TurnedOff {
        /// Which.
        source: Source,
        /// Who did it; `null` where the rules of the room did not let one bring it along.
        by: Option<ParticipantId>,
    },
    /// A host asks one to turn a source on.
    AskedToTurnOn {
        /// Which.
        source: Source,
        /// Who asks.
        by: ParticipantId,
    },
    /// The answer to [`Moderation::TakeAttendance`], or a part of it: parts follow each other.
    Attendance {
        /// The command answered.
        #[ts(type = "number")]
        re: u64,
        /// The place of the first stay of this part among all, from 0.
        first: u32,
        /// How many stays there are in all parts.
        total: u32,
        /// Everybody who was here since the room filled, in the order in which they came.
        stays: Vec<Stay>,
    },
    /// The answer to [`Moderation::ListBans`].
    Bans {
        /// The command answered.
        #[ts(type = "number")]
        re: u64,
        /// Everybody who is kept out, the one who was banned first first.
        banned: Vec<Banned>,
    },
    /// What of one's own pictures is wanted has changed. Sources that are not named are as before,
    /// also where they were off meanwhile; of a source that was never named, everything is wanted.
    SendConstraints {
        /// The changes.
        sources: Vec<SendConstraint>,
    },
    /// How one's own line does, at most once a second.
    Connection(ConnectionState),
    /// Somebody has taken the floor: the dominant speaker, who keeps it while silent, until
    /// another one takes it. It is told within 600 ms of their first word.
    Speaker {
        /// Who; `null` if they left or turned their microphone off and nobody has followed.
        participant: Option<ParticipantId>,
    },
    /// Fresh credentials, long before the old ones end: for the next restart of ICE. It has no
    /// number and is not replayed.
    IceServers {
        /// They replace all before.
        ice_servers: Vec<IceServer>,
    },
    /// The media must find a new way: restart ICE and send the offer.
    RestartIce,
    /// A command failed, or the session is about to end.
    Error {
        /// The command that failed, 0 if none.
        #[ts(type = "number")]
        re: u64,
        /// Why. The client says it in the person's language.
        code: ErrorCode,
        /// What a developer needs to know, in English; never shown as it is.
        detail: String,
    },
    /// The call is over for this client; the socket closes after it.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// The answer to `ping`.
    Pong,
}

/// One is in.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Joined {
    /// Which participant one is.
    pub you: ParticipantId,
    /// What one may do.
    pub role: Role,
    /// Opens the session again after a lost socket.
    pub ticket: String,
    /// The node's answer.
    pub answer: SdpBody,
    /// Who is here, oneself included.
    pub participants: Vec<Participant>,
    /// The secret of the room's guest link, for hosts who want to invite; guests have it already.
    pub guest_secret: Option<String>,
    /// The room's code, for hosts who want to read it to somebody: six digits, to be shown in two
    /// groups of three.
    pub code: Option<String>,
    /// What is the same for everybody.
    pub room: RoomState,
    /// Who waits in the lobby; empty for guests.
    pub lobby: Vec<Waiting>,
    /// Where the media may go if no candidate of the answer can be reached: for
    /// `RTCConfiguration.iceServers`. Empty if this site has none.
    pub ice_servers: Vec<IceServer>,
}

impl std::fmt::Debug for Joined {
    /// A ticket and a secret do not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joined").field("you", &self.you).finish_non_exhaustive()
    }
}

/// A TURN server, as browsers take it (W3C webrtc-pc, `RTCIceServer`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IceServer {
    /// Its addresses (RFC 7065).
    pub urls: Vec<String>,
    /// The second at which the credential ends (Unix time), a colon, and random characters.
    pub username: String,
    /// Proves the name.
    pub credential: String,
}

impl std::fmt::Debug for IceServer {
    /// A credential does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// What a person may do; it comes from the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes part.
    Guest,
    /// Takes part and keeps order.
    Host,
}

/// Somebody in the room.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Participant {
    /// Who; the CSRC of their media.
    pub id: ParticipantId,
    /// What they call themselves.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they have on.
    pub sources: Vec<PublishedSource>,
    /// They record what they see and hear.
    #[serde(default)]
    pub recording: bool,
}

impl std::fmt::Debug for Participant {
    /// A name does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Participant").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What one slot carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SlotMapping {
    /// The slot's m-line.
    pub mid: String,
    /// Whose media, and which; `null` when the slot is idle.
    pub carries: Option<SlotContent>,
}

/// The media in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SlotContent {
    /// Whose.
    pub participant: ParticipantId,
    /// Which of their sources.
    pub source: Source,
}

/// What of one's own source anybody makes use of: the rest need not be captured, encoded or sent.
///
/// More is asked for at once, less after 5 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SendConstraint {
    /// Camera or screen.
    pub source: Source,
    /// How many encodings are wanted, counted from the smallest. 0: nobody watches; the encodings
    /// are to stop, and the capture may. More than there are: all.
    pub encodings: u8,
    /// The tallest picture that is of use to anybody, in pixels; 0 if nobody watches, 65 535
    /// without limit.
    pub max_height: u16,
    /// The codec to send in, because somebody cannot receive another one; `null` leaves it to the
    /// client's order of preference.
    pub codec: Option<Codec>,
}

/// How the line to a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConnectionState {
    /// What it is believed to carry, sound and all.
    #[ts(type = "number")]
    pub bits_per_second: u64,
    /// What that means for the pictures on it.
    pub pictures: PictureState,
}

/// What a line leaves of the pictures that a client wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PictureState {
    /// All, as large as they are shown.
    Full,
    /// Some are smaller or slower than they are shown, or missing.
    Reduced,
    /// None: the line carries sound alone.
    Paused,
}
