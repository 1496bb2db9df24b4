// What a page around this one may see and change of it; `frame.ts` speaks with that page.
import { signal } from "@preact/signals";

import type { CallEnd } from "../call";
import type { Panels } from "./open-panels";
import type { RoomStore } from "./room-store";

/** The room one is in. */
export interface Presented {
  readonly store: RoomStore;
  readonly panels: Panels;
}

export const presented = signal<Presented | null>(null);

/** Why the last call here ended; null before the first has. */
export const lastEnd = signal<CallEnd | null>(null);

/** The name that a page around this one, or the address, proposes. */
export const proposedName = signal<string | null>(null);

/** Shows the room to `frame.ts`; the result takes it back. */
export function present(room: Presented): () => void {
  presented.value = room;
  return () => {
    presented.value = null;
  };
}

export interface Wishes {
  readonly name: string | null;
  readonly language: string | null;
  /** Goes in without a preview, with nothing turned on; it takes a name. */
  readonly skipsPreview: boolean;
}

/** `protocol::client::NAME_CHARACTERS_MAX`. */
const NAME_CHARACTERS_MAX = 64;

/** What an address wishes in its query, which reaches the server and its log: never a secret. */
export function wishesOf(query: string): Wishes {
  const parameters = new URLSearchParams(query);
  const name = nameFrom(parameters.get("name"));
  return {
    name,
    language: parameters.get("language"),
    skipsPreview: name !== null && parameters.get("preview") === "skip",
  };
}

/** A name as the server takes it, cut to its length; null where nothing is left. */
export function nameFrom(value: unknown): string | null {
  if (typeof value !== "string") {
    return null;
  }
  const name = [...value.replace(/\p{Cc}/gu, " ").trim()].slice(0, NAME_CHARACTERS_MAX).join("");
  return name === "" ? null : name;
}
