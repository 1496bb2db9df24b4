// The public face of the SDK: every type that a page embedding a call may rely on.
import type {
  Banned,
  Choice,
  EndReason,
  ErrorCode,
  Moderation,
  Participant,
  ParticipantId,
  PictureState,
  PollId,
  Reaction,
  Role,
  RoomState,
  SlotContent,
  SlotKind,
  Source,
  Stay,
  View,
  Waiting,
} from "./protocol.gen";

/** What can go wrong on this side of the wire, beside what the server says. */
export type LocalError =
  /** The server cannot be reached, or does not answer. */
  | "connection_failed"
  /** The browser has no WebRTC, or not enough of it. */
  | "unsupported_browser";

/** Why joining failed. */
export class CallError extends Error {
  /** The cause, for a sentence in the person's language. */
  readonly code: CallEnd;

  constructor(code: CallEnd, detail: string) {
    super(detail);
    this.name = "CallError";
    this.code = code;
  }
}

/** Why a call is over. */
export type CallEnd = EndReason | ErrorCode | LocalError;

/** How well one is in the room. All but `connected` mend themselves. */
export type Connection =
  /** Words and media flow. */
  | "connected"
  /** Joined; the first media path is being found. */
  | "media_connecting"
  /** The WebSocket is lost and being reopened; media goes on. */
  | "reconnecting_signaling"
  /** The media path is lost and being found again. */
  | "restarting_media"
  /** The session is gone; the client joins again as somebody new. */
  | "rejoining"
  /** Joining again, and a host has to let one in first. */
  | "in_lobby";

/** Where a call stands. */
export type CallState =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting" }
  | { readonly phase: "joined"; readonly connection: Connection }
  | { readonly phase: "ended"; readonly reason: CallEnd };

/** What this side sends. */
export interface LocalMedia {
  /** The microphone's track; it stays while muted, so that unmuting is instant. */
  readonly microphone: MediaStreamTrack | null;
  /** Whether the microphone is heard. */
  readonly microphoneOn: boolean;
  /** The camera's track; null while it is off. */
  readonly camera: MediaStreamTrack | null;
  /** The shared screen; null while nothing is shared. */
  readonly screen: MediaStreamTrack | null;
}

/** A participant's media begins, ends (`track` is null) or comes on another track. */
export interface TrackChange {
  readonly participant: ParticipantId;
  readonly source: Source;
  /** A slot's track: the same object may carry somebody else later. */
  readonly track: MediaStreamTrack | null;
}

/** Somebody came, changed what they have on, or went. */
export interface ParticipantChange {
  readonly participant: Participant;
  readonly change: "joined" | "changed" | "left";
}

/** A source stopped without being asked to. */
export interface SourceLost {
  readonly source: Source;
  /** The device went, or the person ended the share by the browser's own button. */
  readonly cause: "unplugged" | "stopped";
}

/** Somebody else has the floor. */
export interface SpeakerChange {
  /** The dominant speaker, who keeps the floor while silent; null where nobody has it. */
  readonly participant: ParticipantId | null;
}

/** How the line from the server to oneself does. */
export interface ConnectionReport {
  /** What it is believed to carry, sound and all. */
  readonly bitsPerSecond: number;
  /**
   * What that leaves of the pictures one wants to see: `full`, `reduced` (some are smaller, slower
   * or missing), or `paused`: the line carries sound alone.
   */
  readonly pictures: PictureState;
}

/** The way that media takes to the server. */
export interface PathReport {
  /**
   * As datagrams, or inside a connection: plain TCP, or TLS to the server's relay. A connection is
   * used where UDP does not get through; lost packets then hold up those behind them.
   */
  readonly transport: "udp" | "tcp" | "tls";
  /** The server's port; null where the browser does not say it. */
  readonly port: number | null;
}

/** Somebody has written; it is plain text, and may hold line feeds. */
export interface ChatLine {
  /** Who wrote. One's own lines come too, once the server has passed them on. */
  readonly from: ParticipantId;
  /** Whom alone it is for; null where it is for everybody. */
  readonly to: ParticipantId | null;
  readonly text: string;
  /** It says what is being said, for those who do not hear it: to be shown with the pictures. */
  readonly caption: boolean;
}

/** How to write. */
export interface ChatOptions {
  /** Whom alone it is for: they and oneself get it. Without it, everybody does. */
  readonly to?: ParticipantId | null;
  /** It says what is being said, for those who do not hear it. To one person alone it is none. */
  readonly caption?: boolean;
}

/** Somebody shows something for a moment; one's own comes too. */
export interface ReactionShown {
  readonly participant: ParticipantId;
  readonly reaction: Reaction;
}

/** A source of one's own was turned off. */
export interface TurnedOff {
  readonly source: Source;
  /** Which host did it; null where the rules did as one came in. */
  readonly by: ParticipantId | null;
}

/** A host asks one to turn a source on. */
export interface AskedToTurnOn {
  readonly source: Source;
  readonly by: ParticipantId;
}

/** What one knows while waiting in the lobby. */
export interface LobbyNews {
  /** Whether a host is there who can be asked. */
  readonly hostIsHere: boolean;
}

/** Events of a call, by name. */
export interface CallEvents {
  participant: ParticipantChange;
  track: TrackChange;
  state: CallState;
  connection: ConnectionReport | null;
  path: PathReport | null;
  speaker: SpeakerChange;
  chat: ChatLine;
  local: LocalMedia;
  source_lost: SourceLost;
  /** `call.room` has changed. */
  room: RoomState;
  /** Who waits in the lobby has changed; for hosts. */
  lobby: readonly Waiting[];
  reaction: ReactionShown;
  /** A host, or a rule, has turned a source off; its capture has been told to stop. */
  turned_off: TurnedOff;
  /** A host asks one to turn a source on. Nobody but oneself can. */
  asked_to_turn_on: AskedToTurnOn;
}

/** A receiving m-line and what it carries. */
export interface Slot {
  readonly mid: string;
  readonly kind: SlotKind;
  readonly track: MediaStreamTrack;
  readonly carries: SlotContent | null;
}

/** What one slot has received. */
export interface SlotStats {
  readonly mid: string;
  readonly kind: SlotKind;
  readonly carries: SlotContent | null;
  /** The participant that the newest packet names (RFC 3550 CSRC), whatever signaling says. */
  readonly csrc: number | null;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly framesDecoded: number;
  /** Pixels; 0 before the first picture and for sound. */
  readonly width: number;
  readonly height: number;
  readonly freezes: number;
  readonly freezeSeconds: number;
  /** 0 to 1, null for pictures. */
  readonly audioLevel: number | null;
  readonly concealedSamples: number;
}

/** What one encoding has sent. */
export interface SendingStats {
  readonly source: Source;
  readonly rid: string | null;
  /** Such as `video/VP8`; null before the first packet. */
  readonly codec: string | null;
  /** Its layers, such as `L1T3`, where the browser says it. */
  readonly scalabilityMode: string | null;
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly framesEncoded: number;
  readonly width: number;
  readonly height: number;
  /** `none`, `cpu`, `bandwidth` or `other`, where the browser says it. */
  readonly limitedBy: string | null;
}

/** Counters of what should not happen. */
export interface SignalingStats {
  readonly malformedMessages: number;
  /** Of a newer server; that is no fault. */
  readonly unknownMessages: number;
  readonly duplicateMessages: number;
  readonly missingMessages: number;
  readonly lostSockets: number;
  readonly negotiations: number;
}

/** All that has gone over the line, headers of IP and UDP apart, in bytes. */
export interface TrafficStats {
  readonly received: number;
  readonly sent: number;
}

/** The call in figures. Counters run since the connection was made. */
export interface CallStats {
  readonly slots: readonly SlotStats[];
  readonly sending: readonly SendingStats[];
  /** Round trip of media in ms, null before the first measurement. */
  readonly rttMs: number | null;
  /** The path in use. */
  readonly path: {
    readonly protocol: string;
    readonly local: string;
    readonly remote: string;
  } | null;
  readonly traffic: TrafficStats;
  readonly signaling: SignalingStats;
}

/** Which device: whichever the browser prefers, or one by its id. */
export type DeviceChoice = true | string;

/** The most that a camera is asked for. */
export interface CaptureLimits {
  /** Pixels; 720 by default. */
  readonly maxHeight?: number;
  /** Frames per second; 30 by default. */
  readonly maxFrameRate?: number;
}

/** How to enter a room. */
export interface JoinOptions {
  /** The server: `https://meet.example.org`. */
  readonly url: string;
  /** The room's name in its link. */
  readonly room: string;
  /** The link's secret, the part after `#`; the role comes from it. */
  readonly secret?: string;
  /** The room's code, where the link came without its secret. With it one waits in the lobby. */
  readonly code?: string;
  /** The person's name. */
  readonly name: string;
  /** A track of one's own, `true` to ask the browser, `false` (default) to start muted. */
  readonly audio?: boolean | MediaStreamTrack;
  /** The camera, in the same way. */
  readonly video?: boolean | MediaStreamTrack;
  /**
   * Whether the call, once joined, stops the tracks passed in as if it had opened them; false by
   * default. After a failed join they are the page's in any case.
   */
  readonly ownsTracks?: boolean;
  /** Of cameras that the call opens; tracks that are passed in are sent as they are. */
  readonly capture?: CaptureLimits;
  /** Pictures that can be received at once: 9 by default, 4 suits a phone. */
  readonly videoSlots?: number;
  /** What is shown at first. */
  readonly view?: View;
  /** From `prepare`, to be in sooner. */
  readonly preparation?: Preparation;
  /**
   * One waits until a host lets one in. It may come more than once, also after joining, where the
   * session was lost and the room has a lobby. Waiting has no end but the host's answer.
   */
  onLobby?(news: LobbyNews): void;
  /** Gives up joining: `join` rejects with `left`. Once joined, `leave` is the way out. */
  readonly signal?: AbortSignal;
}

/** A connection made ready before the person decides to join. */
export interface Preparation {
  readonly videoSlots: number;
  /** Lets it go unused. */
  close(): void;
}

/** One's presence in a room. */
export interface Call {
  /** Which participant one is. It changes when the session had to be made anew. */
  readonly you: ParticipantId;
  /** What one may do; a host can change it in the middle of a call. */
  readonly role: Role;
  /**
   * The secret of the guest link, for hosts; null for guests. Who is made a host has it, and the
   * code, when `participant` tells of it.
   */
  readonly guestSecret: string | null;
  /** The room's code, which a host reads to somebody whose link does not work; null for guests. */
  readonly code: string | null;
  /** Rules, hands, timer, focus, poll; the timer tells what is left when this is read. */
  readonly room: RoomState;
  /** Who waits in the lobby, the first one first; empty for guests. */
  readonly lobby: readonly Waiting[];
  readonly state: CallState;
  /** Who is here, oneself included, in the order of arrival. */
  readonly participants: readonly Participant[];
  readonly slots: readonly Slot[];
  /** Who has the floor: the one who spoke most of late. */
  readonly speaker: ParticipantId | null;
  /** How one's line does; null until the server has said something of it. */
  readonly connection: ConnectionReport | null;
  /** Which way media takes; null until there is one. */
  readonly path: PathReport | null;
  readonly local: LocalMedia;

  /** Listens; the result stops listening. */
  on<Name extends keyof CallEvents>(
    name: Name,
    listener: (event: CallEvents[Name]) => void,
  ): () => void;
  /**
   * Says what is shown, with heights in device pixels, so that nothing else is sent here: nothing
   * at all where the view is empty. Before the first view the server chooses.
   */
  view(view: View): void;
  /**
   * Unmutes or mutes. With a device, changes to it, muted or not. Rejects with the browser's
   * error, or with a `CallError` of `not_allowed` where the room's rules keep guests from it.
   */
  setMicrophone(on: boolean, deviceId?: string): Promise<void>;
  /**
   * Turns the camera on or off; off lets go of the device. One that is named with off is taken the
   * next time. Rejects as `setMicrophone` does.
   */
  setCamera(on: boolean, deviceId?: string): Promise<void>;
  /** Shares a screen, window or tab, or stops. Rejects as `setMicrophone` does. */
  shareScreen(on: boolean): Promise<void>;
  /**
   * Writes to the room. Resolves when the server has passed it on. Rejects with a `CallError`:
   * `bad_text` where it has not 1 to 2 000 characters without controls, `unknown_participant`,
   * `too_fast`, or why the call lost its session before the server could answer.
   */
  chat(text: string, options?: ChatOptions): Promise<void>;
  /**
   * Raises one's hand, or lowers it. Like all that follows, it resolves when the server has done
   * it and rejects with a `CallError`: `not_allowed`, `too_fast`, …, or why the call lost its
   * session before the server could answer.
   */
  setHand(raised: boolean): Promise<void>;
  /** Shows something to everybody for a moment. */
  react(reaction: Reaction): Promise<void>;
  /** Answers the open poll; once more changes one's mind. `unknown_poll` where it is not open. */
  vote(poll: PollId, choice: Choice): Promise<void>;
  /** Tells everybody that one records what one sees, or does so no longer. */
  setRecording(on: boolean): Promise<void>;
  /** Keeps order; for hosts. */
  moderate(order: Moderation): Promise<void>;
  /** Who was here and when, in the order in which they came; for hosts. */
  takeAttendance(): Promise<readonly Stay[]>;
  /**
   * Who is kept out, by name, the one who was banned first first; for hosts. `moderate` with the
   * action `lift_ban` lets somebody come again.
   */
  listBans(): Promise<readonly Banned[]>;
  /** How loud each participant is heard just then, 0 to 1; who is silent is absent. */
  levels(): ReadonlyMap<ParticipantId, number>;
  /** Whom a slot's newest packet names, surer than the announcement; null if nobody yet. */
  carrierOf(track: MediaStreamTrack): ParticipantId | null;
  stats(): Promise<CallStats>;
  /** Brings about a fault that the call must mend, for tests and support. */
  simulate(fault: "socket_lost" | "media_path_lost"): void;
  /** Leaves the room. Tracks that the page passed in stay open, unless `ownsTracks`. */
  leave(): void;
}
