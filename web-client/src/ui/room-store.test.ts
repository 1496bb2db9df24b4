// What the pages make of what the call tells.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type {
  Call,
  Connection,
  ConnectionReport,
  ParticipantChange,
  PathReport,
} from "../call";
import { en } from "./locales/en";
import { RoomStore } from "./room-store";
import { FakeCall } from "./testing/fake-call";

let store: RoomStore | null = null;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  store?.close();
  vi.useRealTimers();
});

function start(before: Partial<FakeCall> = {}) {
  const call = Object.assign(new FakeCall(), before);
  store = new RoomStore(call as unknown as Call, () => undefined);
  const line = (pictures: ConnectionReport["pictures"]): boolean | undefined => {
    call.tell("connection", { bitsPerSecond: 90_000, pictures });
    return store?.soundAlone.value;
  };
  return { call, store, line };
}

describe("the reason why there are no pictures", () => {
  it("is shown while the line carries sound alone", () => {
    const { line } = start();
    const told = (["reduced", "paused", "paused", "reduced", "full"] as const).map(line);
    expect(told).toEqual([false, true, true, false, false]);
  });

  it("stays put aside until pictures have been back", () => {
    const { store, line } = start();
    line("paused");
    store.dismissSoundAlone();
    expect(line("paused")).toBe(false);
    line("reduced");
    expect(line("paused")).toBe(true);
  });

  it("is known to who comes late, and goes with the session", () => {
    const { call, store } = start({ connection: { bitsPerSecond: 9, pictures: "paused" } });
    expect(store.soundAlone.value).toBe(true);
    call.tell("connection", null);
    expect(store.soundAlone.value).toBe(false);
  });
});

describe("a call that was in trouble", () => {
  const be = (connection: Connection) => ({ phase: "joined", connection }) as const;
  const comes = (id: number, change: "joined" | "left"): ParticipantChange => ({
    participant: { id, name: "Awa", role: "guest", sources: [], recording: false },
    change,
  });

  it("is told to be well again, also where it had to be joined anew", () => {
    const { call, store } = start();
    for (const connection of ["rejoining", "media_connecting"] as const) {
      call.tell("state", be(connection));
      expect(store.notice.value).toBe("");
    }
    call.tell("state", be("connected"));
    expect(store.notice.value).toBe(en.connectedAgain);
  });

  it("does not tell of oneself as somebody who has left, nor of who was there all along", () => {
    const { call, store } = start();
    call.tell("state", be("rejoining"));
    call.tell("participant", comes(6, "left"));
    call.tell("participant", comes(8, "joined"));
    expect(store.notice.value).toBe("");
    call.tell("state", be("connected"));
    call.tell("participant", comes(8, "left"));
    expect(store.notice.value).toBe(en.wentAway("Awa"));
  });

  it("says nothing when media connects for the first time", () => {
    const { call, store } = start({ state: { phase: "joined", connection: "media_connecting" } });
    call.tell("state", be("connected"));
    expect(store.notice.value).toBe("");
  });
});

describe("the floor", () => {
  it("is whose the call says", () => {
    const { call, store } = start({ speaker: 3 });
    expect(store.floor.value).toBe(3);
    call.tell("speaker", { participant: null });
    expect(store.floor.value).toBeNull();
  });
});

describe("that media goes by TCP", () => {
  const path = (transport: PathReport["transport"]) => ({ transport, port: 443 });

  it("is said when it lasts, not while browsers make their choice", () => {
    const { call, store } = start();
    call.tell("path", path("tcp"));
    vi.advanceTimersByTime(1000);
    call.tell("path", path("udp"));
    vi.advanceTimersByTime(10_000);
    expect([store.detour.value, store.notice.value]).toEqual([false, ""]);
    call.tell("path", path("tcp"));
    vi.advanceTimersByTime(1500);
    expect(store.detour.value).toBe(true);
  });

  it("is taken back when UDP is, with a word", () => {
    const { call, store } = start({ path: path("tls") });
    vi.advanceTimersByTime(1500);
    expect(store.detour.value).toBe(true);
    call.tell("path", path("udp"));
    expect([store.detour.value, store.notice.value]).toEqual([false, en.udpAgain]);
  });

  it("stays put aside while it lasts, through other ports, relays and sessions", () => {
    const { call, store } = start({ path: path("tcp") });
    vi.advanceTimersByTime(1500);
    store.dismissDetour();
    for (const next of [path("tls"), null, path("tcp")]) {
      call.tell("path", next);
      vi.advanceTimersByTime(5000);
      expect(store.detour.value).toBe(false);
    }
    expect(store.path.value).toEqual(path("tcp"));
    call.tell("path", path("udp"));
    call.tell("path", path("tcp"));
    vi.advanceTimersByTime(1500);
    expect(store.detour.value).toBe(true);
  });
});
