// What this side sends: devices are opened, muted and let go here, whatever carries them.
import type { CaptureLimits, DeviceChoice, LocalMedia, SourceLost } from "./api";
import type { Environment } from "./environment";
import type { MediaConnection } from "./media";
import type { PublishedSource, Source, SourceState } from "./protocol.gen";

export interface LocalHandlers {
  onChange(local: LocalMedia): void;
  onLost(lost: SourceLost): void;
  /** Others must hear of it: the source is on with this state, or off. */
  onPublish(source: Source, state: SourceState | null): void;
}

/** A track and who may stop it. */
interface Held {
  readonly track: MediaStreamTrack;
  /** Opened here; a track of the page is left open. */
  readonly owned: boolean;
  readonly on: boolean;
}

/** Echo cancellation stays on always: one person without it is heard twice by everybody. */
const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

const CAMERA_HEIGHT = 720;
const CAMERA_FRAME_RATE = 30;

/** What cameras are made for; a browser that has to crop to it does. */
const CAMERA_RATIO = 16 / 9;

/** The device that is asked for, and any other where it is not there. */
interface Preference {
  readonly ideal: string;
}

/** What the browser is asked for; leaving a device out leaves it closed. */
export function deviceConstraints(
  wanted: {
    readonly microphone?: DeviceChoice | Preference;
    readonly camera?: DeviceChoice | Preference;
  },
  limits: CaptureLimits = {},
): MediaStreamConstraints {
  const by = (choice: DeviceChoice | Preference): MediaTrackConstraints => {
    const deviceId = typeof choice === "string" ? { exact: choice } : choice;
    return deviceId === true ? {} : { deviceId };
  };
  return {
    ...(wanted.microphone && { audio: { ...MICROPHONE, ...by(wanted.microphone) } }),
    ...(wanted.camera && { video: { ...cameraWithin(limits), ...by(wanted.camera) } }),
  };
}

/**
 * A limit is a wish for this size and a bound for the rate: as a bound of the height it would shut
 * out cameras that make no picture so small.
 */
function cameraWithin({
  maxHeight = CAMERA_HEIGHT,
  maxFrameRate = CAMERA_FRAME_RATE,
}: CaptureLimits): MediaTrackConstraints {
  const height = Math.min(CAMERA_HEIGHT, maxHeight);
  const frameRate = Math.min(CAMERA_FRAME_RATE, maxFrameRate);
  return {
    width: { ideal: Math.round(height * CAMERA_RATIO) },
    height: { ideal: height },
    frameRate: { ideal: frameRate, max: frameRate },
  };
}

/**
 * As large as the screen is. A page that is scrolled needs no more frames; each one less leaves
 * more bits for sharp letters. The sound of a film is no voice: nothing is to be taken out of it.
 */
const SCREEN: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 15, max: 15 } },
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
};

export class LocalSources {
  readonly #environment: Environment;
  readonly #handlers: LocalHandlers;
  readonly #limits: CaptureLimits;
  readonly #held = new Map<Source, Held>();
  /** A page's own track, kept while its source is off, so that it can come back. */
  readonly #pageTracks = new Map<Source, MediaStreamTrack>();
  /** Devices by id, as used last or chosen for the next time. */
  readonly #preferred = new Map<Source, string>();
  #connection: MediaConnection | null = null;
  /** One change at a time: two quick presses end in the state of the second. */
  #queue: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(environment: Environment, limits: CaptureLimits, handlers: LocalHandlers) {
    this.#environment = environment;
    this.#handlers = handlers;
    this.#limits = limits;
  }

  get media(): LocalMedia {
    const microphone = this.#held.get("microphone");
    return {
      microphone: microphone?.track ?? null,
      microphoneOn: microphone?.on ?? false,
      camera: this.#held.get("camera")?.track ?? null,
      screen: this.#held.get("screen")?.track ?? null,
    };
  }

  /** What is on, as `join` says it. */
  get published(): PublishedSource[] {
    return [...this.#held]
      .filter(([, { on }]) => on)
      .map(([source, { track }]) => ({ source, ...stateOf(track) }));
  }

  /** Another connection carries the tracks from here on. */
  async attach(connection: MediaConnection): Promise<void> {
    this.#connection = connection;
    for (const [source, { track }] of this.#held) {
      await connection.send(source, track);
    }
  }

  /** Takes in a track of the page before joining. */
  adopt(source: "microphone" | "camera", track: MediaStreamTrack): void {
    this.#pageTracks.set(source, track);
    this.#hold(source, track, false);
  }

  /** The page has given its tracks away: from here on they are let go like any other. */
  ownAdopted(): void {
    this.#pageTracks.clear();
    for (const [source, held] of this.#held) {
      this.#held.set(source, { ...held, owned: true });
    }
  }

  open(source: "microphone" | "camera"): Promise<void> {
    return this.#inTurn(() => this.#turnOn(source));
  }

  setMicrophone(on: boolean, deviceId?: string): Promise<void> {
    return this.#inTurn(async () => {
      const held = this.#held.get("microphone");
      if (deviceId !== undefined || (on && held === undefined)) {
        await this.#turnOn("microphone", deviceId, on);
      } else if (held !== undefined && held.on !== on) {
        // The device stays open, so that the first word after unmuting is heard.
        held.track.enabled = on;
        this.#held.set("microphone", { ...held, on });
        this.#changed("microphone");
      }
    });
  }

  setCamera(on: boolean, deviceId?: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!on && deviceId !== undefined) {
        this.#preferred.set("camera", deviceId);
      }
      const held = this.#held.get("camera");
      if (on && (held === undefined || deviceId !== undefined)) {
        await this.#turnOn("camera", deviceId);
      } else if (!on && held !== undefined) {
        await this.#turnOff("camera");
      }
    });
  }

  shareScreen(on: boolean): Promise<void> {
    // The browser grants a share only within a person's gesture, so this does not wait its turn.
    const asked =
      on && !this.#held.has("screen") ? this.#environment.getDisplayMedia(SCREEN) : null;
    return this.#inTurn(async () => {
      if (!on) {
        await this.#turnOff("screen");
        await this.#turnOff("screen_audio");
        return;
      }
      for (const track of (await asked)?.getTracks() ?? []) {
        if (track.kind === "video") {
          track.contentHint = "detail";
        }
        await this.#carry(track.kind === "video" ? "screen" : "screen_audio", track, true);
      }
    });
  }

  /** Somebody else has turned a source off. A microphone is silent at once, whatever is pending. */
  turnOff(source: Source): Promise<void> {
    switch (source) {
      case "microphone": {
        const held = this.#held.get(source);
        if (held !== undefined) {
          held.track.enabled = false;
        }
        return this.setMicrophone(false);
      }
      case "camera":
        return this.setCamera(false);
      case "screen":
        return this.shareScreen(false);
      case "screen_audio":
        return this.#inTurn(() => this.#turnOff(source));
    }
  }

  /** Says what is different from what `join` said. */
  publishChanges(said: readonly PublishedSource[]): void {
    const on = this.published;
    for (const { source, ...state } of on) {
      const before = said.find((one) => one.source === source);
      if (before?.width !== state.width || before.height !== state.height) {
        this.#handlers.onPublish(source, state);
      }
    }
    for (const { source } of said) {
      if (on.every((one) => one.source !== source)) {
        this.#handlers.onPublish(source, null);
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (const { track, owned } of this.#held.values()) {
      if (owned) {
        track.stop();
      }
    }
    this.#held.clear();
    this.#handlers.onChange(this.media);
  }

  /** A microphone may be opened muted: to change to another one is not to speak. */
  async #turnOn(source: "microphone" | "camera", deviceId?: string, on = true): Promise<void> {
    const pageTrack = this.#pageTracks.get(source);
    if (deviceId === undefined && pageTrack?.readyState === "live") {
      await this.#carry(source, pageTrack, false);
      return;
    }
    const ideal = this.#preferred.get(source);
    const choice = deviceId ?? (ideal === undefined || { ideal });
    const stream = await this.#environment.getUserMedia(
      deviceConstraints({ [source]: choice }, this.#limits),
    );
    const [track] = stream.getTracks();
    if (track !== undefined) {
      await this.#carry(source, track, true, on);
    }
  }

  async #turnOff(source: Source): Promise<void> {
    const held = this.#held.get(source);
    if (held === undefined) {
      return;
    }
    this.#held.delete(source);
    if (held.owned) {
      held.track.stop();
    }
    await this.#connection?.send(source, null);
    this.#changed(source);
  }

  async #carry(source: Source, track: MediaStreamTrack, owned: boolean, on = true): Promise<void> {
    if (this.#closed) {
      track.stop();
      return;
    }
    const before = this.#held.get(source);
    track.enabled = on;
    await this.#connection?.send(source, track);
    if (before?.owned === true && before.track !== track) {
      before.track.stop();
    }
    this.#hold(source, track, owned);
    this.#changed(source);
  }

  #hold(source: Source, track: MediaStreamTrack, owned: boolean): void {
    this.#held.set(source, { track, owned, on: track.enabled });
    const { deviceId } = track.getSettings();
    if (deviceId !== undefined) {
      this.#preferred.set(source, deviceId);
    }
    track.addEventListener("ended", () => void this.#ended(source, track), { once: true });
  }

  /** Only the browser or the device ends a track this way; our own `stop` raises no event. */
  #ended(source: Source, track: MediaStreamTrack): Promise<void> {
    return this.#inTurn(async () => {
      const held = this.#held.get(source);
      if (held?.track !== track || this.#closed) {
        return;
      }
      await this.#turnOff(source);
      if (source === "screen" || source === "screen_audio") {
        await this.#turnOff(source === "screen" ? "screen_audio" : "screen");
        this.#handlers.onLost({ source, cause: "stopped" });
        return;
      }
      if (source === "microphone" && held.on) {
        // A headset that is pulled out should leave one with the built-in microphone.
        await this.#turnOn(source).catch(() => undefined);
      }
      this.#handlers.onLost({ source, cause: "unplugged" });
    });
  }

  #changed(source: Source): void {
    const held = this.#held.get(source);
    this.#handlers.onPublish(source, held?.on === true ? stateOf(held.track) : null);
    this.#handlers.onChange(this.media);
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(act);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

function stateOf(track: MediaStreamTrack): SourceState {
  const { width = 0, height = 0 } = track.kind === "video" ? track.getSettings() : {};
  return { width, height };
}
