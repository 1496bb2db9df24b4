// Captions: what somebody in the room types of what is said, for those who do not hear it. They
// stand in this page's memory alone; only how they look is remembered.
import type { Signal } from "@preact/signals";
import { effect, signal } from "@preact/signals";

import type { CallEnd, ChatLine, ParticipantId } from "../../call";
import { CallError } from "../../call";
import type { RoomStore } from "../room-store";
import { recall, remember } from "../storage";

export interface Caption {
  readonly key: number;
  readonly from: ParticipantId;
  /** Their name of the moment: people leave, their words stay. */
  readonly author: string;
  readonly text: string;
  /** Somebody else wrote the one before. */
  readonly begins: boolean;
}

export const SIZES = ["small", "medium", "large"] as const;
export const POSITIONS = ["bottom", "top"] as const;

/** What can be read again in the panel; at 2 000 characters each this is 400 kB at most. */
const LINES_MAX = 200;
/** Over the pictures. More would hide them. */
const SHOWN_MAX = 2;
/** Time to notice, and then to read without haste: 12 characters a second. */
const NOTICED_MS = 4000;
const READ_MS_PER_CHARACTER = 80;

export class Captions {
  /** All that is kept, the newest last. */
  readonly lines = signal<readonly Caption[]>([]);
  /** Those that stand over the pictures. */
  readonly shown = signal<readonly Caption[]>([]);
  /** Who began to write while they are off, until the person has answered. */
  readonly offeredBy = signal<string | null>(null);

  readonly on: Signal<boolean> = signal(recall("captions.on") !== null);
  readonly size = chosenOf("captions.size", SIZES, "medium");
  readonly position = chosenOf("captions.position", POSITIONS, "bottom");
  /** On a ground that lets nothing through. */
  readonly solid: Signal<boolean> = signal(recall("captions.solid") !== null);
  /** Screen readers read them out; they talk over the voices, so only on demand. */
  readonly announced: Signal<boolean> = signal(recall("captions.announced") !== null);

  /** The person writes them: the field is unfolded. */
  readonly writing = signal(false);
  readonly draft = signal("");
  /** Why the last one did not go. */
  readonly trouble = signal<CallEnd | null>(null);

  readonly #store: RoomStore;
  readonly #stop: readonly (() => void)[];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #count = 0;
  #offered = false;

  constructor(store: RoomStore) {
    this.#store = store;
    this.#stop = [
      store.call.on("chat", (line) => this.#take(line)),
      effect(() => remember("captions.on", this.on.value ? "1" : null)),
      effect(() => remember("captions.size", this.size.value)),
      effect(() => remember("captions.position", this.position.value)),
      effect(() => remember("captions.solid", this.solid.value ? "1" : null)),
      effect(() => remember("captions.announced", this.announced.value ? "1" : null)),
    ];
  }

  /** The answer to the offer. */
  answer(on: boolean): void {
    this.offeredBy.value = null;
    this.on.value = on;
  }

  write(text: string): void {
    this.draft.value = text;
    this.trouble.value = null;
  }

  /** Sends the draft and makes room at once, for whoever types does not wait. */
  async send(): Promise<void> {
    const text = this.draft.value.trim();
    if (text === "") {
      return;
    }
    this.write("");
    try {
      await this.#store.call.chat(text, { caption: true });
    } catch (error) {
      this.draft.value = [text, this.draft.value].join(" ").trim();
      this.trouble.value = error instanceof CallError ? error.code : "connection_failed";
    }
  }

  close(): void {
    this.#stop.forEach((stop) => stop());
    this.#timers.forEach(clearTimeout);
  }

  #take({ caption, from, text }: ChatLine): void {
    if (!caption) {
      return;
    }
    this.#count += 1;
    const line: Caption = {
      key: this.#count,
      from,
      author: this.#store.nameOf(from),
      text,
      begins: this.lines.value.at(-1)?.from !== from,
    };
    this.lines.value = [...this.lines.value, line].slice(-LINES_MAX);
    this.shown.value = [...this.shown.value, line].slice(-SHOWN_MAX);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.shown.value = this.shown.value.filter(({ key }) => key !== line.key);
      },
      NOTICED_MS + READ_MS_PER_CHARACTER * text.length,
    );
    this.#timers.add(timer);
    if (!this.#offered && from !== this.#store.call.you) {
      this.#offered = true;
      this.offeredBy.value = this.on.value ? null : line.author;
    }
  }
}

/** One of `choices`, as it was chosen before. */
function chosenOf<Choice extends string>(
  key: string,
  choices: readonly Choice[],
  usual: NoInfer<Choice>,
): Signal<Choice> {
  const remembered = recall(key);
  return signal(choices.find((choice) => choice === remembered) ?? usual);
}
