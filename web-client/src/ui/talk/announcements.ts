// What screen readers are told of: not everything, and not all at once.
import { signal } from "@preact/signals";

/** What happens within this time is told together. */
const GATHER_MS = 1200;
/** Nobody is interrupted more often than this. */
const PAUSE_MS = 6000;

/** Things of one kind that happened, in one sentence; the newest last. */
type Summary<Thing> = (things: readonly Thing[]) => string;

interface Gathered {
  readonly things: unknown[];
  readonly summary: Summary<never>;
}

export class Announcer {
  /** What a live region shows. */
  readonly sentence = signal("");
  /** By kind, in the order in which they began. */
  readonly #waiting = new Map<string, Gathered>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Tells of `thing` soon, together with others of its kind. */
  tell<Thing>(kind: string, thing: Thing, summary: Summary<Thing>): void {
    const things = this.#waiting.get(kind)?.things ?? [];
    things.push(thing);
    this.#waiting.set(kind, { things, summary });
    const pause = this.#toldAt + PAUSE_MS - performance.now();
    this.#timer ??= setTimeout(() => this.#speak(), Math.max(GATHER_MS, pause));
  }

  /** What is waiting of this kind is not news any more. */
  forget(kind: string): void {
    this.#waiting.delete(kind);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #speak(): void {
    this.#timer = undefined;
    const sentences = [...this.#waiting.values()].map(({ things, summary }) =>
      summary(things as never[]),
    );
    this.#waiting.clear();
    if (sentences.length > 0) {
      this.#toldAt = performance.now();
      // The same words twice are told once by a live region: one invisible character differs.
      const again = sentences.join(" ");
      this.sentence.value = this.sentence.value === again ? `${again}\u00a0` : again;
    }
  }
}
