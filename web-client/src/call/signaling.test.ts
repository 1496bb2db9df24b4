// Nothing lost and nothing twice, over sockets that break.
import { describe, expect, it } from "vitest";

import type { Join, ServerBody } from "./protocol.gen";
import { ROOM_AT_REST } from "./room-state";
import type { Command } from "./signaling";
import { Signaling, signalingUrl } from "./signaling";
import { FakeEnvironment } from "./testing/environment";

const JOIN: Join = {
  room: "yard",
  secret: "s",
  name: "Awa",
  offer: { plain: "v=0" },
  sections: [],
  sources: [],
  view: { stage: null, tiles: [] },
};

const JOINED: ServerBody = {
  kind: "joined",
  you: 7,
  role: "guest",
  ticket: "ticket",
  answer: { plain: "v=0" },
  participants: [],
  guest_secret: null,
  code: null,
  room: ROOM_AT_REST,
  lobby: [],
  ice_servers: [],
};

const left = (participant: number): ServerBody => ({ kind: "participant_left", participant });
const publish = { kind: "publish", source: "camera", state: null } satisfies Command;
const view: Command = { kind: "view", stage: null, tiles: [] };

/** A session, and what it has told. */
function start(patienceMs = 10_000) {
  const environment = new FakeEnvironment();
  const told: string[] = [];
  const signaling = new Signaling(environment, "wss://x", JOIN, patienceMs, {
    onMessage: (body) =>
      told.push(body.kind === "participant_left" ? `left ${body.participant}` : body.kind),
    onSettled: (upTo) => told.push(`settled ${upTo}`),
    onLink: (link) => told.push(link),
    onGone: () => told.push("gone"),
  });
  return { environment, signaling, told };
}

function joined() {
  const session = start();
  session.environment.socket.open();
  session.environment.socket.say(1, JOINED);
  return session;
}

describe("the server's socket", () => {
  it("is at the host that the call was given", () => {
    expect(signalingUrl("https://meet.example.org/a?b#c")).toBe("wss://meet.example.org/ws");
    expect(signalingUrl("http://localhost:8080")).toBe("ws://localhost:8080/ws");
  });
});

describe("joining", () => {
  it("says join first, as command 1", () => {
    const { environment } = start();
    expect(environment.socket.sent).toEqual([]);
    environment.socket.open();
    expect(environment.socket.sent).toEqual([{ id: 1, kind: "join", ...JOIN }]);
  });

  it("tries again while it has patience, then says so once", async () => {
    const { environment, told } = start(5000);
    for (let attempt = 0; attempt < 10 && told.length === 0; attempt += 1) {
      environment.socket.cut();
      await environment.advance(4000);
    }
    expect(told).toEqual(["gone"]);
    const { length } = environment.sockets;
    await environment.advance(120_000);
    expect(environment.sockets).toHaveLength(length);
  });

  it("gives up a socket that opens and stays silent", async () => {
    const { environment } = start(60_000);
    environment.socket.open();
    await environment.advance(10_000);
    expect(environment.sockets[0]?.closed).toBe(true);
    expect(environment.sockets).toHaveLength(2);
  });
});

describe("a lost socket", () => {
  it("is resumed at once with the last number seen", async () => {
    const { environment, told } = joined();
    environment.socket.say(2, left(3));
    environment.socket.cut();
    await environment.advance(0);
    environment.socket.open();
    expect(environment.socket.sent).toEqual([
      { id: 0, kind: "resume", ticket: "ticket", last_seq: 2 },
    ]);
    environment.socket.say(0, { kind: "resumed", last_id: 1, ice_servers: [] });
    expect(told).toEqual(["joined", "left 3", "lost", "resumed", "open"]);
  });

  it("loses nothing and repeats nothing of what the server says", async () => {
    const { environment, signaling, told } = joined();
    environment.socket.say(2, left(3));
    environment.socket.cut();
    await environment.advance(0);
    environment.socket.open();
    environment.socket.say(0, { kind: "resumed", last_id: 1, ice_servers: [] });
    [2, 3, 4].forEach((seq) => environment.socket.say(seq, left(seq + 1)));
    environment.socket.say(3, left(99));
    expect(told).toEqual(["joined", "left 3", "lost", "resumed", "open", "left 4", "left 5"]);
    expect(signaling.counters.duplicateMessages).toBe(2);
  });

  it("loses no command: those that did not arrive are sent again with their ids", async () => {
    const { environment, signaling } = joined();
    const first = signaling.send(publish);
    environment.socket.cut();
    const second = signaling.send(view);
    await environment.advance(0);
    environment.socket.open();
    environment.socket.say(0, { kind: "resumed", last_id: first, ice_servers: [] });
    expect(environment.socket.sent.slice(1)).toEqual([{ id: second, ...view }]);
  });

  it("sends only the newest of commands that replace one another", async () => {
    const { environment, signaling } = joined();
    environment.socket.cut();
    signaling.send(view);
    const camera = signaling.send(publish);
    const microphone = signaling.send({ ...publish, source: "microphone" });
    const newest = signaling.send(view);
    await environment.advance(0);
    environment.socket.open();
    environment.socket.say(0, { kind: "resumed", last_id: 1, ice_servers: [] });
    expect(environment.socket.sent.slice(1).map(({ id }) => id)).toEqual([
      camera,
      microphone,
      newest,
    ]);
  });

  it("loses no text, and sends each", async () => {
    const { environment, signaling } = joined();
    const texts = ["one", "two", "three"];
    const rest = { to: null, caption: false };
    const chat = (text: string) => ({ kind: "chat", text, ...rest }) satisfies Command;
    environment.socket.cut();
    const ids = texts.map((text) => signaling.send(chat(text)));
    await environment.advance(0);
    environment.socket.open();
    environment.socket.say(0, { kind: "resumed", last_id: 1, ice_servers: [] });
    const expected = texts.map((text, index) => ({ id: ids[index], ...chat(text) }));
    expect(environment.socket.sent.slice(1)).toEqual(expected);
    environment.socket.say(2, { kind: "chat", from: 7, text: "one", ...rest, re: ids[0] ?? 0 });
    environment.socket.cut();
    await environment.advance(0);
    environment.socket.open();
    environment.socket.say(0, { kind: "resumed", last_id: 1, ice_servers: [] });
    expect(environment.socket.sent.slice(1)).toEqual(expected.slice(1));
  });

  it("is given up after 60 s without any", async () => {
    const { environment, told } = joined();
    environment.socket.cut();
    while (!told.includes("gone") && environment.now() < 100_000) {
      await environment.advance(100);
      environment.socket.cut();
    }
    expect(environment.now()).toBeGreaterThan(54_000);
    expect(environment.now()).toBeLessThanOrEqual(60_000);
  });

  it("is given up at once when the server has no such session", async () => {
    const { environment, told } = joined();
    environment.socket.cut();
    await environment.advance(0);
    environment.socket.open();
    environment.socket.say(0, { kind: "error", re: 0, code: "session_gone", detail: "" });
    expect(told).toEqual(["joined", "lost", "gone"]);
    expect(environment.socket.closed).toBe(true);
  });

  it("is replaced without delay when the network comes back", async () => {
    const { environment } = joined();
    environment.socket.cut();
    await environment.advance(0);
    for (let attempt = 0; attempt < 4; attempt += 1) {
      environment.socket.cut();
      await environment.advance(attempt < 3 ? 2000 : 0);
    }
    const { length } = environment.sockets;
    environment.changeNetwork(true);
    expect(environment.sockets).toHaveLength(length + 1);
  });
});

describe("a dead path", () => {
  it("is noticed when a ping gets no answer", async () => {
    const { environment, told } = joined();
    const first = environment.socket;
    await environment.advance(10_000);
    expect(first.kinds()).toEqual(["join", "ping"]);
    await environment.advance(4999);
    expect(told).toEqual(["joined"]);
    await environment.advance(1);
    expect(told).toEqual(["joined", "lost"]);
    expect(first.closed).toBe(true);
  });

  it("is not suspected while pongs come", async () => {
    const { environment, told } = joined();
    for (let round = 0; round < 10; round += 1) {
      await environment.advance(10_000);
      environment.socket.say(0, { kind: "pong" });
    }
    expect(told).toEqual(["joined", ...Array.from({ length: 10 }, () => "settled 1")]);
    expect(environment.sockets).toHaveLength(1);
  });

  it("is noticed within 2 s of a change of network", async () => {
    const { environment, told } = joined();
    environment.changeNetwork(false);
    await environment.advance(2000);
    expect(told).toEqual(["joined", "lost"]);
  });
});

describe("what the server should not do", () => {
  it("garbage is counted and changes nothing", () => {
    const { environment, signaling, told } = joined();
    ["", "{", "null", '{"seq":2,"kind":7}'].forEach((text) =>
      environment.socket.handlers.onText(text),
    );
    environment.socket.say(2, left(3));
    expect(told).toEqual(["joined", "left 3"]);
    expect(signaling.counters.malformedMessages).toBe(4);
  });

  it("what only a newer client knows is passed over without a hole", () => {
    const { environment, signaling, told } = joined();
    environment.socket.handlers.onText('{"seq":2,"kind":"dance"}');
    environment.socket.say(3, left(3));
    expect(told).toEqual(["joined", "left 3"]);
    expect(signaling.counters).toMatchObject({ malformedMessages: 0, unknownMessages: 1 });
  });

  it("a missing message is asked for again by resuming", async () => {
    const { environment, signaling, told } = joined();
    environment.socket.say(3, left(4));
    expect(told).toEqual(["joined", "lost"]);
    expect(signaling.counters.missingMessages).toBe(1);
    await environment.advance(0);
    environment.socket.open();
    expect(environment.socket.last("resume").last_seq).toBe(1);
  });

  it("a snapshot closes every hole before it", () => {
    const { environment, told } = joined();
    const line = { connection: null, speaker: null };
    const nobody = { participants: [], slots: [], send: [], room: ROOM_AT_REST, lobby: [] };
    const invitation = { guest_secret: null, code: null };
    environment.socket.say(9, { kind: "snapshot", up_to: 8, ...line, ...nobody, ...invitation });
    environment.socket.say(10, left(3));
    expect(told).toEqual(["joined", "snapshot", "left 3"]);
  });

  it("an old socket that speaks after its end is not heard", async () => {
    const { environment, told } = joined();
    const [old] = environment.sockets;
    environment.socket.cut();
    await environment.advance(0);
    old?.say(2, left(3));
    old?.cut();
    expect(told).toEqual(["joined", "lost"]);
    expect(environment.sockets).toHaveLength(2);
  });
});

describe("leaving", () => {
  it("says good-bye, closes, and tries nothing more", async () => {
    const { environment, signaling, told } = joined();
    signaling.leave();
    expect(environment.socket.kinds()).toEqual(["join", "leave"]);
    expect(environment.socket.closed).toBe(true);
    await environment.advance(120_000);
    expect(environment.sockets).toHaveLength(1);
    expect(told).toEqual(["joined"]);
  });
});
