// `preau.v1` at the edge: text becomes typed messages here and is not checked again inside.
import type {
  Banned,
  Codec,
  ConnectionState,
  EndReason,
  ErrorCode,
  IceServer,
  Joined,
  Participant,
  PictureState,
  Poll,
  PublishedSource,
  Reaction,
  Role,
  RoomState,
  Rules,
  SdpBody,
  SendConstraint,
  ServerBody,
  ServerMessage,
  SlotContent,
  SlotMapping,
  Source,
  Stay,
  Waiting,
} from "./protocol.gen";

/** The WebSocket subprotocol (`protocol::client::SUBPROTOCOL`). */
export const SUBPROTOCOL = "preau.v1";

/** Every code that the server may send; the type makes the list complete. */
const ERROR_CODES: Record<ErrorCode, true> = {
  bad_message: true,
  unsupported: true,
  too_long: true,
  too_fast: true,
  too_slow: true,
  unknown_link: true,
  expired_link: true,
  bad_name: true,
  bad_text: true,
  unknown_participant: true,
  not_allowed: true,
  unknown_poll: true,
  denied: true,
  banned: true,
  locked: true,
  bad_code: true,
  bad_offer: true,
  room_full: true,
  server_full: true,
  session_gone: true,
  not_joined: true,
  media_unavailable: true,
};

const END_REASONS: Record<EndReason, true> = {
  left: true,
  media_lost: true,
  replaced: true,
  server_stopping: true,
  removed: true,
  ended_by_host: true,
};

const SOURCES: Record<Source, true> = {
  microphone: true,
  camera: true,
  screen: true,
  screen_audio: true,
};

const CODECS: Record<Codec, true> = {
  opus: true,
  red: true,
  vp8: true,
  vp9: true,
  h264: true,
  av1: true,
};

const PICTURE_STATES: Record<PictureState, true> = { full: true, reduced: true, paused: true };

const ROLES: Record<Role, true> = { guest: true, host: true };

const REACTIONS: Record<Reaction, true> = {
  agree: true,
  disagree: true,
  applause: true,
  heart: true,
  laugh: true,
  surprise: true,
  slower: true,
  faster: true,
};

/** Something that only a newer client understands. It has its number like any other. */
export interface UnknownMessage {
  readonly seq: number;
  readonly kind: "unknown";
}

/** A field has the wrong shape. Never leaves this module. */
class Malformed extends Error {}

/**
 * Reads a message of the server; null if it is not one. Unknown fields and unknown kinds are no
 * fault, so that a newer server can say more.
 */
export function decodeServerMessage(text: string): ServerMessage | UnknownMessage | null {
  try {
    const value: unknown = JSON.parse(text);
    const fields = object(value);
    const seq = integer(fields["seq"]);
    const known = body(fields);
    return known === null ? { seq, kind: "unknown" } : { seq, ...known };
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function body(fields: Fields): ServerBody | null {
  const kind = string(fields["kind"]) as ServerBody["kind"];
  switch (kind) {
    case "in_lobby":
      return { kind, host_is_here: boolean(fields["host_is_here"]) };
    case "joined":
      return {
        kind,
        you: integer(fields["you"]),
        role: oneOf(ROLES, fields["role"]),
        ticket: string(fields["ticket"]),
        answer: sdpBody(fields["answer"]),
        participants: list(fields["participants"], participant),
        ...invitation(fields),
        room: roomState(fields["room"]),
        lobby: list(fields["lobby"], waiting),
        ice_servers: list(fields["ice_servers"] ?? [], iceServer),
      };
    case "resumed":
      return {
        kind,
        last_id: integer(fields["last_id"]),
        ice_servers: list(fields["ice_servers"] ?? [], iceServer),
      };
    case "ice_servers":
      return { kind, ice_servers: list(fields["ice_servers"] ?? [], iceServer) };
    case "restart_ice":
      return { kind };
    case "pong":
      return { kind };
    case "snapshot":
      return {
        kind,
        up_to: integer(fields["up_to"]),
        participants: list(fields["participants"], participant),
        slots: list(fields["slots"], slotMapping),
        send: list(fields["send"], sendConstraint),
        connection: optional(fields["connection"], connectionState),
        speaker: optional(fields["speaker"], integer),
        room: roomState(fields["room"]),
        lobby: list(fields["lobby"], waiting),
        ...invitation(fields),
      };
    case "answer":
      return { kind, re: integer(fields["re"]), answer: sdpBody(fields["answer"]) };
    case "participant_joined":
    case "participant_changed":
      return { kind, participant: participant(fields["participant"]) };
    case "participant_left":
      return { kind, participant: integer(fields["participant"]) };
    case "slots":
      return { kind, slots: list(fields["slots"], slotMapping) };
    case "chat":
      return {
        kind,
        from: integer(fields["from"]),
        to: optional(fields["to"], integer),
        text: string(fields["text"]),
        caption: boolean(fields["caption"] ?? false),
        re: integer(fields["re"]),
      };
    case "done":
      return { kind, re: integer(fields["re"]) };
    case "room":
      return { kind, ...roomState(fields) };
    case "lobby":
      return { kind, waiting: list(fields["waiting"], waiting) };
    case "invitation":
      return { kind, ...invitation(fields) };
    case "bans":
      return { kind, re: integer(fields["re"]), banned: list(fields["banned"], banned) };
    case "reaction":
      return {
        kind,
        participant: integer(fields["participant"]),
        reaction: oneOf(REACTIONS, fields["reaction"]),
      };
    case "turned_off":
      return {
        kind,
        source: oneOf(SOURCES, fields["source"]),
        by: optional(fields["by"], integer),
      };
    case "asked_to_turn_on":
      return { kind, source: oneOf(SOURCES, fields["source"]), by: integer(fields["by"]) };
    case "attendance":
      return {
        kind,
        re: integer(fields["re"]),
        first: integer(fields["first"]),
        total: integer(fields["total"]),
        stays: list(fields["stays"], stay),
      };
    case "send_constraints":
      return { kind, sources: list(fields["sources"], sendConstraint) };
    case "connection":
      return { kind, ...connectionState(fields) };
    case "speaker":
      return { kind, participant: optional(fields["participant"], integer) };
    case "error":
      return {
        kind,
        re: integer(fields["re"]),
        // A code of a newer server is still a refusal, and must not leave a command waiting.
        code: isOneOf(ERROR_CODES, fields["code"]) ? fields["code"] : "unsupported",
        detail: string(fields["detail"]),
      };
    case "ended":
      return { kind, reason: oneOf(END_REASONS, fields["reason"]) };
    default:
      return unknownKind(kind);
  }
}

/** The switch above is complete when this compiles; a newer server may still get here. */
function unknownKind(_: never): null {
  return null;
}

function participant(value: unknown): Participant {
  const fields = object(value);
  return {
    id: integer(fields["id"]),
    name: string(fields["name"]),
    role: oneOf(ROLES, fields["role"]),
    sources: list(fields["sources"], publishedSource),
    recording: boolean(fields["recording"] ?? false),
  };
}

function roomState(value: unknown): RoomState {
  const fields = object(value);
  return {
    rules: rules(fields["rules"]),
    hands: list(fields["hands"], integer),
    timer: optional(fields["timer"], (inner) => {
      const timer = object(inner);
      return { total_ms: integer(timer["total_ms"]), left_ms: integer(timer["left_ms"]) };
    }),
    focus: optional(fields["focus"], (inner) => ({
      stage: optional(object(inner)["stage"], picture),
    })),
    poll: optional(fields["poll"], poll),
  };
}

function rules(value: unknown): Rules {
  const fields = object(value);
  return {
    lobby: boolean(fields["lobby"]),
    locked: boolean(fields["locked"]),
    microphone: boolean(fields["microphone"]),
    camera: boolean(fields["camera"]),
    screen: boolean(fields["screen"]),
    chat: boolean(fields["chat"]),
    private_chat: boolean(fields["private_chat"]),
    recording: boolean(fields["recording"]),
  };
}

function poll(value: unknown): Poll {
  const fields = object(value);
  return {
    id: integer(fields["id"]),
    question: string(fields["question"]),
    voted: integer(fields["voted"]),
    result: optional(fields["result"], (inner) => {
      const result = object(inner);
      return {
        yes: integer(result["yes"]),
        no: integer(result["no"]),
        abstain: integer(result["abstain"]),
      };
    }),
  };
}

function waiting(value: unknown): Waiting {
  const fields = object(value);
  return {
    id: integer(fields["id"]),
    name: string(fields["name"]),
    by_code: boolean(fields["by_code"]),
  };
}

function invitation(fields: Fields): Pick<Joined, "guest_secret" | "code"> {
  return {
    guest_secret: optional(fields["guest_secret"], string),
    code: optional(fields["code"], string),
  };
}

function banned(value: unknown): Banned {
  const fields = object(value);
  return { id: integer(fields["id"]), name: string(fields["name"]) };
}

function stay(value: unknown): Stay {
  const fields = object(value);
  return {
    name: string(fields["name"]),
    role: oneOf(ROLES, fields["role"]),
    from_ms_ago: integer(fields["from_ms_ago"]),
    to_ms_ago: optional(fields["to_ms_ago"], integer),
  };
}

function publishedSource(value: unknown): PublishedSource {
  const fields = object(value);
  return {
    source: oneOf(SOURCES, fields["source"]),
    width: integer(fields["width"] ?? 0),
    height: integer(fields["height"] ?? 0),
  };
}

function slotMapping(value: unknown): SlotMapping {
  const fields = object(value);
  return { mid: string(fields["mid"]), carries: optional(fields["carries"], picture) };
}

/** Whose, and which of their sources. */
function picture(value: unknown): SlotContent {
  const fields = object(value);
  return { participant: integer(fields["participant"]), source: oneOf(SOURCES, fields["source"]) };
}

function sendConstraint(value: unknown): SendConstraint {
  const fields = object(value);
  return {
    source: oneOf(SOURCES, fields["source"]),
    encodings: integer(fields["encodings"]),
    max_height: integer(fields["max_height"]),
    // A codec of a newer server is one that this client does not send in.
    codec: isOneOf(CODECS, fields["codec"]) ? fields["codec"] : null,
  };
}

function connectionState(value: unknown): ConnectionState {
  const fields = object(value);
  return {
    bits_per_second: integer(fields["bits_per_second"]),
    pictures: oneOf(PICTURE_STATES, fields["pictures"]),
  };
}

function iceServer(value: unknown): IceServer {
  const fields = object(value);
  return {
    urls: list(fields["urls"], string),
    username: string(fields["username"]),
    credential: string(fields["credential"]),
  };
}

function sdpBody(value: unknown): SdpBody {
  const fields = object(value);
  return "deflated" in fields
    ? { deflated: string(fields["deflated"]) }
    : { plain: string(fields["plain"]) };
}

function object(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Malformed("not an object");
  }
  return value as Fields;
}

function string(value: unknown): string {
  if (typeof value !== "string") {
    throw new Malformed("not a string");
  }
  return value;
}

function boolean(value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new Malformed("not a yes or no");
  }
  return value;
}

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new Malformed("not a number of ours");
  }
  return value as number;
}

function list<Item>(value: unknown, item: (inner: unknown) => Item): Item[] {
  if (!Array.isArray(value)) {
    throw new Malformed("not a list");
  }
  return value.map(item);
}

function optional<Item>(value: unknown, item: (inner: unknown) => Item): Item | null {
  return value === null || value === undefined ? null : item(value);
}

function oneOf<Name extends string>(names: Record<Name, true>, value: unknown): Name {
  if (!isOneOf(names, value)) {
    throw new Malformed("not a word of ours");
  }
  return value;
}

function isOneOf<Name extends string>(names: Record<Name, true>, value: unknown): value is Name {
  return typeof value === "string" && Object.hasOwn(names, value);
}
