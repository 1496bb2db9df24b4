// Captions: apart from the chat, long enough to be read, and the way the person likes them.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CallError } from "../../call";
import type { Call, ChatOptions } from "../../call";
import { RoomStore } from "../room-store";
import { forgetEverything } from "../storage";
import { FakeCall } from "../testing/fake-call";
import { Announcer } from "./announcements";
import { Captions } from "./captions";
import { ChatLog } from "./chat-log";

const TYPIST = 3;
const OTHER = 4;

class Room {
  readonly sent: (readonly [string, ChatOptions | undefined])[] = [];
  /** What the server answers to the next text. */
  refusal: CallError | null = null;
  readonly call = Object.assign(new FakeCall(), {
    participants: [
      { id: TYPIST, name: "Ines", role: "guest", sources: [], recording: false },
      { id: OTHER, name: "Bo", role: "guest", sources: [], recording: false },
    ],
    chat: async (text: string, options?: ChatOptions) => {
      this.sent.push([text, options]);
      if (this.refusal !== null) {
        throw this.refusal;
      }
    },
  });
  readonly store = new RoomStore(this.call as unknown as Call, () => undefined);
  readonly captions = new Captions(this.store);

  say(text: string, { from = TYPIST, caption = true } = {}): void {
    this.call.tell("chat", { from, to: null, text, caption });
  }

  get shown(): readonly string[] {
    return this.captions.shown.value.map(({ text }) => text);
  }

  close(): void {
    this.captions.close();
    this.store.close();
  }
}

let room: Room;
beforeEach(() => {
  vi.useFakeTimers();
  room = new Room();
});
afterEach(() => {
  room.close();
  forgetEverything();
  vi.useRealTimers();
});

describe("captions", () => {
  it("are kept apart from the chat, and the chat from them", () => {
    const chat = new ChatLog(room.store, new Announcer());
    room.say("Bonjour à tous");
    room.say("Qui a la feuille ?", { caption: false });
    expect(room.shown).toEqual(["Bonjour à tous"]);
    expect(chat.lines.value.map(({ text }) => text)).toEqual(["Qui a la feuille ?"]);
    expect(chat.unread.value).toBe(1);
    chat.close();
  });

  it("stand as long as they take to read, and can be read again", () => {
    room.say("Oui.");
    room.say("x".repeat(100));
    vi.advanceTimersByTime(5_000);
    expect(room.shown).toEqual(["x".repeat(100)]);
    vi.advanceTimersByTime(6_999);
    expect(room.shown).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(room.shown).toEqual([]);
    expect(room.captions.lines.value).toHaveLength(2);
  });

  it("hide no more of the pictures than two lines", () => {
    ["un", "deux", "trois", "quatre"].forEach((text) => room.say(text));
    expect(room.shown).toEqual(["trois", "quatre"]);
  });

  it("keep no more than can be read again", () => {
    for (let line = 0; line < 250; line += 1) {
      room.say(`line ${line}`);
    }
    expect(room.captions.lines.value).toHaveLength(200);
    expect(room.captions.lines.value[0]?.text).toBe("line 50");
  });

  it("name who writes where that changes", () => {
    room.say("Bonjour");
    room.say("à tous");
    room.say("Salut", { from: OTHER });
    const named = room.captions.lines.value.map(({ author, begins }) => [author, begins]);
    expect(named).toEqual([["Ines", true], ["Ines", false], ["Bo", true]]);
  });

  it("are offered once to those who have them off, and never to who writes them", () => {
    room.say("Essai", { from: room.call.you });
    expect(room.captions.offeredBy.value).toBeNull();
    room.say("Bonjour");
    expect(room.captions.offeredBy.value).toBe("Ines");
    room.captions.answer(false);
    room.say("à tous");
    expect(room.captions.offeredBy.value).toBeNull();
    expect(room.captions.on.value).toBe(false);
  });

  it("are not offered to those who see them", () => {
    room.captions.on.value = true;
    room.say("Bonjour");
    expect(room.captions.offeredBy.value).toBeNull();
  });
});

describe("who types captions", () => {
  it("goes on at once, and finds the field empty", async () => {
    room.captions.write("  Bonjour à tous ");
    const sent = room.captions.send();
    expect(room.captions.draft.value).toBe("");
    room.captions.write("Nous commen");
    await sent;
    expect(room.sent).toEqual([["Bonjour à tous", { caption: true }]]);
    expect(room.captions.draft.value).toBe("Nous commen");
  });

  it("sends nothing that says nothing", async () => {
    room.captions.write(" \n ");
    await room.captions.send();
    expect(room.sent).toEqual([]);
  });

  it("gets back what did not go, before what was typed since", async () => {
    room.refusal = new CallError("not_allowed", "the chat is closed");
    room.captions.write("Bonjour");
    const sent = room.captions.send();
    room.captions.write("à tous");
    await sent;
    expect(room.captions.draft.value).toBe("Bonjour à tous");
    expect(room.captions.trouble.value).toBe("not_allowed");
  });
});

describe("how captions look", () => {
  it("is as the person left it, while the words are forgotten", () => {
    const items = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (name: string) => items.get(name) ?? null,
      setItem: (name: string, value: string) => void items.set(name, value),
      removeItem: (name: string) => void items.delete(name),
    });
    const first = new Captions(room.store);
    first.on.value = true;
    first.size.value = "large";
    room.say("Bonjour");
    first.close();
    const next = new Captions(room.store);
    const look = [next.on, next.size, next.position].map(({ value }) => value);
    expect(look).toEqual([true, "large", "bottom"]);
    expect(next.lines.value).toEqual([]);
    expect([...items.values()].join()).not.toContain("Bonjour");
    next.close();
    vi.unstubAllGlobals();
  });
});
