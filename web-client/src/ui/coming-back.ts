// A page that is reloaded in a call goes back in by itself, as the same person with the same mute.
// The note is the tab's alone: a link opened anew shows the preview.
import { recallInTab, rememberInTab } from "./storage";
import type { Wish } from "./wish";

export interface Comeback {
  readonly room: string;
  readonly name: string;
  readonly code: string | null;
  readonly wish: Wish;
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;
}

const KEY = "in-call";

export function noteComeback(comeback: Comeback | null): void {
  rememberInTab(KEY, comeback === null ? null : JSON.stringify(comeback));
}

/** What to go back to, once; null unless this very page was reloaded in that room. */
export function takeComeback(room: string): Comeback | null {
  const stored = recallInTab(KEY);
  noteComeback(null);
  return wasReloaded() ? readComeback(stored, room) : null;
}

export function readComeback(stored: string | null, room: string): Comeback | null {
  let value: unknown;
  try {
    value = JSON.parse(stored ?? "null");
  } catch {
    return null;
  }
  const { name, code, wish, ...rest } = (value ?? {}) as Record<string, unknown>;
  if (rest["room"] !== room || typeof name !== "string") {
    return null;
  }
  return {
    room,
    name,
    code: typeof code === "string" ? code : null,
    wish: wish === "sound" ? "sound" : "all",
    microphoneOn: rest["microphoneOn"] === true,
    cameraOn: rest["cameraOn"] === true,
  };
}

/** A person who comes by the history or a link wants to look first. */
function wasReloaded(): boolean {
  const [entry] = performance.getEntriesByType("navigation");
  return (entry as PerformanceNavigationTiming | undefined)?.type === "reload";
}
