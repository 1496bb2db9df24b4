// A call for unit tests, in a fake browser, with the server's part spoken by the test.
import { beforeEach, vi } from "vitest";

import type { CallEvents, JoinOptions } from "../api";
import { LiveCall } from "../call";
import { MediaConnection } from "../media";
import type { Participant, ServerBody } from "../protocol.gen";
import { ROOM_AT_REST } from "../room-state";
import { FakeEnvironment, settle } from "./environment";

export const awa: Participant = { id: 1, name: "Awa", role: "host", sources: [], recording: false };
export const me: Participant = { id: 7, name: "Me", role: "guest", sources: [], recording: false };

export const JOINED: Extract<ServerBody, { kind: "joined" }> = {
  kind: "joined",
  you: 7,
  role: "guest",
  ticket: "ticket",
  answer: { plain: "answer" },
  participants: [awa, me],
  guest_secret: null,
  code: null,
  room: ROOM_AT_REST,
  lobby: [],
  ice_servers: [],
};

/** SDP goes plain, so that nothing waits for a thread of zlib; warnings are not printed. */
export function withoutCompression(): void {
  beforeEach(() => {
    vi.stubGlobal("CompressionStream", undefined);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    return () => {
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    };
  });
}

/** Somebody on their way into a room, the server's words, and all that the call has told. */
export class Scene {
  readonly environment = new FakeEnvironment();
  readonly call: LiveCall;
  readonly events: [keyof CallEvents, unknown][] = [];
  /** How the join went: `joined`, or the error. */
  outcome: unknown = null;
  #seq = 0;

  constructor(options: Partial<JoinOptions> = {}) {
    const media = new MediaConnection(this.environment, 2);
    const all = { url: "https://x", room: "yard", secret: "s", name: "Me", ...options };
    this.call = new LiveCall(this.environment, all, media);
    for (const name of [
      ...(["participant", "track", "state", "connection", "path", "speaker"] as const),
      ...(["chat", "local", "source_lost", "room", "lobby", "reaction"] as const),
      ...(["turned_off", "asked_to_turn_on"] as const),
    ]) {
      this.call.on(name, (event) => this.events.push([name, event]));
    }
    this.call.start().then(
      () => (this.outcome = "joined"),
      (error: unknown) => (this.outcome = error),
    );
  }

  async say(body: ServerBody): Promise<void> {
    this.#seq += 1;
    this.environment.socket.say(this.#seq, body);
    await settle();
  }

  /** A new session numbers from 1. */
  async letIn(body: ServerBody = JOINED): Promise<void> {
    await settle();
    this.#seq = 0;
    this.environment.socket.open();
    await this.say(body);
  }

  async connectMedia(): Promise<void> {
    this.environment.connection.become("connected", "connected");
    await settle();
  }

  named<Name extends keyof CallEvents>(name: Name): CallEvents[Name][] {
    return this.events
      .filter(([told]) => told === name)
      .map(([, event]) => event as CallEvents[Name]);
  }

  connection(): string {
    const { state } = this.call;
    return state.phase === "joined" ? state.connection : state.phase;
  }
}

/** Somebody in the room, whose media flows. */
export async function inRoom(options: Partial<JoinOptions> = {}): Promise<Scene> {
  const scene = new Scene(options);
  await scene.letIn();
  await scene.connectMedia();
  return scene;
}
