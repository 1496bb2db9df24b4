// Keeps a person present in a call while their device dims, sleeps, rings and changes headsets.
import type { RoomStore } from "./room-store";
import { restoreBlur, sourcesThere } from "./devices";
import { t } from "./i18n";
import { recall } from "./storage";

/** Phones give a camera back within a moment of the page's return; later it takes a new start. */
const RETURN_MS = 1_500;

export class Presence {
  readonly #store: RoomStore;
  readonly #stops: (() => void)[] = [];
  #wakeLock: WakeLockSentinel | null = null;
  /** The system took the camera while the page was not shown, or just when it was again. */
  #cameraTaken = false;
  #shownAt = performance.now();
  #camera: MediaStreamTrack | null = null;
  #closed = false;

  constructor(store: RoomStore) {
    this.#store = store;
    const { call } = store;
    this.#listen(document, "visibilitychange", () => this.#visibilityChanged());
    const devices: MediaDevices | undefined = navigator.mediaDevices;
    if (devices !== undefined) {
      this.#listen(devices, "devicechange", () => void this.#devicesChanged());
    }
    this.#stops.push(
      call.on("source_lost", ({ source }) => this.#lost(source)),
      call.on("local", ({ camera }) => this.#cameraChanged(camera)),
    );
    this.#cameraChanged(call.local.camera);
    void this.#stayAwake();
  }

  close(): void {
    this.#closed = true;
    this.#stops.forEach((stop) => stop());
    void this.#wakeLock?.release().catch(() => undefined);
  }

  /** The system lets go of the lock whenever the page is hidden. */
  async #stayAwake(): Promise<void> {
    const { wakeLock } = navigator as { readonly wakeLock?: WakeLock };
    // A battery that is low, or an embedding page, may refuse.
    const lock = await wakeLock?.request("screen").catch(() => null);
    this.#wakeLock = lock ?? null;
    if (this.#closed) {
      await lock?.release();
    }
  }

  #visibilityChanged(): void {
    if (document.hidden) {
      return;
    }
    this.#shownAt = performance.now();
    void this.#stayAwake();
    setTimeout(() => void this.#takeBack(), RETURN_MS);
  }

  /** iOS ends or mutes what is captured while another page or a telephone call has the devices. */
  async #takeBack(): Promise<void> {
    if (this.#closed || document.hidden) {
      return;
    }
    const { call } = this.#store;
    const { camera, microphone, microphoneOn } = call.local;
    if (this.#cameraTaken || camera?.muted === true) {
      this.#cameraTaken = false;
      const deviceId = camera?.getSettings().deviceId ?? recall("camera.id") ?? undefined;
      await call.setCamera(true, deviceId).then(
        () => this.#store.say(t().door.cameraBack),
        // The button is there to try again.
        () => undefined,
      );
    }
    if (microphoneOn && microphone?.muted === true) {
      await call.setMicrophone(true, microphone.getSettings().deviceId).catch(() => undefined);
    }
  }

  #lost(source: string): void {
    if (source === "camera") {
      const justBack = performance.now() - this.#shownAt < RETURN_MS;
      this.#cameraTaken = document.hidden || justBack;
    } else if (source === "microphone") {
      this.#sayMicrophone();
    }
  }

  /** Which device one is heard by; silent where none took over, as the store has said why. */
  #sayMicrophone(): void {
    const label = this.#store.call.local.microphone?.label ?? "";
    if (label !== "") {
      this.#store.say(t().door.microphoneNow(label));
    }
  }

  /** A headset that is plugged in again is used again, if one is being heard anyway. */
  async #devicesChanged(): Promise<void> {
    const { call } = this.#store;
    const { microphone, microphoneOn } = call.local;
    const preferred = recall("microphone.id");
    if (preferred === null || !microphoneOn || microphone === null) {
      return;
    }
    const there = await sourcesThere("microphone");
    const inUse = microphone.getSettings().deviceId;
    if (inUse !== preferred && there.includes(preferred)) {
      await call.setMicrophone(true, preferred).then(
        () => this.#sayMicrophone(),
        () => undefined,
      );
    }
  }

  #cameraChanged(camera: MediaStreamTrack | null): void {
    if (camera !== null && camera !== this.#camera) {
      void restoreBlur(camera);
    }
    this.#camera = camera;
  }

  #listen(target: EventTarget, event: string, act: () => void): void {
    target.addEventListener(event, act);
    this.#stops.push(() => target.removeEventListener(event, act));
  }
}
