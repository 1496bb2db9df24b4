// Speaks with the page that shows this one in an <iframe>. Loaded in a frame alone.
//
// Only pages of allowed origins get so far (`frame-ancestors`), and only theirs are answered here:
// each message is checked by its origin, and each answer addressed to that origin. Neither secrets,
// chat nor media leave; `docs/en/embedding.md` is the contract.
import { effect, untracked } from "@preact/signals";

import { lastEnd, nameFrom, presented, proposedName } from "./frame-state";
import { site } from "./site";

/** The version of the contract, in every message both ways. */
const VERSION = 1;

type Command =
  | { readonly command: "hello" | "leave" }
  | { readonly command: "microphone" | "camera"; readonly on: boolean }
  | { readonly command: "name"; readonly name: string }
  | { readonly command: "chat"; readonly open: boolean };

type Refusal = "not_in_room" | "already_in_room" | "unknown_command";

type Event =
  | { readonly event: "ready" | "joined" }
  | { readonly event: "left"; readonly reason: string }
  | { readonly event: "participants"; readonly count: number }
  | { readonly event: "speaker"; readonly name: string | null; readonly self: boolean };

/** Answers the page around this one; `host` and `frame` are windows, others in tests. */
export function speakWith(host: Window, frame: Window): () => void {
  const isAllowed = (origin: string): boolean =>
    origin === frame.location.origin || site.embedders.includes(origin);
  let listener: string | null = null;

  const say = (message: Event): void => {
    if (listener !== null) {
      host.postMessage({ preau: VERSION, ...message }, listener);
    }
  };
  const stops = watch(say);
  const greet = (origin: string): void => {
    listener = origin;
    say({ event: "ready" });
    untracked(() => stops.tellAll());
  };
  const hear = (event: MessageEvent): void => {
    const command = event.source === host && isAllowed(event.origin) ? commandOf(event.data) : null;
    if (command === null) {
      return;
    }
    if (command !== "unknown" && command.command === "hello") {
      greet(event.origin);
      return;
    }
    const refusal = command === "unknown" ? "unknown_command" : carryOut(command);
    const id = (event.data as { id?: unknown }).id;
    if (typeof id === "number" || typeof id === "string") {
      const answer = refusal === null ? { ok: true } : { ok: false, error: refusal };
      host.postMessage({ preau: VERSION, reply: id, ...answer }, event.origin);
    }
  };
  frame.addEventListener("message", hear);
  const origin = originOf(frame.document.referrer);
  if (origin !== null && isAllowed(origin)) {
    greet(origin);
  }
  return () => {
    frame.removeEventListener("message", hear);
    stops.close();
  };
}

/** Tells what changes; `tellAll` repeats how things stand, for who has just come to listen. */
function watch(say: (message: Event) => void): { tellAll(): void; close(): void } {
  let wasInRoom = false;
  let count: number | null = null;
  let floor: number | null = null;

  const tellPresence = (): void => {
    const isInRoom = presented.value !== null;
    if (isInRoom !== wasInRoom) {
      wasInRoom = isInRoom;
      say(isInRoom ? { event: "joined" } : { event: "left", reason: lastEnd.value ?? "left" });
      [count, floor] = [null, null];
    }
  };
  const tellPeople = (): void => {
    const now = presented.value?.store.participants.value.length ?? null;
    if (now !== null && now !== count) {
      say({ event: "participants", count: now });
    }
    count = now;
  };
  const tellFloor = (): void => {
    const store = presented.value?.store;
    const now = store?.floor.value ?? null;
    if (store !== undefined && now !== floor) {
      const speaker = store.participants.value.find(({ id }) => id === now);
      say({ event: "speaker", name: speaker?.name ?? null, self: now === store.call.you });
    }
    floor = now;
  };
  const stops = [effect(tellPresence), effect(tellPeople), effect(tellFloor)];
  return {
    tellAll: () => {
      [wasInRoom, count, floor] = [false, null, null];
      if (presented.value !== null) {
        tellPresence();
        tellPeople();
        tellFloor();
      }
    },
    close: () => stops.forEach((stop) => stop()),
  };
}

function carryOut(command: Command): Refusal | null {
  const room = presented.value;
  if (command.command === "name") {
    proposedName.value = nameFrom(command.name);
    return room === null ? null : "already_in_room";
  }
  if (room === null) {
    return "not_in_room";
  }
  const { store, panels } = room;
  const { microphoneOn, camera } = store.local.value;
  switch (command.command) {
    case "hello":
      return null;
    case "leave":
      store.leave();
      return null;
    case "microphone":
      if (microphoneOn !== command.on) {
        store.toggleMicrophone();
      }
      return null;
    case "camera":
      if ((camera !== null) !== command.on) {
        store.toggleCamera();
      }
      return null;
    case "chat":
      panels.side.value = command.open ? "chat" : null;
      return null;
  }
}

/** Null where it is none of ours: other scripts of the page write to its frames too. */
export function commandOf(data: unknown): Command | "unknown" | null {
  if (typeof data !== "object" || data === null) {
    return null;
  }
  const { preau, command, on, open, name } = data as Record<string, unknown>;
  if (preau !== VERSION) {
    return null;
  }
  if (command === "hello" || command === "leave") {
    return { command };
  }
  if ((command === "microphone" || command === "camera") && typeof on === "boolean") {
    return { command, on };
  }
  if (command === "name" && typeof name === "string") {
    return { command, name };
  }
  if (command === "chat" && typeof open === "boolean") {
    return { command, open };
  }
  return "unknown";
}

function originOf(referrer: string): string | null {
  try {
    return new URL(referrer).origin;
  } catch {
    return null;
  }
}
