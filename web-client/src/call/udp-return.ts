// When to look for UDP again while media goes by TCP. Pure: told the time, owns no timer.
//
// No browser goes back to UDP by itself once some seconds have passed (measured in both), so an ICE
// restart asks, which interrupts nothing: the old path carries until a new one is chosen. Where UDP
// has worked in this network it is likely to come back: it is asked for once a minute, ten times.
// Where it never worked, as in a school that blocks it, each pause is twice the one before. Pauses
// end at 10 minutes, and a change of network begins anew: so RFC 6555 §4.2 and §4.3 treat the other
// way that fails, IPv6. That is 3 to 6 kB of SDP each time, at most twelve times in the first hour.
import type { Transport } from "./path";

export class UdpReturn {
  /** A restart takes under a second and a look half of one: UDP is used again within a minute. */
  static readonly PAUSE_MS = 55_000;
  static readonly PAUSE_MS_MAX = 600_000;
  static readonly FAITHFUL_TRIES = 10;

  #dueAt: number | null = null;
  #tries = 0;
  #hasWorked = false;

  /** How media goes at `now`. */
  handleTransport(now: number, transport: Transport): void {
    if (transport === "udp") {
      this.#hasWorked = true;
      this.#dueAt = null;
      this.#tries = 0;
    } else {
      this.#dueAt ??= now + UdpReturn.PAUSE_MS;
    }
  }

  /** What was learned belongs to another network. */
  handleNetworkChange(now: number): void {
    this.#hasWorked = false;
    this.#tries = 0;
    if (this.#dueAt !== null) {
      this.#dueAt = now + UdpReturn.PAUSE_MS;
    }
  }

  /** When `take` will say yes; null while UDP is in use. */
  pollTimeout(): number | null {
    return this.#dueAt;
  }

  /** Whether to look at this moment. If so, the next pause begins. */
  take(now: number): boolean {
    if (this.#dueAt === null || now < this.#dueAt) {
      return false;
    }
    this.#tries += 1;
    const faithful = this.#hasWorked ? UdpReturn.FAITHFUL_TRIES : 1;
    const doublings = Math.max(0, this.#tries - faithful + 1);
    this.#dueAt = now + Math.min(UdpReturn.PAUSE_MS * 2 ** doublings, UdpReturn.PAUSE_MS_MAX);
    return true;
  }
}
