// Made from the Rust crate `protocol`. Do not edit: `cargo xtask bindings` writes it.

export type ParticipantId = number;

export type RoomName = string;

export type MediaKind = "audio" | "video";

export type Source = "microphone" | "camera" | "screen" | "screen_audio";

export type SlotKind = "voice" | "programme" | "video";

export type Codec = "opus" | "red" | "vp8" | "vp9" | "h264" | "av1";

export type SdpBody = { "plain": string } | { "deflated": string };

export type SectionRole = { "publish": Source } | { "slot": SlotKind };

export type MediaSection = { 
/**
 * Names the m-line.
 */
mid: string, 
/**
 * Sending or receiving, and what.
 */
role: SectionRole, };

export type SourceState = { 
/**
 * Width of the captured picture in pixels, 0 for sound or where unknown.
 */
width: number, 
/**
 * Height of the captured picture in pixels, 0 for sound or where unknown.
 */
height: number, };

export type PublishedSource = { 
/**
 * Which.
 */
source: Source, 
/**
 * Width of the captured picture in pixels, 0 for sound or where unknown.
 */
width: number, 
/**
 * Height of the captured picture in pixels, 0 for sound or where unknown.
 */
height: number, };

export type Tile = { 
/**
 * Whose.
 */
participant: ParticipantId, 
/**
 * Camera or screen.
 */
source: Source, 
/**
 * Height on the screen in device pixels; it chooses the layer.
 */
height: number, };

export type View = { 
/**
 * The tile that is largest and whose lips are watched; it gets the first slots.
 */
stage: Tile | null, 
/**
 * Visible tiles, the stage included, most wanted first; more than there are slots are cut.
 */
tiles: Array<Tile>, };

export type Join = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The secret from the link's fragment; the role comes from it alone. Empty where one has only
 * the room's [`Join::code`].
 */
secret: string, 
/**
 * What a host has read to somebody whose link came without its secret: six digits, and spaces
 * between them as one likes. With it one waits in the lobby, whatever the rules are.
 */
code?: string | null, 
/**
 * Random and kept by the browser, the same at each visit, of at most
 * [`BROWSER_BYTES_MAX`] bytes: by it a ban knows the browser again. It is stored
 * nowhere, but for a keyed hash of it where there is a ban, and told to nobody.
 */
browser?: string | null, 
/**
 * The person's name, 1 to [`NAME_CHARACTERS_MAX`] characters.
 */
name: string, 
/**
 * The client's offer.
 */
offer: SdpBody, 
/**
 * The use of each m-line of the offer.
 */
sections: Array<MediaSection>, 
/**
 * Sources that are on from the start, but for those that the rules of the room forbid: of
 * each of them [`ServerBody::TurnedOff`] follows [`ServerBody::Joined`].
 */
sources: Array<PublishedSource>, 
/**
 * What the client shows at first.
 */
view: View, };

export type ChatRequest = { 
/**
 * Plain text. White space is cut off both ends; 1 to [`CHAT_CHARACTERS_MAX`] characters must
 * be left, of which none is a control character but the line feed. Anything else is answered
 * by [`super::ErrorCode::BadText`].
 */
text: string, 
/**
 * Who alone gets it, or everybody. Somebody who is not in the room is answered by
 * [`super::ErrorCode::UnknownParticipant`].
 */
to?: ParticipantId | null, 
/**
 * It says what is being said, for those who do not hear it. Pages show it below the pictures
 * and keep it apart from the conversation. What goes to one person alone is no caption.
 */
caption: boolean, };

export type Role = "guest" | "host";

export type Rules = { 
/**
 * Guests wait until a host lets them in.
 */
lobby: boolean, 
/**
 * Nobody new comes in but hosts. Whoever lost a socket may still resume.
 */
locked: boolean, 
/**
 * Guests may turn their microphones on.
 */
microphone: boolean, 
/**
 * Guests may turn their cameras on.
 */
camera: boolean, 
/**
 * Guests may share a screen and its sound.
 */
screen: boolean, 
/**
 * Guests may write to everybody. To hosts they always may.
 */
chat: boolean, 
/**
 * Guests may write to one guest alone.
 */
private_chat: boolean, 
/**
 * Guests may record what they see.
 */
recording: boolean, };

export type Whom = "all" | { "these": Array<ParticipantId> };

export type FocusedPicture = { 
/**
 * Whose.
 */
participant: ParticipantId, 
/**
 * Camera or screen.
 */
source: Source, };

export type Focus = { 
/**
 * Whose picture is large; `null` shows everybody alike.
 */
stage: FocusedPicture | null, };

export type BanId = number;

export type Moderation = { "action": "admit", 
/**
 * Whom.
 */
whom: Whom, } | { "action": "deny", 
/**
 * Whom.
 */
whom: Whom, } | { "action": "turn_off", 
/**
 * Whose. Hosts are only reached by name.
 */
whom: Whom, 
/**
 * Which; [`Source::Screen`] takes its sound along.
 */
source: Source, } | { "action": "ask_to_turn_on", 
/**
 * Whom.
 */
participant: ParticipantId, 
/**
 * Which.
 */
source: Source, } | { "action": "set_rules", 
/**
 * All rules, the unchanged ones too.
 */
rules: Rules, } | { "action": "set_role", 
/**
 * Whom.
 */
participant: ParticipantId, 
/**
 * What.
 */
role: Role, } | { "action": "remove", 
/**
 * Whose.
 */
participant: ParticipantId, 
/**
 * Whether their browser is kept out from then on; who comes new from their address
 * waits in the lobby.
 */
ban: boolean, } | { "action": "end" } | { "action": "lower_hands", 
/**
 * Whose; [`Whom::All`] takes down those of hosts too.
 */
whom: Whom, } | { "action": "set_timer", 
/**
 * From 1 to [`TIMER_S_MAX`]; `null` takes it away.
 */
seconds: number | null, } | { "action": "set_focus", 
/**
 * What; `null` lets everybody look at what they like.
 */
focus: Focus | null, } | { "action": "open_poll", 
/**
 * Plain text of 1 to [`QUESTION_CHARACTERS_MAX`] characters.
 */
question: string, } | { "action": "close_poll", 
/**
 * Which.
 */
poll: PollId, } | { "action": "dismiss_poll", 
/**
 * Which.
 */
poll: PollId, } | { "action": "take_attendance" } | { "action": "list_bans" } | { "action": "lift_ban", 
/**
 * Which ban; of one that is over, nothing happens.
 */
ban: BanId, };

export type Waiting = { 
/**
 * Who they will be once they are in.
 */
id: ParticipantId, 
/**
 * What they call themselves.
 */
name: string, 
/**
 * They gave the room's code, and no link.
 */
by_code: boolean, };

export type Banned = { 
/**
 * Which ban it is.
 */
id: BanId, 
/**
 * What they called themselves; empty where that is not known any more.
 */
name: string, };

export type Stay = { 
/**
 * What they called themselves.
 */
name: string, 
/**
 * What they were at the end of it.
 */
role: Role, 
/**
 * How long ago it began, in ms.
 */
from_ms_ago: number, 
/**
 * How long ago it ended, in ms; `null` while they are here.
 */
to_ms_ago: number | null, };

export type Timer = { 
/**
 * All of it, in ms.
 */
total_ms: number, 
/**
 * What was left when this was said, in ms; 0 once it has run out.
 */
left_ms: number, };

export type Reaction = "agree" | "disagree" | "applause" | "heart" | "laugh" | "surprise" | "slower" | "faster";

export type Choice = "yes" | "no" | "abstain";

export type PollId = number;

export type PollResult = { 
/**
 * Votes for yes.
 */
yes: number, 
/**
 * Votes for no.
 */
no: number, 
/**
 * Votes for neither.
 */
abstain: number, };

export type Poll = { 
/**
 * Which.
 */
id: PollId, 
/**
 * The question, plain text.
 */
question: string, 
/**
 * How many have voted. Who left still counts; who comes again is somebody new, and may vote
 * again.
 */
voted: number, 
/**
 * The result, once it is closed. Who voted what is told to nobody.
 */
result: PollResult | null, };

export type RoomState = { 
/**
 * What guests may do.
 */
rules: Rules, 
/**
 * Whose hand is up, the first one first.
 */
hands: Array<ParticipantId>, 
/**
 * The time that is left of what the hosts give.
 */
timer: Timer | null, 
/**
 * What the hosts show to those who follow.
 */
focus: Focus | null, 
/**
 * The question before everybody.
 */
poll: Poll | null, };

export type ClientBody = { "kind": "join" } & Join | { "kind": "resume", 
/**
 * From [`Joined::ticket`].
 */
ticket: string, 
/**
 * The highest `seq` received.
 */
last_seq: number, } | { "kind": "offer", 
/**
 * The offer.
 */
offer: SdpBody, 
/**
 * The use of each m-line.
 */
sections: Array<MediaSection>, } | { "kind": "publish", 
/**
 * Which.
 */
source: Source, 
/**
 * Its state; absent when it is turned off.
 */
state: SourceState | null, 
/**
 * The highest `seq` received when this was said. Who turns a source on before having
 * heard that it was turned off is refused, so that a host's order wins where both cross
 * on their way. Whoever leaves it out is taken to have heard everything.
 */
seen?: number, } | { "kind": "view" } & View | { "kind": "chat" } & ChatRequest | { "kind": "hand", 
/**
 * Whether it is up.
 */
raised: boolean, } | { "kind": "react", 
/**
 * What.
 */
reaction: Reaction, } | { "kind": "vote", 
/**
 * Which poll.
 */
poll: PollId, 
/**
 * What.
 */
choice: Choice, } | { "kind": "record", 
/**
 * Whether it runs.
 */
on: boolean, } | { "kind": "moderate" } & Moderation | { "kind": "ping" } | { "kind": "leave" };

export type ClientMessage = { 
/**
 * Number of the command, from 1 upward. `resume` and `ping` carry 0: they are not commands.
 */
id: number, } & ({ "kind": "join" } & Join | { "kind": "resume", 
/**
 * From [`Joined::ticket`].
 */
ticket: string, 
/**
 * The highest `seq` received.
 */
last_seq: number, } | { "kind": "offer", 
/**
 * The offer.
 */
offer: SdpBody, 
/**
 * The use of each m-line.
 */
sections: Array<MediaSection>, } | { "kind": "publish", 
/**
 * Which.
 */
source: Source, 
/**
 * Its state; absent when it is turned off.
 */
state: SourceState | null, 
/**
 * The highest `seq` received when this was said. Who turns a source on before having
 * heard that it was turned off is refused, so that a host's order wins where both cross
 * on their way. Whoever leaves it out is taken to have heard everything.
 */
seen?: number, } | { "kind": "view" } & View | { "kind": "chat" } & ChatRequest | { "kind": "hand", 
/**
 * Whether it is up.
 */
raised: boolean, } | { "kind": "react", 
/**
 * What.
 */
reaction: Reaction, } | { "kind": "vote", 
/**
 * Which poll.
 */
poll: PollId, 
/**
 * What.
 */
choice: Choice, } | { "kind": "record", 
/**
 * Whether it runs.
 */
on: boolean, } | { "kind": "moderate" } & Moderation | { "kind": "ping" } | { "kind": "leave" });

export type Participant = { 
/**
 * Who; the CSRC of their media.
 */
id: ParticipantId, 
/**
 * What they call themselves.
 */
name: string, 
/**
 * What they may do.
 */
role: Role, 
/**
 * What they have on.
 */
sources: Array<PublishedSource>, 
/**
 * They record what they see and hear.
 */
recording: boolean, };

export type SlotContent = { 
/**
 * Whose.
 */
participant: ParticipantId, 
/**
 * Which of their sources.
 */
source: Source, };

export type SlotMapping = { 
/**
 * The slot's m-line.
 */
mid: string, 
/**
 * Whose media, and which; `null` when the slot is idle.
 */
carries: SlotContent | null, };

export type ChatMessage = { 
/**
 * Who wrote; oneself too, as the answer to `chat`. They may have left since.
 */
from: ParticipantId, 
/**
 * Who alone got it beside the writer; `null` where everybody did.
 */
to: ParticipantId | null, 
/**
 * The text, with the white space at its ends cut off.
 */
text: string, 
/**
 * It says what is being said, for those who do not hear it.
 */
caption: boolean, 
/**
 * The command answered, for the writer alone; 0 for everybody else.
 */
re: number, };

export type IceServer = { 
/**
 * Its addresses (RFC 7065).
 */
urls: Array<string>, 
/**
 * The second at which the credential ends (Unix time), a colon, and random characters.
 */
username: string, 
/**
 * Proves the name.
 */
credential: string, };

export type Joined = { 
/**
 * Which participant one is.
 */
you: ParticipantId, 
/**
 * What one may do.
 */
role: Role, 
/**
 * Opens the session again after a lost socket.
 */
ticket: string, 
/**
 * The node's answer.
 */
answer: SdpBody, 
/**
 * Who is here, oneself included.
 */
participants: Array<Participant>, 
/**
 * The secret of the room's guest link, for hosts who want to invite; guests have it already.
 */
guest_secret: string | null, 
/**
 * The room's code, for hosts who want to read it to somebody: six digits, to be shown in two
 * groups of three.
 */
code: string | null, 
/**
 * What is the same for everybody.
 */
room: RoomState, 
/**
 * Who waits in the lobby; empty for guests.
 */
lobby: Array<Waiting>, 
/**
 * Where the media may go if no candidate of the answer can be reached: for
 * `RTCConfiguration.iceServers`. Empty if this site has none.
 */
ice_servers: Array<IceServer>, };

export type SendConstraint = { 
/**
 * Camera or screen.
 */
source: Source, 
/**
 * How many encodings are wanted, counted from the smallest. 0: nobody watches; the encodings
 * are to stop, and the capture may. More than there are: all.
 */
encodings: number, 
/**
 * The tallest picture that is of use to anybody, in pixels; 0 if nobody watches, 65 535
 * without limit.
 */
max_height: number, 
/**
 * The codec to send in, because somebody cannot receive another one; `null` leaves it to the
 * client's order of preference.
 */
codec: Codec | null, };

export type PictureState = "full" | "reduced" | "paused";

export type ConnectionState = { 
/**
 * What it is believed to carry, sound and all.
 */
bits_per_second: number, 
/**
 * What that means for the pictures on it.
 */
pictures: PictureState, };

export type ErrorCode = "bad_message" | "unsupported" | "too_long" | "too_fast" | "too_slow" | "unknown_link" | "expired_link" | "bad_name" | "bad_text" | "unknown_participant" | "not_allowed" | "unknown_poll" | "denied" | "banned" | "locked" | "bad_code" | "bad_offer" | "room_full" | "server_full" | "session_gone" | "not_joined" | "media_unavailable";

export type EndReason = "left" | "media_lost" | "replaced" | "server_stopping" | "removed" | "ended_by_host";

export type ServerBody = { "kind": "in_lobby", 
/**
 * Whether a host is there who can be asked.
 */
host_is_here: boolean, } | { "kind": "joined" } & Joined | { "kind": "resumed", 
/**
 * The highest command id that has arrived. The client sends those above it again; the
 * answers of those up to it are among what follows, or still to come.
 */
last_id: number, 
/**
 * As in [`Joined::ice_servers`].
 */
ice_servers: Array<IceServer>, } | { "kind": "snapshot", 
/**
 * The number of the last message that this state contains.
 */
up_to: number, 
/**
 * Who is here, oneself included.
 */
participants: Array<Participant>, 
/**
 * What each slot carries.
 */
slots: Array<SlotMapping>, 
/**
 * What of one's own pictures is wanted; of sources that are not named, everything.
 */
send: Array<SendConstraint>, 
/**
 * How one's own line does; `null` until something was said of it.
 */
connection: ConnectionState | null, 
/**
 * Who has the floor.
 */
speaker: ParticipantId | null, 
/**
 * What is the same for everybody.
 */
room: RoomState, 
/**
 * Who waits in the lobby; empty for guests.
 */
lobby: Array<Waiting>, 
/**
 * As in [`Joined::guest_secret`].
 */
guest_secret: string | null, 
/**
 * As in [`Joined::code`].
 */
code: string | null, } | { "kind": "answer", 
/**
 * The command answered.
 */
re: number, 
/**
 * The answer.
 */
answer: SdpBody, } | { "kind": "participant_joined", 
/**
 * Who.
 */
participant: Participant, } | { "kind": "participant_changed", 
/**
 * Their state, whole.
 */
participant: Participant, } | { "kind": "participant_left", 
/**
 * Who.
 */
participant: ParticipantId, } | { "kind": "slots", 
/**
 * The changes.
 */
slots: Array<SlotMapping>, } | { "kind": "chat" } & ChatMessage | { "kind": "done", 
/**
 * Which.
 */
re: number, } | { "kind": "room" } & RoomState | { "kind": "lobby", 
/**
 * Everybody who waits, the first one first.
 */
waiting: Array<Waiting>, } | { "kind": "invitation", 
/**
 * As in [`Joined::guest_secret`].
 */
guest_secret: string | null, 
/**
 * As in [`Joined::code`].
 */
code: string | null, } | { "kind": "reaction", 
/**
 * Who.
 */
participant: ParticipantId, 
/**
 * What.
 */
reaction: Reaction, } | { "kind": "turned_off", 
/**
 * Which.
 */
source: Source, 
/**
 * Who did it; `null` where the rules of the room did not let one bring it along.
 */
by: ParticipantId | null, } | { "kind": "asked_to_turn_on", 
/**
 * Which.
 */
source: Source, 
/**
 * Who asks.
 */
by: ParticipantId, } | { "kind": "attendance", 
/**
 * The command answered.
 */
re: number, 
/**
 * The place of the first stay of this part among all, from 0.
 */
first: number, 
/**
 * How many stays there are in all parts.
 */
total: number, 
/**
 * Everybody who was here since the room filled, in the order in which they came.
 */
stays: Array<Stay>, } | { "kind": "bans", 
/**
 * The command answered.
 */
re: number, 
/**
 * Everybody who is kept out, the one who was banned first first.
 */
banned: Array<Banned>, } | { "kind": "send_constraints", 
/**
 * The changes.
 */
sources: Array<SendConstraint>, } | { "kind": "connection" } & ConnectionState | { "kind": "speaker", 
/**
 * Who; `null` if they left or turned their microphone off and nobody has followed.
 */
participant: ParticipantId | null, } | { "kind": "ice_servers", 
/**
 * They replace all before.
 */
ice_servers: Array<IceServer>, } | { "kind": "restart_ice" } | { "kind": "error", 
/**
 * The command that failed, 0 if none.
 */
re: number, 
/**
 * Why. The client says it in the person's language.
 */
code: ErrorCode, 
/**
 * What a developer needs to know, in English; never shown as it is.
 */
detail: string, } | { "kind": "ended", 
/**
 * Why.
 */
reason: EndReason, } | { "kind": "pong" };

export type ServerMessage = { 
/**
 * Number of the message, from 1 upward; 0 on what is not replayed: `pong`, `resumed`, errors
 * before joining, `ice_servers`, and `ended` to a socket that another one replaced.
 */
seq: number, } & ({ "kind": "in_lobby", 
/**
 * Whether a host is there who can be asked.
 */
host_is_here: boolean, } | { "kind": "joined" } & Joined | { "kind": "resumed", 
/**
 * The highest command id that has arrived. The client sends those above it again; the
 * answers of those up to it are among what follows, or still to come.
 */
last_id: number, 
/**
 * As in [`Joined::ice_servers`].
 */
ice_servers: Array<IceServer>, } | { "kind": "snapshot", 
/**
 * The number of the last message that this state contains.
 */
up_to: number, 
/**
 * Who is here, oneself included.
 */
participants: Array<Participant>, 
/**
 * What each slot carries.
 */
slots: Array<SlotMapping>, 
/**
 * What of one's own pictures is wanted; of sources that are not named, everything.
 */
send: Array<SendConstraint>, 
/**
 * How one's own line does; `null` until something was said of it.
 */
connection: ConnectionState | null, 
/**
 * Who has the floor.
 */
speaker: ParticipantId | null, 
/**
 * What is the same for everybody.
 */
room: RoomState, 
/**
 * Who waits in the lobby; empty for guests.
 */
lobby: Array<Waiting>, 
/**
 * As in [`Joined::guest_secret`].
 */
guest_secret: string | null, 
/**
 * As in [`Joined::code`].
 */
code: string | null, } | { "kind": "answer", 
/**
 * The command answered.
 */
re: number, 
/**
 * The answer.
 */
answer: SdpBody, } | { "kind": "participant_joined", 
/**
 * Who.
 */
participant: Participant, } | { "kind": "participant_changed", 
/**
 * Their state, whole.
 */
participant: Participant, } | { "kind": "participant_left", 
/**
 * Who.
 */
participant: ParticipantId, } | { "kind": "slots", 
/**
 * The changes.
 */
slots: Array<SlotMapping>, } | { "kind": "chat" } & ChatMessage | { "kind": "done", 
/**
 * Which.
 */
re: number, } | { "kind": "room" } & RoomState | { "kind": "lobby", 
/**
 * Everybody who waits, the first one first.
 */
waiting: Array<Waiting>, } | { "kind": "invitation", 
/**
 * As in [`Joined::guest_secret`].
 */
guest_secret: string | null, 
/**
 * As in [`Joined::code`].
 */
code: string | null, } | { "kind": "reaction", 
/**
 * Who.
 */
participant: ParticipantId, 
/**
 * What.
 */
reaction: Reaction, } | { "kind": "turned_off", 
/**
 * Which.
 */
source: Source, 
/**
 * Who did it; `null` where the rules of the room did not let one bring it along.
 */
by: ParticipantId | null, } | { "kind": "asked_to_turn_on", 
/**
 * Which.
 */
source: Source, 
/**
 * Who asks.
 */
by: ParticipantId, } | { "kind": "attendance", 
/**
 * The command answered.
 */
re: number, 
/**
 * The place of the first stay of this part among all, from 0.
 */
first: number, 
/**
 * How many stays there are in all parts.
 */
total: number, 
/**
 * Everybody who was here since the room filled, in the order in which they came.
 */
stays: Array<Stay>, } | { "kind": "bans", 
/**
 * The command answered.
 */
re: number, 
/**
 * Everybody who is kept out, the one who was banned first first.
 */
banned: Array<Banned>, } | { "kind": "send_constraints", 
/**
 * The changes.
 */
sources: Array<SendConstraint>, } | { "kind": "connection" } & ConnectionState | { "kind": "speaker", 
/**
 * Who; `null` if they left or turned their microphone off and nobody has followed.
 */
participant: ParticipantId | null, } | { "kind": "ice_servers", 
/**
 * They replace all before.
 */
ice_servers: Array<IceServer>, } | { "kind": "restart_ice" } | { "kind": "error", 
/**
 * The command that failed, 0 if none.
 */
re: number, 
/**
 * Why. The client says it in the person's language.
 */
code: ErrorCode, 
/**
 * What a developer needs to know, in English; never shown as it is.
 */
detail: string, } | { "kind": "ended", 
/**
 * Why.
 */
reason: EndReason, } | { "kind": "pong" });
