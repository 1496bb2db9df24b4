// What people show without words: raised hands, reactions, votes; and the room's clock.
import { computed, signal } from "@preact/signals";

import type { Choice, Poll, PollId, Reaction, ReactionShown } from "../../call";
import { t } from "../i18n";
import type { RoomStore } from "../room-store";
import type { Announcer } from "./announcements";

/** A reaction on its way over the screen. */
export interface Floating {
  readonly key: number;
  readonly reaction: Reaction;
  readonly name: string;
}

/** As long as `float` of talk.css. */
const FLOATING_MS = 4500;
const LAST_MINUTE_MS = 60_000;
/** More at once say nothing more. */
const FLOATING_MAX = 12;

export class Signs {
  readonly floating = signal<readonly Floating[]>([]);
  /** What one voted last, and in which poll. */
  readonly voted = signal<{ readonly poll: PollId; readonly choice: Choice } | null>(null);
  /** One's place among the raised hands, from 1; 0 while one's hand is down. */
  readonly place = computed(() => this.#store.handOf(this.#store.call.you) ?? 0);

  /** When the room's time is up, by `performance.now()`; null without a timer. */
  readonly endsAt = signal<number | null>(null);

  readonly #store: RoomStore;
  readonly #announcer: Announcer;
  readonly #stop: readonly (() => void)[];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #alarms: readonly ReturnType<typeof setTimeout>[] = [];
  /** The end of the running time is still to be told. */
  #endIsDue = false;
  #count = 0;
  /** Who had a hand up, and which poll was open, when last told. */
  #hands: ReadonlySet<number>;
  #poll: Poll | null;

  constructor(store: RoomStore, announcer: Announcer) {
    this.#store = store;
    this.#announcer = announcer;
    this.#hands = new Set(store.room.value.hands);
    this.#poll = store.room.value.poll;
    this.#stop = [
      store.call.on("reaction", (shown) => this.#show(shown)),
      store.room.subscribe(() => this.#roomChanged()),
    ];
  }

  toggleHand(): void {
    this.#store.attempt(this.#store.call.setHand(this.place.value === 0));
  }

  react(reaction: Reaction): void {
    this.#store.attempt(this.#store.call.react(reaction));
  }

  vote(poll: PollId, choice: Choice): void {
    const before = this.voted.value;
    this.voted.value = { poll, choice };
    const done = this.#store.call.vote(poll, choice).catch((error: unknown) => {
      this.voted.value = before;
      throw error;
    });
    this.#store.attempt(done);
  }

  /** What is left of the room's time; 0 once it is up. */
  leftMs(): number {
    return Math.max(0, (this.endsAt.value ?? 0) - performance.now());
  }

  close(): void {
    this.#alarms.forEach(clearTimeout);
    this.#stop.forEach((stop) => stop());
    this.#timers.forEach(clearTimeout);
  }

  #show({ participant, reaction }: ReactionShown): void {
    this.#count += 1;
    const floating = { key: this.#count, reaction, name: this.#store.nameOf(participant) };
    this.floating.value = [...this.floating.value, floating].slice(-FLOATING_MAX);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.floating.value = this.floating.value.filter(({ key }) => key !== floating.key);
    }, FLOATING_MS);
    this.#timers.add(timer);
    if (participant !== this.#store.call.you) {
      this.#announcer.tell("reactions", floating, sayReactions);
    }
  }

  /** Hosts are told of new hands, everybody of a new question and of how it went. */
  #roomChanged(): void {
    const { hands, poll, timer } = this.#store.room.value;
    this.#setAlarms(timer?.left_ms ?? null);
    const raised = hands.filter((id) => !this.#hands.has(id) && id !== this.#store.call.you);
    this.#hands = new Set(hands);
    if (raised.length > 0 && this.#store.role.value === "host") {
      const { handRaised, handsRaised } = t().talk;
      const [first] = raised;
      this.#store.say(
        raised.length === 1 && first !== undefined
          ? handRaised(this.#store.nameOf(first))
          : handsRaised(hands.length),
      );
    }
    const before = this.#poll;
    this.#poll = poll;
    if (poll !== null && poll.id !== before?.id) {
      const { question } = poll;
      this.#announcer.tell("poll", 0, () => t().talk.pollOpened(question));
    } else if (poll?.result != null && before?.result == null) {
      const { yes, no, abstain } = poll.result;
      this.#announcer.tell("poll", 0, () => t().talk.pollClosed(yes, no, abstain));
    }
  }

  /** Everybody is told of the last minute and of the end; never of what was over before. */
  #setAlarms(leftMs: number | null): void {
    this.#alarms.forEach(clearTimeout);
    this.endsAt.value = leftMs === null ? null : performance.now() + leftMs;
    if (leftMs === null) {
      this.#endIsDue = false;
      return;
    }
    if (leftMs <= 0) {
      // The server's word of the end may come before one's own alarm.
      this.#tellEnd();
      return;
    }
    this.#endIsDue = true;
    this.#alarms = [setTimeout(() => this.#tellEnd(), leftMs)];
    if (leftMs > LAST_MINUTE_MS) {
      const tell = (): void => this.#tellTime(t().talk.minuteLeft);
      this.#alarms = [...this.#alarms, setTimeout(tell, leftMs - LAST_MINUTE_MS)];
    }
  }

  #tellEnd(): void {
    if (this.#endIsDue) {
      this.#endIsDue = false;
      this.#tellTime(t().talk.timeOver);
    }
  }

  #tellTime(sentence: string): void {
    this.#announcer.tell("timer", sentence, () => sentence);
  }
}

function sayReactions(shown: readonly Floating[]): string {
  const [one] = shown;
  const { reactionBy, reactionNames, reactionsShown } = t().talk;
  return one !== undefined && shown.length === 1
    ? reactionBy(one.name, reactionNames[one.reaction])
    : reactionsShown(shown.length);
}
