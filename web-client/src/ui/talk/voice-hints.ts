// Helps those who speak while muted: the space bar opens the microphone as long as it is held, and
// a word into a closed microphone is noticed. What is heard for that never leaves this page.
import { effect, signal } from "@preact/signals";

import type { RoomStore } from "../room-store";
import { shortcutsOn } from "../shortcuts";

/** How often the muted microphone is looked at. */
const LISTEN_MS = 200;
/** A voice at arm's length; fans and keyboards stay below it (root of the mean square, 0 to 1). */
const VOICE_MIN = 0.04;
/** Looks in a row with a voice before it is speech, and no cough. */
const LOOKS_MIN = 3;
/** Whoever has just muted knows it, and may still finish a word. */
const GRACE_LOOKS = 10;
/** Nobody is reminded more often. */
const REMINDER_PAUSE_MS = 60_000;
const REMINDER_MS = 8_000;

/** What a held space bar is meant for, once the keyboard has brought somebody there. */
const USES_SPACE = "a, button, summary, [tabindex]";
const TYPES = "input, textarea, select, dialog, [contenteditable]";

export class VoiceHints {
  /** The space bar is held, and the microphone open for that long. */
  readonly talking = signal(false);
  /** Somebody speaks while muted. */
  readonly reminder = signal(false);

  readonly #store: RoomStore;
  readonly #stop: readonly (() => void)[];
  #ear: Ear | null = null;
  /** The focus is where a pointer left it. `:focus-visible` changes with the key itself. */
  #byPointer = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: RoomStore) {
    this.#store = store;
    const down = (event: KeyboardEvent): void => this.#down(event);
    const up = (event: KeyboardEvent): void => {
      if (event.code === "Space" && this.talking.value) {
        // A button that has the focus must not be pressed by it.
        event.preventDefault();
        this.release();
      }
    };
    const away = (): void => this.release();
    const point = (): void => {
      this.#byPointer = true;
    };
    addEventListener("pointerdown", point);
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    addEventListener("blur", away);
    this.#stop = [
      () => removeEventListener("keydown", down),
      () => removeEventListener("keyup", up),
      () => removeEventListener("blur", away),
      () => removeEventListener("pointerdown", point),
      effect(() => {
        const { microphone, microphoneOn } = store.local.value;
        this.#listenTo(microphoneOn ? null : microphone);
      }),
    ];
  }

  dismiss(): void {
    clearTimeout(this.#timer);
    this.reminder.value = false;
  }

  /** The space bar is let go, or the window has lost it. */
  release(): void {
    if (this.talking.value) {
      this.talking.value = false;
      this.#store.call.setMicrophone(false).catch(() => undefined);
    }
  }

  close(): void {
    this.#stop.forEach((stop) => stop());
    clearTimeout(this.#timer);
    this.#ear?.close();
  }

  #down(event: KeyboardEvent): void {
    const { microphone, microphoneOn } = this.#store.local.value;
    if (event.code === "Tab") {
      this.#byPointer = false;
    }
    const meant = event.code === "Space" && shortcutsOn.value;
    if (!meant || isForSomethingElse(event, this.#byPointer)) {
      return;
    }
    if (this.talking.value) {
      // Repeats of the held key do not scroll.
      event.preventDefault();
    } else if (microphone !== null && !microphoneOn && !event.repeat) {
      event.preventDefault();
      this.talking.value = true;
      this.#store.turnMicrophone(true);
    }
  }

  #listenTo(track: MediaStreamTrack | null): void {
    if (track !== null && this.#ear?.original === track) {
      return;
    }
    this.#ear?.close();
    this.#ear = track === null ? null : new Ear(track, () => this.#remind());
    if (track === null) {
      this.dismiss();
    }
  }

  #remind(): void {
    const now = performance.now();
    if (now - this.#toldAt < REMINDER_PAUSE_MS) {
      return;
    }
    this.#toldAt = now;
    this.reminder.value = true;
    this.#timer = setTimeout(() => (this.reminder.value = false), REMINDER_MS);
  }
}

/** Hears whether somebody speaks into a muted microphone. */
class Ear {
  readonly original: MediaStreamTrack;
  /** A copy, because a muted track carries silence to whoever listens. */
  readonly #track: MediaStreamTrack;
  readonly #context = new AudioContext();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(track: MediaStreamTrack, spoken: () => void) {
    this.original = track;
    this.#track = track.clone();
    this.#track.enabled = true;
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 2048;
    this.#context.createMediaStreamSource(new MediaStream([this.#track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let looks = -GRACE_LOOKS;
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      looks = looks < 0 || Math.sqrt(power) >= VOICE_MIN ? looks + 1 : 0;
      if (looks === LOOKS_MIN) {
        spoken();
      }
    }, LISTEN_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#track.stop();
    void this.#context.close();
  }
}

/** After a click the focus stays on a button; only who came by keyboard means it with the key. */
function isForSomethingElse(
  { target, ctrlKey, metaKey, altKey }: KeyboardEvent,
  byPointer: boolean,
): boolean {
  if (ctrlKey || metaKey || altKey) {
    return true;
  }
  if (!(target instanceof Element)) {
    return false;
  }
  return target.closest(TYPES) !== null || (!byPointer && target.closest(USES_SPACE) !== null);
}
