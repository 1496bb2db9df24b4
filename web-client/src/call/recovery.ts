// When to reopen the WebSocket, and when to restart ICE. Pure: told the time, owns no timer.

/** A lost session can be resumed for this long (design: within 60 s). */
export const RESUME_MS_MAX = 60_000;

const RECONNECT_DELAYS_MS = [0, 300, 1000, 2000, 4000];

/**
 * The pause before attempt 0, 1, 2 …, spread by a fifth either way: a thousand clients of a server
 * that restarts should not come back in the same millisecond.
 */
export function reconnectDelayMs(attempt: number, random: number): number {
  const last = RECONNECT_DELAYS_MS.length - 1;
  const delay = RECONNECT_DELAYS_MS[Math.min(attempt, last)] ?? 0;
  return Math.round(delay * (0.8 + 0.4 * random));
}

/** Decides when a session that is gone is joined anew: at once, then ever less, then not. */
export class RejoinPolicy {
  static readonly PAUSES_MS = [0, 1000, 4000, 8000];
  static readonly WITHIN_MS = 120_000;

  #at: number[] = [];

  /** How long to wait before this try, in ms; null where there have been enough. */
  take(now: number): number | null {
    this.#at = this.#at.filter((at) => now - at < RejoinPolicy.WITHIN_MS);
    const pauseMs = RejoinPolicy.PAUSES_MS[this.#at.length];
    if (pauseMs === undefined) {
      return null;
    }
    this.#at.push(now);
    return pauseMs;
  }
}

/** How the media path does. */
export type PathHealth =
  /** Packets pass. */
  | "well"
  /** New, or being checked, as in every restart: neither good nor bad news. */
  | "unsettled"
  /** No answer for some seconds. */
  | "disconnected"
  /** The browser sees no fault, and nothing comes. */
  | "silent"
  /** Small packets pass and no key is agreed on: large ones are lost. */
  | "stalled"
  /** The first path is not found, and there are ways that were not tried. */
  | "unreached"
  /** The browser has given up. */
  | "failed";

/** What both state machines of the browser say together. */
export function pathHealth(
  ice: RTCIceConnectionState,
  connection: RTCPeerConnectionState,
): PathHealth {
  if (ice === "failed" || connection === "failed") {
    return "failed";
  }
  if (ice === "disconnected" || connection === "disconnected") {
    return "disconnected";
  }
  const up = ice === "connected" || ice === "completed";
  return up && connection === "connected" ? "well" : "unsettled";
}

/**
 * Decides when ICE is restarted. A browser needs 5 s to say `disconnected` and often mends it by
 * itself within one more; a restart ordered by signaling waits for nothing, because signaling knows
 * of a dead node long before. Restarts are at least 1 s apart and back off to 8 s.
 */
export class RestartPolicy {
  static readonly PATIENCE_MS = 1000;
  static readonly INTERVAL_MS_MIN = 1000;
  /**
   * While the browser itself sees no failure. Chromium leaves a pair for a new one when nothing has
   * come by it for 3.5 s, and a relay over TLS carries after seven round trips: neither is to begin
   * anew before.
   */
  static readonly INTERVAL_MS_SLOW = 4000;
  static readonly INTERVAL_MS_MAX = 8000;

  #dueAt: number | null = null;
  #restartedAt = Number.NEGATIVE_INFINITY;
  #intervalMs = RestartPolicy.INTERVAL_MS_MIN;

  handleHealth(now: number, health: PathHealth): void {
    switch (health) {
      case "well":
        this.#dueAt = null;
        this.#intervalMs = RestartPolicy.INTERVAL_MS_MIN;
        return;
      case "unsettled":
        return;
      case "disconnected":
        this.#dueAt ??= Math.max(now + RestartPolicy.PATIENCE_MS, this.#earliest());
        return;
      case "silent":
      case "stalled":
      case "unreached":
        this.#intervalMs = Math.max(this.#intervalMs, RestartPolicy.INTERVAL_MS_SLOW / 2);
        this.#dueAt = this.#earlier(Math.max(now, this.#earliest()));
        return;
      case "failed":
        this.#dueAt = this.#earlier(Math.max(now, this.#earliest()));
        return;
    }
  }

  /** Signaling, or the network itself, says that the path is gone. */
  handleOrder(now: number): void {
    const earliest = this.#restartedAt + RestartPolicy.INTERVAL_MS_MIN;
    this.#dueAt = this.#earlier(Math.max(now, earliest));
  }

  /** When `takeRestart` will say yes; null while all is well. */
  pollTimeout(): number | null {
    return this.#dueAt;
  }

  /** Whether to restart at this moment. If so, another follows later unless the path gets well. */
  takeRestart(now: number): boolean {
    if (this.#dueAt === null || now < this.#dueAt) {
      return false;
    }
    this.#restartedAt = now;
    this.#intervalMs = Math.min(this.#intervalMs * 2, RestartPolicy.INTERVAL_MS_MAX);
    this.#dueAt = now + this.#intervalMs;
    return true;
  }

  #earliest(): number {
    return this.#restartedAt + this.#intervalMs;
  }

  #earlier(due: number): number {
    return this.#dueAt === null ? due : Math.min(this.#dueAt, due);
  }
}
