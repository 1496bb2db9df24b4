// How the media path does, out of the browser's states and of what arrives. Pure: told the time.
//
// A browser says `disconnected` 5 to 8 s after the last packet, and nothing at all where ICE is up
// and DTLS is not. What arrives tells sooner: the server reports once a second even to somebody
// who receives nothing else, so silence is no pause of the others.
import type { PathFigures, Way } from "./path";
import type { PathHealth } from "./recovery";
import { pathHealth } from "./recovery";

/** Bytes in the time of a look from which on something flows: a quarter of what one voice takes. */
const FLOWING_BYTES_MIN = 500;

/** Looks further apart than this (a laptop that slept, a frozen tab) say nothing of between. */
const LOOK_GAP_MS_MAX = 2000;

export class PathWatch {
  /** How often to look at figures. */
  static readonly LOOK_MS = 500;
  /** Of a stream of 50 packets a second, a second without one is worth a question to signaling. */
  static readonly SUSPECT_MS = 900;
  static readonly SILENT_MS = 1400;
  /** Where reports alone came: one may be lost, two in a row are missing. */
  static readonly SILENT_IDLE_MS = 2400;
  /**
   * ICE proves that small packets pass. A ClientHello of 1200 to 1400 bytes may not: where a link
   * of the path takes 1200 and nobody says so, neither browser ever gets through (measured).
   */
  static readonly STALLED_MS = 3000;
  /** Most paths are up within three round trips; a relay is worth a try after this. */
  static readonly UNREACHED_MS = 2000;

  readonly #beganAt: number;
  readonly #hasMoreWays: boolean;
  #ice: RTCIceConnectionState = "new";
  #connection: RTCPeerConnectionState = "new";
  /** Since when ICE is up and DTLS is not. */
  #waitingForDtlsSince: number | null = null;
  #everUp = false;
  #figures: PathFigures | null = null;
  #lookedAt = 0;
  #heardAt: number | null = null;
  #isFlowing = false;

  /** Begins with the first answer, which may name ways that its offer could not try. */
  constructor(now: number, hasMoreWays: boolean) {
    this.#beganAt = now;
    this.#hasMoreWays = hasMoreWays;
  }

  handleStates(
    now: number,
    ice: RTCIceConnectionState,
    connection: RTCPeerConnectionState,
  ): void {
    this.#ice = ice;
    this.#connection = connection;
    const up = ice === "connected" || ice === "completed";
    this.#everUp ||= up;
    const waits = up && (connection === "connecting" || connection === "new");
    this.#waitingForDtlsSince = waits ? (this.#waitingForDtlsSince ?? now) : null;
  }

  /** A look at the pair in use; null where there is none. */
  handleFigures(now: number, figures: PathFigures | null): void {
    if (figures === null) {
      return;
    }
    const before = this.#figures;
    // Chromium tries its other pairs by itself when one dies: that alone brings nothing.
    const came = before?.pair === figures.pair ? figures.bytesReceived - before.bytesReceived : 0;
    const isFirst = before === null || now - this.#lookedAt > LOOK_GAP_MS_MAX;
    if (came > 0 || isFirst) {
      this.#heardAt = now;
      this.#isFlowing = came >= FLOWING_BYTES_MIN;
    }
    this.#figures = figures;
    this.#lookedAt = now;
  }

  /** A new way is looked for: what is under way gets its time again. */
  handleRestart(now: number): void {
    if (this.#waitingForDtlsSince !== null) {
      this.#waitingForDtlsSince = now;
    }
  }

  health(now: number): PathHealth {
    const health = pathHealth(this.#ice, this.#connection);
    switch (health) {
      case "well":
        return this.#silentMs(now) >= this.#patienceMs() ? "silent" : "well";
      case "unsettled":
        if (this.#waitingForDtlsSince !== null) {
          const waited = now - this.#waitingForDtlsSince;
          return waited >= PathWatch.STALLED_MS ? "stalled" : "unsettled";
        }
        return this.#isUnreached(now) ? "unreached" : "unsettled";
      case "disconnected":
      case "failed":
      case "silent":
      case "stalled":
      case "unreached":
        return health;
    }
  }

  /** Nothing has come for too long to be chance, and not for long enough to act. */
  isSuspect(now: number): boolean {
    const patienceMs = this.#isFlowing ? PathWatch.SUSPECT_MS : PathWatch.SILENT_IDLE_MS;
    return this.#silentMs(now) >= patienceMs;
  }

  /** The way in use; null before there is one. */
  get way(): Way | null {
    return this.#figures?.way ?? null;
  }

  #isUnreached(now: number): boolean {
    const isLate = now - this.#beganAt >= PathWatch.UNREACHED_MS;
    return isLate && this.#hasMoreWays && !this.#everUp;
  }

  #patienceMs(): number {
    return this.#isFlowing ? PathWatch.SILENT_MS : PathWatch.SILENT_IDLE_MS;
  }

  #silentMs(now: number): number {
    return this.#heardAt === null ? 0 : now - this.#heardAt;
  }
}
