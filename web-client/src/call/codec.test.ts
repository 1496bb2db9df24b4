// What of a server's words is taken in, and what is refused.
import { describe, expect, it } from "vitest";

import { decodeServerMessage } from "./codec";
import type { Participant, RoomState, ServerMessage } from "./protocol.gen";
import { ROOM_AT_REST } from "./room-state";

const participant: Participant = {
  id: 7,
  name: "Awa",
  role: "guest",
  sources: [],
  recording: false,
};
const iceServer = {
  urls: ["turns:meet.example.org:443?transport=tcp"],
  username: "1:name",
  credential: "proof",
};

const waiting = { id: 8, name: "Bo", by_code: true };
const room: RoomState = {
  ...ROOM_AT_REST,
  hands: [7],
  timer: { total_ms: 60_000, left_ms: 0 },
  focus: { stage: { participant: 7, source: "screen" } },
  poll: { id: 1, question: "Shall we?", voted: 3, result: { yes: 1, no: 1, abstain: 1 } },
};

/** One of each kind: the type makes the list complete. */
const EXAMPLES: { [Kind in ServerMessage["kind"]]: Extract<ServerMessage, { kind: Kind }> } = {
  joined: {
    seq: 1,
    kind: "joined",
    you: 7,
    role: "host",
    ticket: "t",
    answer: { deflated: "aGk=" },
    participants: [{ ...participant, sources: [{ source: "camera", width: 640, height: 360 }] }],
    guest_secret: null,
    code: "042 917",
    room,
    lobby: [waiting],
    ice_servers: [iceServer],
  },
  resumed: { seq: 0, kind: "resumed", last_id: 3, ice_servers: [iceServer] },
  ice_servers: { seq: 0, kind: "ice_servers", ice_servers: [iceServer] },
  snapshot: {
    seq: 9,
    kind: "snapshot",
    up_to: 8,
    participants: [participant],
    slots: [{ mid: "4", carries: null }],
    send: [{ source: "screen", encodings: 1, max_height: 1_080, codec: null }],
    connection: { bits_per_second: 2_000_000, pictures: "full" },
    speaker: 7,
    room,
    lobby: [],
    guest_secret: "s",
    code: "042917",
  },
  answer: { seq: 2, kind: "answer", re: 4, answer: { plain: "v=0" } },
  participant_joined: { seq: 3, kind: "participant_joined", participant },
  participant_changed: { seq: 4, kind: "participant_changed", participant },
  participant_left: { seq: 5, kind: "participant_left", participant: 7 },
  slots: {
    seq: 6,
    kind: "slots",
    slots: [{ mid: "8", carries: { participant: 7, source: "screen" } }],
  },
  in_lobby: { seq: 0, kind: "in_lobby", host_is_here: false },
  done: { seq: 7, kind: "done", re: 4 },
  room: { seq: 7, kind: "room", ...room },
  lobby: { seq: 7, kind: "lobby", waiting: [waiting] },
  invitation: { seq: 7, kind: "invitation", guest_secret: "s", code: null },
  bans: { seq: 7, kind: "bans", re: 4, banned: [{ id: 1, name: "Bo" }] },
  reaction: { seq: 0, kind: "reaction", participant: 7, reaction: "applause" },
  turned_off: { seq: 7, kind: "turned_off", source: "microphone", by: 1 },
  asked_to_turn_on: { seq: 7, kind: "asked_to_turn_on", source: "camera", by: 1 },
  attendance: {
    seq: 7,
    kind: "attendance",
    re: 4,
    first: 0,
    total: 1,
    stays: [{ name: "Awa", role: "guest", from_ms_ago: 9, to_ms_ago: null }],
  },
  chat: { seq: 7, kind: "chat", from: 7, to: 2, text: "Hello,\nall", caption: false, re: 4 },
  send_constraints: {
    seq: 7,
    kind: "send_constraints",
    sources: [{ source: "camera", encodings: 0, max_height: 0, codec: "vp8" }],
  },
  connection: { seq: 8, kind: "connection", bits_per_second: 90_000, pictures: "paused" },
  speaker: { seq: 7, kind: "speaker", participant: null },
  restart_ice: { seq: 7, kind: "restart_ice" },
  error: { seq: 0, kind: "error", re: 1, code: "unknown_link", detail: "no such room" },
  ended: { seq: 8, kind: "ended", reason: "media_lost" },
  pong: { seq: 0, kind: "pong" },
};

describe("decoding a message of the server", () => {
  it.each(Object.values(EXAMPLES))("reads $kind as it was written", (message) => {
    expect(decodeServerMessage(JSON.stringify(message))).toEqual(message);
  });

  it("ignores fields of a newer server", () => {
    const text = JSON.stringify({ ...EXAMPLES.participant_left, why: "bored" });
    expect(decodeServerMessage(text)).toEqual(EXAMPLES.participant_left);
  });

  it.each(["dance", "toString", "unknown"])("numbers a kind of a newer server: %s", (kind) => {
    expect(decodeServerMessage(JSON.stringify({ seq: 3, kind }))).toEqual({
      seq: 3,
      kind: "unknown",
    });
  });

  it("takes an error code of a newer server for a refusal", () => {
    const text = JSON.stringify({ ...EXAMPLES.error, code: "on_holiday" });
    expect(decodeServerMessage(text)).toMatchObject({ kind: "error", re: 1, code: "unsupported" });
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["no kind", '{"seq":1}'],
    ["a text for a number", '{"seq":"1","kind":"pong"}'],
    ["a negative number", '{"seq":-1,"kind":"pong"}'],
    ["a fraction", '{"seq":0.5,"kind":"pong"}'],
    [
      "a source that is none",
      '{"seq":1,"kind":"slots","slots":[{"mid":"1","carries":{"participant":1,"source":"nose"}}]}',
    ],
    ["a list that is none", '{"seq":1,"kind":"slots","slots":{}}'],
    ["a text that is none", '{"seq":1,"kind":"chat","from":1,"to":null,"text":null,"re":0}'],
    ["an SDP that is none", '{"seq":1,"kind":"answer","re":1,"answer":{}}'],
    [
      "a role that every object has",
      '{"seq":1,"kind":"participant_joined","participant":{"id":1,"name":"","role":"valueOf"}}',
    ],
  ])("refuses %s", (_, text) => {
    expect(decodeServerMessage(text)).toBeNull();
  });

  it("refuses every truncation of every message", () => {
    for (const message of Object.values(EXAMPLES)) {
      const text = JSON.stringify(message);
      for (let length = 0; length < text.length; length += 1) {
        expect(decodeServerMessage(text.slice(0, length))).toBeNull();
      }
    }
  });
});
