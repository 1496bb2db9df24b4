// Keeping order: what a host does, and what a host's doing means to oneself.
import { effect, signal } from "@preact/signals";

import type { Moderation, ParticipantId, Rules, Source } from "../../call";
import type { RoomStore } from "../room-store";

/** What stands on the screen until the person has answered it. */
export interface Request {
  readonly key: string;
  readonly kind: "turned_off" | "asked";
  readonly source: Source;
  /** Who; null where a rule of the room did it. */
  readonly by: string | null;
}

/** A question before something that cannot be taken back. */
export interface Question {
  readonly title: string;
  readonly sentence: string;
  readonly yes: string;
  readonly act: Moderation;
}

export class Order {
  readonly requests = signal<readonly Request[]>([]);
  readonly question = signal<Question | null>(null);
  /** Somebody has come to the door since the host last put the notice aside. */
  readonly lobbyNotice = signal(false);

  readonly #store: RoomStore;
  readonly #stop: readonly (() => void)[];
  #waiting: ReadonlySet<ParticipantId> = new Set();

  constructor(store: RoomStore) {
    this.#store = store;
    const note = (kind: Request["kind"], source: Source, by: ParticipantId | null): void => {
      // The newest word on a source counts; the sound of a screen goes with it.
      if (source !== "screen_audio") {
        const name = by === null ? null : store.nameOf(by);
        const rest = this.requests.value.filter((request) => request.source !== source);
        this.requests.value = [...rest, { key: `${kind} ${source}`, kind, source, by: name }];
      }
    };
    this.#stop = [
      store.call.on("turned_off", ({ source, by }) => note("turned_off", source, by)),
      store.call.on("asked_to_turn_on", ({ source, by }) => note("asked", source, by)),
      effect(() => this.#lobbyChanged(store.lobby.value.map(({ id }) => id))),
      effect(() => this.#localChanged()),
    ];
  }

  /** Does it, or says why not. */
  moderate(order: Moderation): void {
    this.#store.attempt(this.#store.call.moderate(order));
  }

  /** Does it once the host has said yes. */
  ask(question: Question): void {
    this.question.value = question;
  }

  setRule(rule: keyof Rules, on: boolean): void {
    const rules = { ...this.#store.room.value.rules, [rule]: on };
    this.moderate({ action: "set_rules", rules });
  }

  /** Turns on what was asked for. Only the person themself can, by this. */
  comply({ key, source }: Request): void {
    this.putAside(key);
    switch (source) {
      case "microphone":
        this.#store.toggleMicrophone();
        break;
      case "camera":
        this.#store.toggleCamera();
        break;
      case "screen":
      case "screen_audio":
        this.#store.toggleScreen();
        break;
    }
  }

  putAside(key: string): void {
    this.requests.value = this.requests.value.filter((request) => request.key !== key);
  }

  close(): void {
    this.#stop.forEach((stop) => stop());
  }

  #lobbyChanged(waiting: readonly ParticipantId[]): void {
    if (waiting.some((id) => !this.#waiting.has(id))) {
      this.lobbyNotice.value = true;
    }
    this.#waiting = new Set(waiting);
  }

  /** Whoever turns a source on has answered what was asked of them. */
  #localChanged(): void {
    const { microphoneOn, camera, screen } = this.#store.local.value;
    const on: Readonly<Record<Source, boolean>> = {
      microphone: microphoneOn,
      camera: camera !== null,
      screen: screen !== null,
      screen_audio: false,
    };
    const before = this.requests.peek();
    if (before.some(({ source }) => on[source])) {
      this.requests.value = before.filter(({ source }) => !on[source]);
    }
  }
}
