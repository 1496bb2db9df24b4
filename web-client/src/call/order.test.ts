// Waiting at the door, and what hosts and guests ask of the server in the room.
import { describe, expect, it, vi } from "vitest";

import type { Moderation, Participant, RoomState, Stay } from "./protocol.gen";
import { ROOM_AT_REST } from "./room-state";
import { settle } from "./testing/environment";
import { awa, inRoom, JOINED, me, Scene, withoutCompression } from "./testing/scene";

withoutCompression();

const IN_LOBBY = { kind: "in_lobby", host_is_here: true } as const;

/** Somebody whom the server lets wait. */
async function inLobby(options: ConstructorParameters<typeof Scene>[0] = {}): Promise<Scene> {
  const scene = new Scene(options);
  await settle();
  scene.environment.socket.open();
  scene.environment.socket.say(0, IN_LOBBY);
  return scene;
}

const STAY: Stay = { name: "Awa", role: "host", from_ms_ago: 9, to_ms_ago: null };

const ruled = (rules: Partial<RoomState["rules"]>): RoomState => ({
  ...ROOM_AT_REST,
  rules: { ...ROOM_AT_REST.rules, ...rules },
});

describe("the lobby", () => {
  it("is told of each time, and waited in as long as it takes", async () => {
    const onLobby = vi.fn();
    const scene = await inLobby({ onLobby });
    const { environment } = scene;
    environment.socket.say(0, { ...IN_LOBBY, host_is_here: false });
    for (let pings = 1; pings <= 30; pings += 1) {
      await environment.advance(10_000);
      expect(environment.socket.kinds()).toHaveLength(1 + pings);
      environment.socket.say(0, { kind: "pong" });
    }
    expect(environment.sockets).toHaveLength(1);
    expect(scene.outcome).toBeNull();
    expect(onLobby.mock.calls).toEqual([[{ hostIsHere: true }], [{ hostIsHere: false }]]);
    await scene.say(JOINED);
    expect(scene.outcome).toBe("joined");
    expect(environment.connection.log).toEqual(["offer", "answer"]);
  });

  it("is entered anew after a lost socket, with the same words", async () => {
    const scene = await inLobby();
    const { environment } = scene;
    const said = environment.socket.sent[0];
    environment.socket.cut();
    await environment.advance(50_000);
    expect(scene.outcome).toBeNull();
    environment.socket.open();
    expect(environment.socket.sent).toEqual([said]);
    environment.socket.say(0, IN_LOBBY);
    await scene.say(JOINED);
    expect(scene.outcome).toBe("joined");
  });

  it("ends with the host's no", async () => {
    const scene = await inLobby();
    await scene.say({ kind: "error", re: 1, code: "denied", detail: "" });
    expect(scene.outcome).toMatchObject({ code: "denied" });
  });

  it("ends when one gives up", async () => {
    const abort = new AbortController();
    const scene = await inLobby({ audio: true, signal: abort.signal });
    const { microphone } = scene.call.local;
    abort.abort();
    await settle();
    expect(scene.outcome).toMatchObject({ code: "left" });
    expect(scene.environment.socket.closed).toBe(true);
    expect(microphone?.readyState).toBe("ended");
  });

  it("is not entered by somebody who has given up before", async () => {
    const scene = new Scene({ audio: true, signal: AbortSignal.abort() });
    await settle();
    expect(scene.outcome).toMatchObject({ code: "left" });
    expect(scene.environment.captures).toEqual([]);
    expect(scene.environment.sockets).toEqual([]);
  });

  it("shows in the state where one has to come in again", async () => {
    const onLobby = vi.fn();
    const scene = await inRoom({ onLobby });
    await scene.say({ kind: "ended", reason: "media_lost" });
    await scene.environment.advance(0);
    scene.environment.socket.open();
    scene.environment.socket.say(0, IN_LOBBY);
    expect(scene.connection()).toBe("in_lobby");
    expect(onLobby).toHaveBeenCalledTimes(1);
    const tile = { participant: 1, source: "camera", height: 90 } as const;
    scene.call.view({ stage: null, tiles: [tile] });
    await scene.call.setMicrophone(true);
    await scene.letIn();
    await scene.connectMedia();
    expect(scene.connection()).toBe("connected");
    expect(scene.environment.socket.last("view").tiles).toEqual([tile]);
    expect(scene.environment.socket.last("publish")).toMatchObject({ source: "microphone" });
  });
});

describe("joining", () => {
  it("says the code and what the browser is known by", async () => {
    const scene = new Scene({ secret: "", code: "47 11 08" });
    await settle();
    scene.environment.socket.open();
    const { secret, code, browser } = scene.environment.socket.last("join");
    expect({ secret, code, browser }).toEqual({ secret: "", code: "47 11 08", browser: "browser" });
  });

  it("turns off what the rules of the room keep guests from", async () => {
    const scene = new Scene({ audio: true, video: true });
    await scene.letIn({ ...JOINED, room: ruled({ camera: false }) });
    expect(scene.call.local).toMatchObject({ microphoneOn: true, camera: null });
    await expect(scene.call.setCamera(true)).rejects.toMatchObject({ code: "not_allowed" });
    expect(scene.environment.captures).toHaveLength(2);
  });
});

describe("the room", () => {
  it("is at rest before one is in, then as the server says", async () => {
    const scene = new Scene();
    expect(scene.call.room).toBe(ROOM_AT_REST);
    await scene.letIn({ ...JOINED, room: { ...ROOM_AT_REST, hands: [1] } });
    expect(scene.call.room.hands).toEqual([1]);
    await scene.say({ kind: "room", ...ROOM_AT_REST, hands: [1, 7] });
    const participants = [awa, me];
    const room = { ...ROOM_AT_REST, hands: [7] };
    const [slots, send] = [[], []];
    const line = { connection: null, speaker: null };
    const state = { participants, slots, send, room, lobby: [], guest_secret: null, code: null };
    await scene.say({ kind: "snapshot", up_to: 9, ...line, ...state });
    expect(scene.named("room").map(({ hands }) => hands)).toEqual([[1], [1, 7], [7]]);
  });

  it("has a timer that runs between the server's words, to nothing and no further", async () => {
    const scene = await inRoom();
    const timer = { total_ms: 60_000, left_ms: 5_000 };
    await scene.say({ kind: "room", ...ROOM_AT_REST, timer });
    expect(scene.call.room.timer).toEqual(timer);
    await scene.environment.advance(2_000);
    expect(scene.call.room.timer).toEqual({ ...timer, left_ms: 3_000 });
    await scene.environment.advance(4_000);
    expect(scene.call.room.timer).toEqual({ ...timer, left_ms: 0 });
  });

  it("shows reactions as they come", async () => {
    const scene = await inRoom();
    scene.environment.socket.say(0, { kind: "reaction", participant: 1, reaction: "heart" });
    expect(scene.named("reaction")).toEqual([{ participant: 1, reaction: "heart" }]);
  });

  it("shows its door and its code to hosts alone", async () => {
    const waiting = [{ id: 9, name: "Léo", by_code: true }];
    const host: Participant = { ...me, role: "host" };
    const scene = new Scene();
    const participants = [awa, host];
    await scene.letIn({ ...JOINED, role: "host", participants, code: "4711", lobby: waiting });
    expect([scene.call.role, scene.call.code, scene.call.lobby]).toEqual(["host", "4711", waiting]);
    await scene.say({ kind: "lobby", waiting: [] });
    await scene.say({ kind: "lobby", waiting });
    await scene.say({ kind: "participant_changed", participant: me });
    expect([scene.call.role, scene.call.code, scene.call.lobby]).toEqual(["guest", null, []]);
    expect(scene.named("lobby")).toEqual([waiting, [], waiting, []]);
  });

  it("gives who is made a host what to invite with, until they are none", async () => {
    const scene = await inRoom();
    const { call } = scene;
    const known = (): unknown[] => [call.role, call.guestSecret, call.code];
    const told: unknown[] = [];
    call.on("participant", () => told.push(known()));
    await scene.say({ kind: "invitation", guest_secret: "g", code: "042917" });
    await scene.say({ kind: "participant_changed", participant: { ...me, role: "host" } });
    await scene.say({ kind: "participant_changed", participant: me });
    expect(told).toEqual([
      ["host", "g", "042917"],
      ["guest", null, null],
    ]);
  });

  it("gives a host back what the missed messages said, and a guest nothing", async () => {
    const scene = await inRoom();
    const whole = {
      kind: "snapshot" as const,
      up_to: 1,
      slots: [],
      send: [],
      connection: null,
      speaker: null,
      room: ROOM_AT_REST,
      lobby: [],
    };
    const host: Participant = { ...me, role: "host" };
    const participants = [awa, host];
    await scene.say({ ...whole, participants, guest_secret: "g", code: "042917" });
    expect([scene.call.guestSecret, scene.call.code]).toEqual(["g", "042917"]);
    await scene.say({ ...whole, participants: [awa, me], guest_secret: null, code: null });
    expect([scene.call.guestSecret, scene.call.code]).toEqual([null, null]);
  });
});

describe("a command", () => {
  it.each([
    ["setHand", [true], { kind: "hand", raised: true }],
    ["react", ["heart"], { kind: "react", reaction: "heart" }],
    ["vote", [3, "abstain"], { kind: "vote", poll: 3, choice: "abstain" }],
    ["setRecording", [true], { kind: "record", on: true }],
    ["moderate", [{ action: "end" }], { kind: "moderate", action: "end" }],
  ] as const)("%s resolves when done and rejects when refused", async (name, args, sent) => {
    const scene = await inRoom();
    const give = (): Promise<void> =>
      (scene.call[name] as (...given: readonly unknown[]) => Promise<void>)(...args);
    const done = give();
    const { id, ...body } = scene.environment.socket.sent.at(-1) ?? { id: 0 };
    expect(body).toEqual(sent);
    void scene.say({ kind: "done", re: id });
    await done;
    const refused = give();
    void scene.say({ kind: "error", re: id + 1, code: "not_allowed", detail: "" });
    await expect(refused).rejects.toMatchObject({ code: "not_allowed" });
    expect(console.warn).not.toHaveBeenCalled();
  });

  it("for the attendance resolves with it", async () => {
    const scene = await inRoom();
    const fate = scene.call.takeAttendance();
    const { id } = scene.environment.socket.last("moderate");
    const stays = ["Awa", "Léo"].map((name) => ({ ...STAY, name }));
    const part = { kind: "attendance", re: id, total: 2 } as const;
    await scene.say({ ...part, first: 0, stays: stays.slice(0, 1) });
    void scene.say({ ...part, first: 1, stays: stays.slice(1) });
    await expect(fate).resolves.toEqual(stays);
  });

  it("for the attendance rejects where a part of it is lost", async () => {
    const scene = await inRoom();
    const fate = scene.call.takeAttendance();
    const { id } = scene.environment.socket.last("moderate");
    void scene.say({ kind: "attendance", re: id, first: 1, total: 2, stays: [STAY] });
    await expect(fate).rejects.toMatchObject({ code: "too_slow" });
  });

  it("for the attendance rejects where the answer is lost", async () => {
    const scene = await inRoom();
    const fate = scene.call.takeAttendance();
    void scene.environment.advance(10_000).then(() => {
      scene.environment.socket.say(0, { kind: "pong" });
    });
    await expect(fate).rejects.toMatchObject({ code: "too_slow" });
  });

  it("waits for the resume: orders each, of the rest the newest", async () => {
    const scene = await inRoom();
    const order = (seconds: number): Moderation => ({ action: "set_timer", seconds });
    scene.environment.socket.cut();
    const given = [
      ...[scene.call.moderate(order(1)), scene.call.react("heart"), scene.call.react("laugh")],
      ...[scene.call.setHand(true), scene.call.moderate(order(2)), scene.call.setHand(false)],
    ];
    await scene.environment.advance(0);
    scene.environment.socket.open();
    await scene.say({ kind: "resumed", last_id: 1, ice_servers: [] });
    const [, ...sent] = scene.environment.socket.sent;
    expect(sent).toMatchObject([
      { action: "set_timer", seconds: 1 },
      { reaction: "laugh" },
      { action: "set_timer", seconds: 2 },
      { raised: false },
    ]);
    await scene.environment.advance(10_000);
    scene.environment.socket.say(0, { kind: "pong" });
    await Promise.all(given);
  });

  it("is not taken from somebody who is not in", async () => {
    const scene = await inLobby();
    await expect(scene.call.setHand(true)).rejects.toMatchObject({ code: "not_joined" });
  });
});

describe("a source that a host turns off", () => {
  it.each(["microphone", "camera", "screen"] as const)("(%s) stops here too", async (source) => {
    const scene = await inRoom({ audio: true, video: true });
    await scene.call.shareScreen(true);
    const { microphone, camera, screen } = scene.call.local;
    await scene.say({ kind: "turned_off", source, by: 1 });
    expect(scene.named("turned_off")).toEqual([{ source, by: 1 }]);
    expect([microphone?.enabled, scene.call.local.microphoneOn]).toEqual(
      source === "microphone" ? [false, false] : [true, true],
    );
    expect(camera?.readyState).toBe(source === "camera" ? "ended" : "live");
    expect(screen?.readyState).toBe(source === "screen" ? "ended" : "live");
    expect(scene.environment.socket.last("publish")).toMatchObject({ source, state: null });
  });

  it("is silent at once, even while the browser asks about another device", async () => {
    const scene = await inRoom({ audio: true });
    const { microphone } = scene.call.local;
    vi.spyOn(scene.environment, "getUserMedia").mockReturnValue(new Promise(() => undefined));
    void scene.call.setCamera(true);
    await scene.say({ kind: "turned_off", source: "microphone", by: 1 });
    expect(microphone?.enabled).toBe(false);
  });

  it("can be turned on again by oneself alone, and where the rules let one", async () => {
    const scene = await inRoom({ audio: true });
    await scene.say({ kind: "room", ...ruled({ microphone: false }) });
    await scene.say({ kind: "turned_off", source: "microphone", by: 1 });
    await scene.say({ kind: "asked_to_turn_on", source: "microphone", by: 1 });
    expect(scene.named("asked_to_turn_on")).toEqual([{ source: "microphone", by: 1 }]);
    expect(scene.call.local.microphoneOn).toBe(false);
    await expect(scene.call.setMicrophone(true)).rejects.toMatchObject({ code: "not_allowed" });
    await scene.say({ kind: "room", ...ROOM_AT_REST });
    await scene.call.setMicrophone(true);
    expect(scene.call.local.microphoneOn).toBe(true);
  });

  it("is turned on with the number of the last word that was heard before", async () => {
    const scene = await inRoom({ audio: true });
    await scene.say({ kind: "turned_off", source: "microphone", by: 1 });
    expect(scene.environment.socket.last("publish")).toMatchObject({ state: null, seen: 2 });
    const turn = { from: 1, to: null, text: "Your turn", caption: false };
    await scene.say({ kind: "chat", ...turn, re: 0 });
    await scene.call.setMicrophone(true);
    expect(scene.environment.socket.last("publish")).toMatchObject({ state: {}, seen: 3 });
  });

  it("is off here too where the server refuses it, a rule having come between", async () => {
    const scene = await inRoom();
    await scene.call.setCamera(true);
    const { id } = scene.environment.socket.last("publish");
    await scene.say({ kind: "error", re: id, code: "not_allowed", detail: "" });
    expect(scene.call.local.camera).toBeNull();
  });
});
