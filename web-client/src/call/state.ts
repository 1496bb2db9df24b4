// Where a call stands, as a pure function of what has happened.
//
//   idle ── join_asked ─→ connecting ── joined ─→ joined ── ended ─→ ended
//                              └────────── ended ────────────────────↗
//
// While joined, signaling and media fall and rise independently; the worse of the two is shown.
import type { CallEnd, CallState } from "./api";

/** All that the state depends on. */
export type Progress =
  | { readonly phase: "idle" | "connecting" }
  | {
      readonly phase: "joined";
      readonly session: "own" | "gone" | "asked_for";
      readonly signaling: Way;
      readonly media: Way;
    }
  | { readonly phase: "ended"; readonly reason: CallEnd };

/** A way to the server: never open yet, open, or lost. */
type Way = "opening" | "open" | "lost";

export type Happening =
  | { readonly kind: "join_asked" }
  | { readonly kind: "joined" }
  | { readonly kind: "signaling_lost" }
  | { readonly kind: "signaling_resumed" }
  | { readonly kind: "media_connected" }
  | { readonly kind: "media_lost" }
  | { readonly kind: "session_gone" }
  | { readonly kind: "lobby_entered" }
  | { readonly kind: "ended"; readonly reason: CallEnd };

export const START: Progress = { phase: "idle" };

export function progress(before: Progress, happening: Happening): Progress {
  if (before.phase === "ended") {
    return before;
  }
  switch (happening.kind) {
    case "join_asked":
      return before.phase === "idle" ? { phase: "connecting" } : before;
    case "joined":
      return { phase: "joined", session: "own", signaling: "open", media: "opening" };
    case "ended":
      return { phase: "ended", reason: happening.reason };
    case "signaling_lost":
      return before.phase === "joined" ? { ...before, signaling: "lost" } : before;
    case "signaling_resumed":
      return before.phase === "joined" ? { ...before, signaling: "open" } : before;
    case "media_connected":
      return before.phase === "joined" ? { ...before, media: "open" } : before;
    case "media_lost":
      return before.phase === "joined" ? { ...before, media: "lost" } : before;
    case "session_gone":
      return before.phase === "joined" ? { ...before, session: "gone" } : before;
    case "lobby_entered":
      return before.phase === "joined" ? { ...before, session: "asked_for" } : before;
  }
}

export function describe(current: Progress): CallState {
  switch (current.phase) {
    case "idle":
    case "connecting":
      return { phase: current.phase };
    case "ended":
      return { phase: "ended", reason: current.reason };
    case "joined":
      break;
  }
  switch (current.session) {
    case "gone":
      return { phase: "joined", connection: "rejoining" };
    case "asked_for":
      return { phase: "joined", connection: "in_lobby" };
    case "own":
      break;
  }
  if (current.signaling === "lost") {
    return { phase: "joined", connection: "reconnecting_signaling" };
  }
  switch (current.media) {
    case "opening":
      return { phase: "joined", connection: "media_connecting" };
    case "lost":
      return { phase: "joined", connection: "restarting_media" };
    case "open":
      return { phase: "joined", connection: "connected" };
  }
}

export function sameState(one: CallState, other: CallState): boolean {
  if (one.phase === "joined" && other.phase === "joined") {
    return one.connection === other.connection;
  }
  return one.phase === other.phase;
}
