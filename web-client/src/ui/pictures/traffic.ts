// How much has gone over the line since the visit began. Pure: it is told the time.

/** Bytes since a connection began. */
export interface Counters {
  readonly received: number;
  readonly sent: number;
}

/** Over this time the rate is taken: long enough to be calm, short enough to see what helps. */
const WINDOW_MS = 30_000;
const HOUR_MS = 3_600_000;

/** Adds up counters that begin anew with each connection. */
export class TrafficMeter {
  #received = 0;
  #sent = 0;
  #last: Counters = { received: 0, sent: 0 };
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  add(nowMs: number, counters: Counters): void {
    this.#received += grown(counters.received, this.#last.received);
    this.#sent += grown(counters.sent, this.#last.sent);
    this.#last = counters;
    this.#samples.push({ at: nowMs, bytes: this.bytes });
    const [, second] = this.#samples;
    if (second !== undefined && nowMs - second.at >= WINDOW_MS) {
      this.#samples.shift();
    }
  }

  get received(): number {
    return this.#received;
  }

  get sent(): number {
    return this.#sent;
  }

  get bytes(): number {
    return this.#received + this.#sent;
  }

  /** What an hour like the last half minute costs; null until there is a measure of it. */
  get bytesPerHour(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) {
      return null;
    }
    return ((last.bytes - first.bytes) * HOUR_MS) / (last.at - first.at);
  }
}

/** A counter that is less than before belongs to a new connection. */
function grown(now: number, before: number): number {
  return now >= before ? now - before : now;
}
