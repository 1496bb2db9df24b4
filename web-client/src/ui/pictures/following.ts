// Everybody sees what a host sees: who leads, who follows, and who would rather not.
import type { ReadonlySignal } from "@preact/signals";
import { computed, signal } from "@preact/signals";

import type { Call, Focus } from "../../call";
import type { Led } from "./arrangement";

export class Following {
  /** What a host shows to everybody; null where nobody leads. */
  readonly focus = signal<Focus | null>(null);
  /** This page leads: it says what is large here. */
  readonly leading = signal(false);
  /** The person looks for themselves although a host leads. */
  readonly left = signal(false);
  /** What to follow; null where there is nothing, or the person does not want to. */
  readonly led: ReadonlySignal<Led | null> = computed(() => {
    const focus = this.focus.value;
    if (focus === null || this.leading.value || this.left.value) {
      return null;
    }
    const { stage } = focus;
    return { stage: stage === null ? null : `${stage.participant}-${stage.source}` };
  });

  readonly #call: Call;
  readonly #stop: () => void;
  #asked = "";
  /** Orders under way: until they are done the room may still say what was before them. */
  #pending = 0;

  constructor(call: Call) {
    this.#call = call;
    this.#told(call.room.focus);
    this.#stop = call.on("room", ({ focus }) => this.#told(focus));
  }

  close(): void {
    this.#stop();
  }

  /** From here on `show` says what everybody sees. */
  lead(): void {
    this.#asked = "";
    this.leading.value = true;
  }

  /** Lets everybody look at what they like, whoever led. Rejects where the server refuses. */
  async release(): Promise<void> {
    this.leading.value = false;
    await this.#order(null);
  }

  /** What is large on the page of whoever leads. Rejects where the server refuses. */
  async show(focus: Focus): Promise<void> {
    if (this.leading.value && JSON.stringify(focus) !== this.#asked) {
      await this.#order(focus);
    }
  }

  /** The person has made a choice of their own. */
  leave(): void {
    this.left.value = this.focus.value !== null && !this.leading.value;
  }

  again(): void {
    this.left.value = false;
  }

  async #order(focus: Focus | null): Promise<void> {
    this.#asked = JSON.stringify(focus);
    this.#pending += 1;
    try {
      await this.#call.moderate({ action: "set_focus", focus });
    } catch (error) {
      this.leading.value = false;
      throw error;
    } finally {
      this.#pending -= 1;
      this.#told(this.#call.room.focus);
    }
  }

  #told(focus: Focus | null): void {
    if (focus === null) {
      this.left.value = false;
    }
    if (JSON.stringify(focus) !== JSON.stringify(this.focus.value)) {
      this.focus.value = focus;
    }
    // Another host leads, or has ended it.
    if (this.#pending === 0 && this.#asked !== "" && JSON.stringify(focus) !== this.#asked) {
      this.leading.value = false;
    }
  }
}
