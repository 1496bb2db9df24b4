// What the client does about the path of its media: watches it, and says when to restart ICE and
// what may then be used. Pure: told the time, owns no timer.
import type { PathFigures, Way } from "./path";
import { PathWatch } from "./path-watch";
import type { PathHealth } from "./recovery";
import { RestartPolicy } from "./recovery";
import { UdpReturn } from "./udp-return";

/** What a restart may use: whatever works, or TCP alone by the relay or to the node itself. */
export type Reach = "all" | "relay" | "tcp";

export class PathKeeper {
  readonly #policy = new RestartPolicy();
  readonly #udp = new UdpReturn();
  #watch: PathWatch | null = null;
  #health: PathHealth = "unsettled";
  #reach: Reach;

  constructor(reach: Reach = "all") {
    this.#reach = reach;
  }

  /** The first answer has come; with a relay there is more to try than its offer could. */
  begin(now: number, hasRelay: boolean): void {
    this.#watch = new PathWatch(now, hasRelay);
  }

  /**
   * The browser's two state machines. Whoever knows that they may have gone through a restart
   * without a change, as Chromium's do, tells them again.
   */
  handleStates(
    now: number,
    ice: RTCIceConnectionState,
    connection: RTCPeerConnectionState,
  ): PathHealth {
    this.#watch?.handleStates(now, ice, connection);
    return this.#draw(now, "always");
  }

  /** A look at the pair in use; null where there is none. */
  handleFigures(now: number, figures: PathFigures | null): PathHealth {
    this.#watch?.handleFigures(now, figures);
    const health = this.#draw(now, "if_changed");
    if (figures !== null && health === "well") {
      this.#udp.handleTransport(now, figures.way.transport);
    }
    return health;
  }

  /** Signaling says that the path is gone. */
  handleOrder(now: number): void {
    this.#policy.handleOrder(now);
  }

  /** Another network: what was learned of the one before is void. */
  handleNetworkChange(now: number): void {
    this.#reach = "all";
    this.#udp.handleNetworkChange(now);
    this.#policy.handleOrder(now);
  }

  /** Nothing has come for longer than chance explains. */
  isSuspect(now: number): boolean {
    return this.#watch?.isSuspect(now) ?? false;
  }

  get health(): PathHealth {
    return this.#health;
  }

  /** The way that media takes; null before there is one. */
  get way(): Way | null {
    return this.#watch?.way ?? null;
  }

  /** What the last restart was allowed to use, or the connection anew after a stall. */
  get reach(): Reach {
    return this.#reach;
  }

  /** When `takeRestart` will say yes; null while nothing is to be done. */
  pollTimeout(): number | null {
    const [restart, udp] = [this.#policy.pollTimeout(), this.#udpDueAt()];
    return restart === null || udp === null ? (restart ?? udp) : Math.min(restart, udp);
  }

  /** Whether to restart at this moment; `reach` then says with what. */
  takeRestart(now: number, hasRelay: boolean): boolean {
    const isTrouble = this.#policy.takeRestart(now);
    if (!isTrouble && (this.#udpDueAt() === null || !this.#udp.take(now))) {
      return false;
    }
    if (isTrouble && this.#health === "stalled") {
      // A relay over TLS passes more firewalls than ICE's own TCP; where it does not, that is next.
      this.#reach = hasRelay && this.#reach !== "relay" ? "relay" : "tcp";
    }
    this.#watch?.handleRestart(now);
    return true;
  }

  /** Over UDP that lost the handshake, large packets would be lost too: it is not asked for. */
  #udpDueAt(): number | null {
    return this.#reach === "all" ? this.#udp.pollTimeout() : null;
  }

  #draw(now: number, tell: "always" | "if_changed"): PathHealth {
    const health = this.#watch?.health(now) ?? "unsettled";
    if (tell === "always" || health !== this.#health) {
      this.#policy.handleHealth(now, health);
    }
    this.#health = health;
    return health;
  }
}
