// The call as a whole: what it promises when things go wrong.
import { describe, expect, it } from "vitest";

import { ROOM_AT_REST } from "./room-state";
import { settle } from "./testing/environment";
import { awa, inRoom, JOINED, me, Scene, withoutCompression } from "./testing/scene";
import { FakeTrack } from "./testing/webrtc";

/** With 2 video slots: 4 m-lines to send, 3 voices, 1 programme, then pictures. */
const FIRST_VOICE = "4";
const FIRST_VIDEO = "8";

withoutCompression();

describe("joining", () => {
  it("offers all m-lines at once and names their use", async () => {
    const scene = new Scene();
    await scene.letIn();
    const { sections, offer } = scene.environment.socket.last("join");
    expect(offer).toEqual({ plain: "offer 0" });
    expect(sections.map(({ role }) => Object.values(role)[0])).toEqual([
      ...["microphone", "camera", "screen", "screen_audio"],
      ...["voice", "voice", "voice", "programme", "video", "video"],
    ]);
    const [microphone, camera] = scene.environment.connection.transceivers;
    expect(camera?.init.sendEncodings?.map(({ rid }) => rid)).toEqual(["q", "h", "f"]);
    expect(camera?.init.sendEncodings?.[0]?.scalabilityMode).toBe("L1T3");
    const names = (codecs?: readonly RTCRtpCodec[]) => codecs?.map(({ mimeType }) => mimeType);
    expect(names(microphone?.codecs)).toEqual(["audio/red", "audio/opus"]);
    expect(names(camera?.codecs)).toEqual(["video/VP8", "video/AV1", "video/rtx"]);
  });

  it("resolves when the server lets one in, and connects when media flows", async () => {
    const scene = new Scene();
    await scene.letIn();
    expect(scene.outcome).toBe("joined");
    expect(scene.environment.connection.log).toEqual(["offer", "answer"]);
    expect(scene.connection()).toBe("media_connecting");
    await scene.connectMedia();
    expect(scene.connection()).toBe("connected");
    expect(scene.call.you).toBe(7);
  });

  it("rejects with the server's code, ends, and lets devices go", async () => {
    const scene = new Scene({ audio: true });
    await settle();
    const { microphone } = scene.call.local;
    scene.environment.socket.open();
    await scene.say({ kind: "error", re: 1, code: "room_full", detail: "" });
    expect(scene.outcome).toMatchObject({ code: "room_full" });
    expect(scene.call.state).toEqual({ phase: "ended", reason: "room_full" });
    expect(microphone?.readyState).toBe("ended");
    expect(scene.environment.connection.log).toContain("close");
  });

  it("leaves the page's own tracks open when it fails", async () => {
    const track = new FakeTrack("audio");
    const scene = new Scene({ audio: track.asTrack, ownsTracks: true });
    await settle();
    scene.environment.socket.open();
    await scene.say({ kind: "error", re: 1, code: "unknown_link", detail: "" });
    expect(track.readyState).toBe("live");
  });

  it("rejects when nobody answers", async () => {
    const scene = new Scene();
    await settle();
    await scene.environment.advance(30_000);
    expect(scene.outcome).toMatchObject({ code: "connection_failed" });
  });
});

describe("people and slots", () => {
  it("give a track when a slot carries somebody, and end it when it does not", async () => {
    const scene = await inRoom();
    const [slot] = scene.call.slots.filter(({ kind }) => kind === "video");
    expect(slot?.mid).toBe(FIRST_VIDEO);
    const carries = { participant: 1, source: "camera" } as const;
    await scene.say({ kind: "slots", slots: [{ mid: FIRST_VIDEO, carries }] });
    await scene.say({ kind: "slots", slots: [{ mid: FIRST_VIDEO, carries: null }] });
    expect(scene.named("track")).toEqual([
      { ...carries, track: slot?.track },
      { ...carries, track: null },
    ]);
  });

  it("need no new offer, however many come and go", async () => {
    const scene = await inRoom();
    for (let id = 10; id < 40; id += 1) {
      await scene.say({ kind: "participant_joined", participant: { ...awa, id } });
      await scene.say({ kind: "participant_left", participant: id });
    }
    expect(scene.environment.connection.log).toEqual(["offer", "answer"]);
    expect(scene.call.participants).toHaveLength(2);
  });

  it("are heard under the name that the newest packet carries", async () => {
    const scene = await inRoom();
    const carries = { participant: 1, source: "microphone" } as const;
    await scene.say({ kind: "slots", slots: [{ mid: FIRST_VOICE, carries }] });
    const receiver = scene.environment.connection.transceivers[Number(FIRST_VOICE)]?.receiver;
    expect(scene.call.levels()).toEqual(new Map([[1, 0.5]]));
    receiver?.csrcs.push({ source: 2, timestamp: 20 }, { source: 1, timestamp: 10 });
    expect(scene.call.levels()).toEqual(new Map([[2, 0.5]]));
  });
});

describe("chat", () => {
  const line = { from: 1, to: null, text: "Hello", caption: true };

  it("comes as an event, one's own when the server has passed it on", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "chat", ...line, re: 0 });
    const fate = scene.call.chat("  psst ", { to: 1 });
    const sent = scene.environment.socket.last("chat");
    expect(sent).toEqual({ id: sent.id, kind: "chat", text: "psst", to: 1, caption: false });
    expect(scene.named("chat")).toEqual([line]);
    await scene.say({ kind: "chat", from: 7, to: 1, text: "psst", caption: false, re: sent.id });
    await fate;
    expect(scene.named("chat")).toEqual([line, { from: 7, to: 1, text: "psst", caption: false }]);
  });

  it("rejects with the server's code", async () => {
    const scene = await inRoom();
    const fate = scene.call.chat("psst", { to: 9 });
    const { id } = scene.environment.socket.last("chat");
    void scene.say({ kind: "error", re: id, code: "unknown_participant", detail: "" });
    await expect(fate).rejects.toMatchObject({ code: "unknown_participant" });
    expect(console.warn).not.toHaveBeenCalled();
  });

  it("is settled by a pong where the line itself was lost in a hole", async () => {
    const scene = await inRoom();
    const fate = scene.call.chat("one");
    await scene.environment.advance(10_000);
    scene.environment.socket.say(0, { kind: "pong" });
    await fate;
  });

  it("rejects while one is not in the room, and when the session is lost", async () => {
    const scene = new Scene();
    await expect(scene.call.chat("one")).rejects.toMatchObject({ code: "not_joined" });
    await scene.letIn();
    const fates = [scene.call.chat("two")];
    void scene.say({ kind: "ended", reason: "server_stopping" });
    await expect(fates[0]).rejects.toMatchObject({ code: "session_gone" });
    await expect(scene.call.chat("three")).rejects.toMatchObject({ code: "not_joined" });
    scene.call.leave();
    await expect(scene.call.chat("four")).rejects.toMatchObject({ code: "not_joined" });
  });
});

describe("the view", () => {
  it("that is empty wants nothing, where none leaves the choice to the server", async () => {
    const scene = await inRoom();
    const { socket } = scene.environment;
    expect(socket.last("join").view).toEqual({ stage: null, tiles: [] });
    const tile = { participant: 1, source: "camera", height: 90 } as const;
    scene.call.view({ stage: null, tiles: [tile] });
    expect(socket.last("view").tiles).toEqual([tile]);
    scene.call.view({ stage: null, tiles: [] });
    expect(socket.last("view").tiles).toEqual([{ ...tile, participant: 7, height: 0 }]);
  });
});

describe("what the room makes use of", () => {
  const active = (scene: Scene) =>
    scene.environment.connection.transceivers[1]?.sender.encodings.map((each) => each.active);

  it("stops encodings that nobody watches, and starts them again", async () => {
    const scene = await inRoom({ video: true });
    const constraint = { source: "camera", max_height: 0, codec: null } as const;
    for (const [encodings, expected] of [
      [0, [false, false, false]],
      [2, [true, true, false]],
      [9, [true, true, true]],
    ] as const) {
      await scene.say({ kind: "send_constraints", sources: [{ ...constraint, encodings }] });
      expect(active(scene)).toEqual(expected);
    }
    expect(scene.call.local.camera).toMatchObject({ enabled: true, readyState: "live" });
  });

  it("is learned from a snapshot too", async () => {
    const scene = await inRoom({ video: true });
    const send = [{ source: "camera", encodings: 1, max_height: 90, codec: null } as const];
    const line = { connection: null, speaker: null };
    const state = { participants: [awa, me], slots: [], send, room: ROOM_AT_REST, lobby: [] };
    const invitation = { guest_secret: null, code: null };
    await scene.say({ kind: "snapshot", up_to: 1, ...line, ...state, ...invitation });
    expect(active(scene)).toEqual([true, false, false]);
  });

  it("asks for a codec by a new offer where the browser cannot switch", async () => {
    const scene = await inRoom({ video: true });
    const { connection, socket } = scene.environment;
    const camera = connection.transceivers[1];
    Object.assign(camera?.sender.ability ?? {}, { codec: "forgets" });
    const constraint = { source: "camera", encodings: 3, max_height: 0 } as const;
    const sources = [{ ...constraint, codec: "av1" } as const];
    await scene.say({ kind: "send_constraints", sources });
    await settle();
    expect(camera?.codecs.map(({ mimeType }) => mimeType)).toEqual(["video/AV1", "video/rtx"]);
    expect(socket.kinds().filter((kind) => kind === "offer")).toHaveLength(1);
    expect(connection.restarts).toBe(0);
    const re = socket.last("offer").id;
    await scene.say({ kind: "answer", re, answer: { plain: "second" } });
    await scene.say({ kind: "send_constraints", sources: [{ ...constraint, codec: null }] });
    await settle();
    expect(camera?.codecs).toHaveLength(3);
    expect(connection.log).toEqual(["offer", "answer", "offer", "second", "offer"]);
  });
});

describe("the floor", () => {
  it("is told when it changes, and belongs to nobody in a new session", async () => {
    const scene = await inRoom();
    expect(scene.call.speaker).toBeNull();
    for (const participant of [1, 1, 7]) {
      await scene.say({ kind: "speaker", participant });
    }
    expect(scene.call.speaker).toBe(7);
    await scene.say({ kind: "ended", reason: "server_stopping" });
    expect(scene.named("speaker")).toEqual([1, 7, null].map((participant) => ({ participant })));
  });
});

describe("the report of one's line", () => {
  it("comes as an event, and is forgotten with the session", async () => {
    const scene = await inRoom();
    expect(scene.call.connection).toBeNull();
    await scene.say({ kind: "connection", bits_per_second: 90_000, pictures: "paused" });
    const report = { bitsPerSecond: 90_000, pictures: "paused" };
    expect(scene.call.connection).toEqual(report);
    await scene.say({ kind: "ended", reason: "server_stopping" });
    expect(scene.named("connection")).toEqual([report, null]);
  });
});

describe("a lost WebSocket", () => {
  it("leaves media alone and is shown until it is resumed", async () => {
    const scene = await inRoom();
    scene.environment.socket.cut();
    expect(scene.connection()).toBe("reconnecting_signaling");
    await scene.environment.advance(0);
    scene.environment.socket.open();
    await scene.say({ kind: "resumed", last_id: 1, ice_servers: [] });
    expect(scene.connection()).toBe("connected");
    expect(scene.environment.connection.log).toEqual(["offer", "answer"]);
  });

  it("is followed by joining anew when the session is gone, with the same devices", async () => {
    const scene = await inRoom({ audio: true });
    const { microphone } = scene.call.local;
    await scene.say({
      kind: "slots",
      slots: [{ mid: FIRST_VIDEO, carries: { participant: 1, source: "camera" } }],
    });
    scene.environment.socket.cut();
    await scene.environment.advance(0);
    scene.environment.socket.open();
    await scene.say({ kind: "error", re: 0, code: "session_gone", detail: "" });
    expect(scene.connection()).toBe("rejoining");
    await scene.environment.advance(0);
    await scene.letIn({ ...JOINED, you: 8, participants: [awa, { ...me, id: 8 }] });
    await scene.connectMedia();

    expect(scene.connection()).toBe("connected");
    expect(scene.call.you).toBe(8);
    expect(scene.environment.connections).toHaveLength(2);
    expect(scene.environment.connections[0]?.log.at(-1)).toBe("close");
    expect(scene.environment.connection.transceivers[0]?.sender.track).toBe(microphone);
    expect(scene.environment.socket.last("join").sources).toMatchObject([{ source: "microphone" }]);
    expect(scene.named("track").at(-1)).toMatchObject({ participant: 1, track: null });
    expect(scene.named("participant").slice(-2)).toMatchObject([
      { change: "left", participant: { id: 7 } },
      { change: "joined", participant: { id: 8 } },
    ]);
  });
});

describe("a lost media path", () => {
  it("is restarted when signaling says so, with one offer at a time", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "restart_ice" });
    await scene.environment.advance(0);
    await scene.say({ kind: "restart_ice" });
    await scene.environment.advance(5000);
    const offers = scene.environment.socket.sent.filter(({ kind }) => kind === "offer");
    expect(offers).toHaveLength(1);
    expect(scene.environment.connection.restarts).toBe(1);
    const re = scene.environment.socket.last("offer").id;
    await scene.say({ kind: "answer", re, answer: { plain: "second" } });
    scene.environment.socket.say(0, { kind: "pong" });
    await scene.environment.advance(9000);
    expect(scene.environment.connection.log).toEqual([
      ...["offer", "answer", "restart", "offer", "second"],
    ]);
  });

  it("is restarted a second after the browser says disconnected, and shown then", async () => {
    const scene = await inRoom();
    scene.environment.connection.become("disconnected", "disconnected");
    await scene.environment.advance(900);
    expect(scene.connection()).toBe("connected");
    expect(scene.environment.connection.restarts).toBe(0);
    await scene.environment.advance(100);
    expect(scene.connection()).toBe("restarting_media");
    expect(scene.environment.connection.restarts).toBe(1);
  });

  it("is no reason for alarm while a restart is being checked", async () => {
    const scene = await inRoom();
    scene.environment.connection.become("checking", "connecting");
    await scene.environment.advance(9000);
    expect(scene.connection()).toBe("connected");
    expect(scene.environment.connection.restarts).toBe(0);
  });

  it("is offered again when the answer does not come", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "restart_ice" });
    await scene.environment.advance(9000);
    scene.environment.socket.say(0, { kind: "pong" });
    await scene.environment.advance(3000);
    expect(scene.environment.connection.log.slice(2)).toEqual([
      ...["restart", "offer", "rollback", "restart", "offer"],
    ]);
  });

  it("heeds no answer that comes after the offer was given up", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "restart_ice" });
    await scene.environment.advance(9000);
    const { id } = scene.environment.socket.last("offer");
    scene.environment.socket.say(0, { kind: "pong" });
    await scene.environment.advance(1500);
    await scene.say({ kind: "answer", re: id, answer: { plain: "late" } });
    expect(scene.environment.connection.log).not.toContain("late");
    expect(scene.environment.connections).toHaveLength(1);
  });

  it("leads to a new session when DTLS has failed, which no restart mends", async () => {
    const scene = await inRoom();
    scene.environment.connection.become("connected", "failed");
    await scene.environment.advance(0);
    expect(scene.connection()).toBe("rejoining");
    expect(scene.environment.connections).toHaveLength(2);
  });

  it("heeds no answer to an older offer", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "answer", re: 99, answer: { plain: "stray" } });
    expect(scene.environment.connection.log).not.toContain("stray");
  });
});

describe("the way of media", () => {
  const RELAY = { urls: ["turns:x:443?transport=tcp"], username: "9:a", credential: "c" };
  const VOICE = 2000;

  /** Somebody who hears a voice by `protocol`. */
  async function hearing(scene: Scene, protocol: "udp" | "tcp", ms = 3000): Promise<void> {
    const { path } = scene.environment.connection;
    path.protocol = protocol;
    for (let passed = 0; passed < ms; passed += 500) {
      path.bytes = (path.bytes ?? 0) + VOICE;
      await scene.environment.advance(500);
    }
  }

  it("is told when it changes, and is unknown in a new session", async () => {
    const scene = await inRoom();
    expect(scene.call.path).toBeNull();
    await hearing(scene, "udp");
    await hearing(scene, "tcp");
    await scene.say({ kind: "ended", reason: "server_stopping" });
    const [udp, tcp] = (["udp", "tcp"] as const).map((transport) => ({ transport, port: 443 }));
    expect(scene.named("path")).toEqual([udp, tcp, null]);
  });

  it("is looked for anew when nothing comes, and signaling is asked whether it holds", async () => {
    const scene = await inRoom();
    await hearing(scene, "udp");
    await scene.environment.advance(1000);
    expect(scene.environment.socket.kinds().at(-1)).toBe("ping");
    await scene.environment.advance(1000);
    expect(scene.environment.connection.restarts).toBe(0);
    scene.environment.socket.say(0, { kind: "pong" });
    await scene.environment.advance(0);
    expect(scene.environment.connection.restarts).toBe(1);
    expect(scene.connection()).toBe("restarting_media");
    expect(scene.environment.socket.kinds().at(-1)).toBe("offer");
  });

  it("is looked for once signaling is back, with the addresses and relays of then", async () => {
    const scene = await inRoom();
    await hearing(scene, "udp");
    scene.environment.socket.cut();
    await scene.environment.advance(5000);
    expect(scene.environment.connection.restarts).toBe(0);
    scene.environment.socket.open();
    await scene.say({ kind: "resumed", last_id: 1, ice_servers: [RELAY] });
    await scene.environment.advance(0);
    expect(scene.environment.connection.restarts).toBe(1);
    expect(scene.environment.connection.configuration.iceServers).toEqual([RELAY]);
  });

  it("leads through a relay with the newest credentials", async () => {
    const scene = new Scene();
    await scene.letIn({ ...JOINED, ice_servers: [RELAY] });
    await scene.connectMedia();
    const fresh = { ...RELAY, credential: "fresh" };
    scene.environment.socket.say(0, { kind: "ice_servers", ice_servers: [fresh] });
    await scene.say({ kind: "restart_ice" });
    await scene.environment.advance(0);
    expect(scene.environment.connection.configuration).toMatchObject({
      iceServers: [fresh],
      iceTransportPolicy: "all",
    });
  });

  it("is found without relays whose addresses the browser does not take", async () => {
    const scene = new Scene();
    await scene.letIn({ ...JOINED, ice_servers: [{ ...RELAY, urls: ["meet.example.org"] }] });
    await scene.connectMedia();
    await scene.say({ kind: "restart_ice" });
    await scene.environment.advance(0);
    expect(scene.environment.connection.restarts).toBe(1);
    expect(scene.environment.connections).toHaveLength(1);
  });

  it("is the relay alone where keys cannot be agreed on over UDP, in a new session", async () => {
    const scene = new Scene();
    await scene.letIn({ ...JOINED, ice_servers: [RELAY] });
    scene.environment.connection.become("connected", "connecting");
    await scene.environment.advance(3500);
    expect(scene.environment.sockets[0]?.kinds()).toEqual(["join", "leave"]);
    expect(scene.environment.connections).toHaveLength(2);
    const { configuration } = scene.environment.connection;
    expect(configuration).toMatchObject({ iceServers: [RELAY], iceTransportPolicy: "relay" });
  });

  it("is the node's TCP alone where there is no relay", async () => {
    const scene = new Scene();
    await scene.letIn();
    scene.environment.connection.become("connected", "connecting");
    await scene.environment.advance(3500);
    const candidates = ["1 1 udp 9 203.0.113.7 443 typ host", "2 1 tcp 8 203.0.113.7 443 typ host"];
    const answer = candidates.map((candidate) => `a=candidate:${candidate}\r\n`).join("");
    await scene.letIn({ ...JOINED, answer: { plain: answer } });
    expect(scene.environment.connection.log.at(-1)).toBe(`a=candidate:${candidates[1]}\r\n`);
  });

  it("is looked for anew when the network is another one", async () => {
    const scene = await inRoom();
    await hearing(scene, "udp");
    scene.environment.changeNetwork(true);
    await scene.environment.advance(0);
    expect(scene.environment.connection.restarts).toBe(1);
    expect(scene.connection()).toBe("connected");
  });
});

describe("the end", () => {
  it("comes at once when one leaves, and devices are let go", async () => {
    const scene = await inRoom({ audio: true, video: true });
    const { microphone, camera } = scene.call.local;
    scene.call.leave();
    expect(scene.environment.socket.kinds().at(-1)).toBe("leave");
    expect(scene.call.state).toEqual({ phase: "ended", reason: "left" });
    expect([microphone?.readyState, camera?.readyState]).toEqual(["ended", "ended"]);
    expect(scene.named("state").at(-1)).toEqual({ phase: "ended", reason: "left" });
  });

  it("comes when the page goes away, so that nobody sees a ghost", async () => {
    const scene = await inRoom();
    scene.environment.leavePage();
    expect(scene.environment.socket.kinds().at(-1)).toBe("leave");
  });

  it("does not come when media was lost after it had worked: the call joins anew", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "ended", reason: "media_lost" });
    expect(scene.connection()).toBe("rejoining");
  });

  it("comes when media never worked", async () => {
    const scene = new Scene();
    await scene.letIn();
    await scene.say({ kind: "ended", reason: "media_lost" });
    expect(scene.call.state).toEqual({ phase: "ended", reason: "media_lost" });
  });

  it("comes when a server keeps sending one away", async () => {
    const scene = await inRoom();
    for (let round = 0; round < 10; round += 1) {
      await scene.say({ kind: "ended", reason: "server_stopping" });
      await scene.environment.advance(8000);
      await scene.letIn();
    }
    expect(scene.call.state).toEqual({ phase: "ended", reason: "server_stopping" });
    expect(scene.environment.connections).toHaveLength(5);
  });

  it("waits for a server that is stopping before it joins anew", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "ended", reason: "server_stopping" });
    await scene.environment.advance(900);
    expect(scene.environment.sockets).toHaveLength(1);
    await scene.environment.advance(100);
    expect(scene.environment.sockets).toHaveLength(2);
  });

  it("comes without a second try when another window has taken the session over", async () => {
    const scene = await inRoom();
    await scene.say({ kind: "ended", reason: "replaced" });
    await scene.environment.advance(60_000);
    expect(scene.call.state).toEqual({ phase: "ended", reason: "replaced" });
    expect(scene.environment.sockets).toHaveLength(1);
  });
});

describe("microphone and camera", () => {
  it("muting keeps the device, tells the others, and unmuting asks for nothing", async () => {
    const scene = await inRoom({ audio: true });
    const { microphone } = scene.call.local;
    await scene.call.setMicrophone(false);
    expect(microphone).toMatchObject({ enabled: false, readyState: "live" });
    expect(scene.environment.socket.last("publish")).toMatchObject({
      source: "microphone",
      state: null,
    });
    await scene.call.setMicrophone(true);
    expect(microphone?.enabled).toBe(true);
    expect(scene.environment.socket.last("publish").state).toEqual({ width: 0, height: 0 });
    expect(scene.environment.captures).toHaveLength(1);
  });

  it("changing to another microphone is not to speak", async () => {
    const scene = await inRoom({ audio: true });
    await scene.call.setMicrophone(false);
    await scene.call.setMicrophone(false, "headset");
    expect(scene.environment.captures.at(-1)?.audio).toMatchObject({
      deviceId: { exact: "headset" },
    });
    expect(scene.call.local.microphoneOn).toBe(false);
    expect(scene.call.local.microphone?.enabled).toBe(false);
    expect(scene.environment.socket.last("publish").state).toBeNull();
  });

  it("a camera that is chosen while off is taken when it is turned on", async () => {
    const scene = await inRoom({ video: true });
    await scene.call.setCamera(false);
    await scene.call.setCamera(false, "usb");
    expect(scene.call.local.camera).toBeNull();
    await scene.call.setCamera(true);
    expect(scene.environment.captures.at(-1)?.video).toMatchObject({ deviceId: { ideal: "usb" } });
  });

  it("turning the camera off lets go of it; on opens it and tells its size", async () => {
    const scene = await inRoom({ video: true });
    const { camera } = scene.call.local;
    const sender = scene.environment.connection.transceivers[1]?.sender;
    expect(sender?.track).toBe(camera);
    await scene.call.setCamera(false);
    expect(camera?.readyState).toBe("ended");
    expect(sender?.track).toBeNull();
    await scene.call.setCamera(true);
    expect(sender?.track).toBe(scene.call.local.camera);
    expect(scene.environment.socket.last("publish").state).toEqual({ width: 1280, height: 720 });
  });

  it("two quick presses end in the state of the second", async () => {
    const scene = await inRoom({ video: true });
    await Promise.all([
      scene.call.setCamera(false),
      scene.call.setCamera(true),
      scene.call.setCamera(false),
    ]);
    expect(scene.call.local.camera).toBeNull();
    expect(scene.environment.socket.last("publish").state).toBeNull();
  });

  it("a refusal rejects and changes nothing", async () => {
    const scene = await inRoom();
    scene.environment.captureError = new Error("no");
    await expect(scene.call.setCamera(true)).rejects.toThrow("no");
    expect(scene.call.local.camera).toBeNull();
    scene.environment.captureError = null;
    await scene.call.setCamera(true);
    expect(scene.call.local.camera).not.toBeNull();
  });

  it("an unplugged headset is replaced by what there is, and the person hears of it", async () => {
    const scene = await inRoom({ audio: true });
    const { microphone } = scene.call.local;
    (microphone as unknown as FakeTrack).unplug();
    await settle();
    expect(scene.call.local.microphone).not.toBe(microphone);
    expect(scene.call.local.microphoneOn).toBe(true);
    expect(scene.named("source_lost")).toEqual([{ source: "microphone", cause: "unplugged" }]);
  });

  it("a track of the page comes back as it was, and stays open after leaving", async () => {
    const track = new FakeTrack("video");
    const scene = await inRoom({ video: track.asTrack });
    await scene.call.setCamera(false);
    expect(track.readyState).toBe("live");
    await scene.call.setCamera(true);
    expect(scene.call.local.camera).toBe(track);
    expect(scene.environment.captures).toEqual([]);
    scene.call.leave();
    expect(track.readyState).toBe("live");
  });

  it("a shared screen is published and ends with the browser's own button", async () => {
    const scene = await inRoom();
    await scene.call.shareScreen(true);
    expect(scene.environment.socket.last("publish")).toMatchObject({ source: "screen" });
    const { screen } = scene.call.local;
    expect(screen?.contentHint).toBe("detail");
    (screen as unknown as FakeTrack).unplug();
    await settle();
    expect(scene.call.local.screen).toBeNull();
    expect(scene.environment.socket.last("publish")).toMatchObject({
      source: "screen",
      state: null,
    });
    expect(scene.named("source_lost")).toEqual([{ source: "screen", cause: "stopped" }]);
  });
});
