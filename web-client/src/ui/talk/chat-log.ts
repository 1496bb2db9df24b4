// The conversation in writing, in this page's memory alone.
import { computed, signal } from "@preact/signals";

import type { CallEnd, ChatLine, ParticipantId } from "../../call";
import { CallError } from "../../call";
import { t } from "../i18n";
import type { RoomStore } from "../room-store";
import type { Announcer } from "./announcements";

/** A text as it is shown. Names are those of the moment: people leave, their words stay. */
export interface Line {
  readonly key: number;
  readonly from: ParticipantId;
  readonly author: string;
  /** Whom alone it is for. */
  readonly to: string | null;
  readonly mine: boolean;
  readonly text: string;
  readonly at: Date;
}

/** Older lines go; at 2 000 characters each this is 2 MB at most. */
const LINES_MAX = 500;
/** `protocol::client::CHAT_CHARACTERS_MAX`, in Unicode characters. */
export const CHARACTERS_MAX = 2_000;
/** Longer texts are not read out; who wrote is. */
const READ_OUT_MAX = 140;

export class ChatLog {
  readonly lines = signal<readonly Line[]>([]);
  /** What is being written; it outlives the panel. */
  readonly draft = signal("");
  /** Whom it is for; null for everybody. */
  readonly to = signal<ParticipantId | null>(null);
  readonly sending = signal(false);
  /** Why the last text did not go. */
  readonly trouble = signal<CallEnd | null>(null);
  /** Lines that came while nobody looked. */
  readonly unread = signal(0);
  readonly length = computed(() => [...this.draft.value.trim()].length);

  readonly #store: RoomStore;
  readonly #announcer: Announcer;
  readonly #stop: readonly (() => void)[];
  #open = false;
  #count = 0;

  constructor(store: RoomStore, announcer: Announcer) {
    this.#store = store;
    this.#announcer = announcer;
    this.#stop = [store.call.on("chat", (line) => this.#take(line))];
  }

  /** The panel is open: what is there is read. */
  look(open: boolean): void {
    this.#open = open;
    if (open) {
      this.unread.value = 0;
    }
  }

  write(text: string): void {
    this.draft.value = text;
    this.trouble.value = null;
  }

  address(to: ParticipantId | null): void {
    this.to.value = to;
    this.trouble.value = null;
  }

  /** Sends the draft. It stays until the server has passed it on. */
  async send(): Promise<void> {
    const text = this.draft.value;
    if (text.trim() === "" || this.sending.value) {
      return;
    }
    this.sending.value = true;
    this.trouble.value = null;
    try {
      await this.#store.call.chat(text, { to: this.to.value });
      this.draft.value = "";
    } catch (error) {
      this.trouble.value = error instanceof CallError ? error.code : "connection_failed";
    } finally {
      this.sending.value = false;
    }
  }

  close(): void {
    this.#stop.forEach((stop) => stop());
  }

  #take({ from, to, text, caption }: ChatLine): void {
    if (caption) {
      return;
    }
    const mine = from === this.#store.call.you;
    this.#count += 1;
    const line: Line = {
      key: this.#count,
      from,
      author: this.#store.nameOf(from),
      to: to === null ? null : this.#store.nameOf(to),
      mine,
      text,
      at: new Date(),
    };
    this.lines.value = [...this.lines.value, line].slice(-LINES_MAX);
    if (mine) {
      return;
    }
    if (!this.#open) {
      this.unread.value += 1;
    }
    this.#announcer.tell("chat", line, summarize);
  }
}

/** One text is read out; of several, their number. */
function summarize(lines: readonly Line[]): string {
  const [line] = lines;
  const words = t().talk;
  if (line === undefined || lines.length > 1) {
    return words.messagesCame(lines.length);
  }
  const { author, to, text } = line;
  if ([...text].length > READ_OUT_MAX) {
    return (to === null ? words.longMessageFrom : words.longPrivateMessageFrom)(author);
  }
  return (to === null ? words.messageFrom : words.privateMessageFrom)(author, text);
}
