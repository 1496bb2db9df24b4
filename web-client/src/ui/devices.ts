// Camera and microphone before the call: asked for once, shown, and handed over to the call.
import type { Signal } from "@preact/signals";
import { signal } from "@preact/signals";

import type { Call } from "../call";
import { openDevices } from "../call";
import type { Comeback } from "./coming-back";
import { site } from "./site";
import { recall, remember } from "./storage";

export type DeviceKind = "microphone" | "camera";

/** Why a device is not there; each has a sentence that says what to do. */
export type DeviceTrouble = "refused" | "missing" | "busy";

export type DeviceState =
  | { readonly kind: "off" }
  | { readonly kind: "asking" }
  | { readonly kind: "open"; readonly track: MediaStreamTrack }
  | { readonly kind: "trouble"; readonly trouble: DeviceTrouble };

export const DEVICE_KINDS: readonly DeviceKind[] = ["microphone", "camera"];

const MUTED_KEY = "microphone.muted";

export class Devices {
  readonly state: Readonly<Record<DeviceKind, Signal<DeviceState>>> = {
    microphone: signal<DeviceState>({ kind: "off" }),
    camera: signal<DeviceState>({ kind: "off" }),
  };
  /** Whether nobody looks any more: a device that the person allows late is closed again. */
  #released = false;
  /** A muted microphone stays open, so that unmuting is instant. */
  readonly microphoneOn = signal(recall(MUTED_KEY) === null);

  /** Asks for what was on last time: in one question where the browser can. */
  start(): Promise<void> {
    return this.#start(DEVICE_KINDS.filter((kind) => recall(`${kind}.off`) === null));
  }

  /** Opens the devices that were in use before a reload. */
  async restart({ microphoneOn, cameraOn }: Comeback): Promise<void> {
    this.microphoneOn.value = microphoneOn;
    await this.#start(DEVICE_KINDS.filter((kind) => kind === "microphone" || cameraOn));
  }

  async #start(wanted: readonly DeviceKind[]): Promise<void> {
    if (!canCapture()) {
      return;
    }
    this.#released = false;
    const wishes = Object.fromEntries(wanted.map((kind) => [kind, recall(`${kind}.id`) ?? true]));
    wanted.forEach((kind) => this.#set(kind, { kind: "asking" }));
    try {
      this.#take(await openDevices(wishes, site.media));
    } catch {
      // One of the two may be missing, or a remembered device gone: each is tried for itself.
      for (const kind of wanted) {
        await this.open(kind);
      }
    }
  }

  /** Opens the device named, else the remembered one, else any. */
  async open(kind: DeviceKind, deviceId?: string): Promise<void> {
    this.#set(kind, { kind: "asking" });
    const remembered = deviceId ?? recall(`${kind}.id`);
    try {
      this.#take(await openPreferred(kind, remembered));
      remember(`${kind}.off`, null);
    } catch (error) {
      this.#set(kind, { kind: "trouble", trouble: troubleOf(error) });
    }
  }

  toggleMicrophone(): void {
    const state = this.state.microphone.value;
    if (state.kind !== "open") {
      this.#setMicrophoneOn(true);
      void this.open("microphone");
      return;
    }
    state.track.enabled = !state.track.enabled;
    this.#setMicrophoneOn(state.track.enabled);
  }

  toggleCamera(): void {
    if (this.state.camera.value.kind === "open") {
      this.#set("camera", { kind: "off" });
      remember("camera.off", "1");
    } else {
      void this.open("camera");
    }
  }

  track(kind: DeviceKind): MediaStreamTrack | null {
    const state = this.state[kind].value;
    return state.kind === "open" ? state.track : null;
  }

  /** Lets go of a device, without remembering that it should stay closed. */
  close(kind: DeviceKind): void {
    this.#set(kind, { kind: "off" });
  }

  /**
   * The call has the tracks from here on, and brings about what the person has changed since it was
   * given them, as one may while waiting in the lobby.
   */
  settle(call: Call): void {
    const [camera, microphone] = [this.track("camera"), this.track("microphone")];
    const { local } = call;
    this.#released = true;
    for (const kind of DEVICE_KINDS) {
      const track = this.track(kind);
      if (track !== null && track !== local[kind]) {
        track.stop();
      }
      this.state[kind].value = { kind: "off" };
    }
    const refused = (): void => undefined;
    if (local.microphoneOn !== (microphone?.enabled === true)) {
      call.setMicrophone(!local.microphoneOn).catch(refused);
    }
    if (local.camera !== camera) {
      call.setCamera(false).catch(refused);
      if (camera !== null) {
        call.setCamera(true, camera.getSettings().deviceId).catch(refused);
      }
    }
  }

  release(): void {
    this.#released = true;
    DEVICE_KINDS.forEach((kind) => this.#set(kind, { kind: "off" }));
  }

  #setMicrophoneOn(on: boolean): void {
    this.microphoneOn.value = on;
    rememberMuted(!on);
  }

  #take(stream: MediaStream): void {
    if (this.#released) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    for (const track of stream.getTracks()) {
      const kind = track.kind === "audio" ? "microphone" : "camera";
      this.#set(kind, { kind: "open", track });
      if (kind === "microphone") {
        track.enabled = this.microphoneOn.value;
      } else {
        void restoreBlur(track);
      }
      rememberDevice(kind, track.getSettings().deviceId ?? null);
      track.addEventListener("ended", () => {
        if (this.track(kind) === track) {
          this.#set(kind, { kind: "trouble", trouble: "missing" });
        }
      });
    }
  }

  #set(kind: DeviceKind, state: DeviceState): void {
    const before = this.track(kind);
    this.state[kind].value = state;
    if (before !== null && before !== this.track(kind)) {
      before.stop();
    }
  }
}

/** Absent on plain HTTP away from localhost. */
export function canCapture(): boolean {
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  return devices !== undefined;
}

export function canShareScreen(): boolean {
  return canCapture() && typeof navigator.mediaDevices.getDisplayMedia === "function";
}

/** The devices there are to choose from. Their names are given only once one was allowed. */
export async function listDevices(kind: DeviceKind): Promise<MediaDeviceInfo[]> {
  if (!canCapture()) {
    return [];
  }
  const wanted = kind === "microphone" ? "audioinput" : "videoinput";
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind: found, deviceId }) => found === wanted && deviceId !== "");
}

/** The ids of the devices that are plugged in. */
export async function sourcesThere(kind: DeviceKind): Promise<readonly string[]> {
  return (await listDevices(kind)).map(({ deviceId }) => deviceId);
}

export function rememberDevice(kind: DeviceKind, deviceId: string | null): void {
  remember(`${kind}.id`, deviceId);
}

export function rememberMuted(muted: boolean): void {
  remember(MUTED_KEY, muted ? "1" : null);
}

/** Whether the camera can itself blur what is behind a person, and leave it. */
export function canBlur(track: MediaStreamTrack): boolean {
  // W3C mediacapture-extensions, which the library of types does not have. Safari before 17 and
  // Firefox before 132 have no capabilities to ask for.
  const { backgroundBlur = [] } = (track.getCapabilities?.() ?? {}) as BlurCapability;
  return backgroundBlur.includes(true) && backgroundBlur.includes(false);
}

export function isBlurred(track: MediaStreamTrack): boolean {
  return (track.getSettings() as BlurSetting).backgroundBlur === true;
}

/** Rejects with the browser's error. */
export async function setBlur(track: MediaStreamTrack, on: boolean): Promise<void> {
  const wish: BlurSetting = { backgroundBlur: on };
  // New constraints take the place of all those before.
  await track.applyConstraints({ ...track.getConstraints(), ...wish });
  remember(BLUR_KEY, on ? "1" : null);
}

/** Blurs again where the person had it so, on any camera that can. */
export async function restoreBlur(track: MediaStreamTrack): Promise<void> {
  if (recall(BLUR_KEY) !== null && canBlur(track) && !isBlurred(track)) {
    // A camera that refuses now shows what it always showed.
    await setBlur(track, true).catch(() => undefined);
  }
}

const BLUR_KEY = "camera.blur";

interface BlurCapability {
  readonly backgroundBlur?: readonly boolean[];
}

interface BlurSetting {
  readonly backgroundBlur?: boolean;
}

/** What the names of the browser's errors mean to a person. */
export function troubleOf(error: unknown): DeviceTrouble {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "refused";
  }
}

/** A remembered device may be unplugged: then any will do. */
async function openPreferred(kind: DeviceKind, deviceId: string | null): Promise<MediaStream> {
  if (deviceId !== null) {
    try {
      return await openDevices({ [kind]: deviceId }, site.media);
    } catch (error) {
      if (troubleOf(error) !== "missing") {
        throw error;
      }
    }
  }
  return openDevices({ [kind]: true }, site.media);
}
