// What the call measures, for the badges and the counter: looked at every other second.
import { signal } from "@preact/signals";

import type { CallStats } from "../../call";
import type { RoomStore } from "../room-store";
import type { Counters } from "./traffic";
import { TrafficMeter } from "./traffic";

const INTERVAL_MS = 2_000;

export interface Traffic extends Counters {
  /** Bytes; null until there is a measure of it. */
  readonly perHour: number | null;
}

export class Figures {
  /** Height in pixels of what comes, by the key of its picture. */
  readonly heights = signal<ReadonlyMap<string, number>>(new Map());
  readonly traffic = signal<Traffic>({ received: 0, sent: 0, perHour: null });
  readonly #store: RoomStore;
  readonly #meter = new TrafficMeter();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(store: RoomStore) {
    this.#store = store;
    this.#timer = setInterval(() => void this.#look(), INTERVAL_MS);
    void this.#look();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // A connection that is closed meanwhile has nothing to say.
    const stats = await this.#store.call.stats().catch(() => null);
    if (stats === null) {
      return;
    }
    this.#meter.add(performance.now(), stats.traffic);
    const { received, sent, bytesPerHour } = this.#meter;
    this.traffic.value = { received, sent, perHour: bytesPerHour };
    const heights = heightsOf(stats);
    if (!sameEntries(heights, this.heights.value)) {
      this.heights.value = heights;
    }
  }
}

function heightsOf({ slots }: CallStats): Map<string, number> {
  const heights = new Map<string, number>();
  for (const { kind, carries, height, width } of slots) {
    if (kind === "video" && carries !== null) {
      // An upright phone is as sharp as its short side.
      heights.set(`${carries.participant}-${carries.source}`, Math.min(height, width));
    }
  }
  return heights;
}

function sameEntries(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
