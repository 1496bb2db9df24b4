// What one source sends: how many encodings, how large, in which codec, with which layers in time.
//
// The browser is asked by `setParameters` and believed only by what `getParameters` says after it:
// engines leave out what they do not know. One change at a time; the newest wish is the one kept.
import { findCodec } from "./codecs";
import type { Codec } from "./protocol.gen";

/** What of a source somebody makes use of. */
export interface Wanted {
  /** Encodings, counted from the smallest; 0 where nobody watches. */
  readonly encodings: number;
  /** Of the tallest picture of use, in pixels; 0 where that is not known. */
  readonly maxHeight: number;
  /** The codec to send in; null for the first that the answer names. */
  readonly codec: Codec | null;
}

export const EVERYTHING: Wanted = { encodings: Number.MAX_SAFE_INTEGER, maxHeight: 0, codec: null };

/** Layers in time (W3C webrtc-svc), the best first: a receiver on a thin line gets fewer frames. */
export const TEMPORAL_MODES = ["L1T3", "L1T2"] as const;

/** Halving twice leaves a picture readable as a tile; below that the encoder gains nothing. */
const SHRINK_MAX = 4;

/**
 * How many encodings a capture of so many pixels is worth. Chromium makes no more of a smaller one
 * (`kSimulcastFormats` in libwebrtc's video/config/simulcast.cc) and leaves out the largest, so
 * that a camera of 640 by 360 would be seen at 320 by 180.
 */
const WORTH: readonly { readonly pixels: number; readonly encodings: number }[] = [
  { pixels: 960 * 540, encodings: 3 },
  { pixels: 480 * 270, encodings: 2 },
  { pixels: 1, encodings: 1 },
];

type Encoding = RTCRtpEncodingParameters;

/** The part of `RTCRtpSender` that is used. */
export type Sender = Pick<RTCRtpSender, "track" | "getParameters" | "setParameters">;

export class Sending {
  readonly #sender: Sender;
  /** The browser cannot switch the codec of a sender: only a new offer can. */
  readonly #onOfferNeeded: (codec: Codec | null) => void;
  #wanted: Wanted = EVERYTHING;
  /** Found out by trial, once. */
  #switchesCodecs = true;
  #hasLayers = true;
  /** Layers are asked for once after each answer and each switch of the codec. */
  #layersDue = false;
  /** The first of the answer. Chromium's own list begins with the one that was switched to. */
  #preferred: RTCRtpCodec | undefined;
  /** The codec that the offer was restricted to. */
  #offered: Codec | null = null;
  #queue: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(sender: Sender, onOfferNeeded: (codec: Codec | null) => void) {
    this.#sender = sender;
    this.#onOfferNeeded = onOfferNeeded;
  }

  /** The room's wish has changed. */
  want(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    return this.#settle();
  }

  /** An answer is in force: codecs are known, and layers can be asked for. */
  handleAnswer(): Promise<void> {
    this.#layersDue = true;
    const { codecs, encodings } = this.#sender.getParameters();
    if (encodings.every(({ codec }) => codec === undefined)) {
      [this.#preferred] = codecs;
    }
    return this.#settle();
  }

  /** The track has changed, and with it perhaps the size of the picture. */
  handleTrack(): Promise<void> {
    return this.#settle();
  }

  close(): void {
    this.#closed = true;
  }

  /** Brings the browser to what is wanted, after whatever it does just then. */
  #settle(): Promise<void> {
    this.#queue = this.#queue
      .then(async () => {
        await this.#apply();
        this.#offerCodec();
        await this.#addLayers();
      })
      .catch((error: unknown) => {
        if (!this.#closed) {
          console.warn("Préau: the browser refuses to send as the room wants", error);
        }
      });
    return this.#queue;
  }

  async #apply(): Promise<void> {
    const parameters = this.#sender.getParameters();
    if (this.#closed || parameters.encodings.length === 0) {
      return;
    }
    const wanted = this.#wanted;
    const codec = this.#codecToName(parameters);
    const { width = 0, height = 0 } = this.#sender.track?.getSettings() ?? {};
    const encodings = shaped(parameters.encodings, wanted, { width, height }, codec);
    if (encodings.every((encoding, index) => isAsIs(encoding, parameters.encodings[index]))) {
      return;
    }
    this.#layersDue ||= encodings.some(
      ({ codec: named }, index) => !isSameCodec(named, parameters.encodings[index]?.codec),
    );
    parameters.encodings = encodings;
    try {
      await this.#sender.setParameters(parameters);
    } catch (error) {
      if (codec === null) {
        throw error;
      }
    }
    if (codec !== null && this.#switchesCodecs && !this.#sendsIn(codec)) {
      this.#switchesCodecs = false;
      await this.#apply();
    }
  }

  /** The codec to name in each encoding; null where none was ever switched. */
  #codecToName({ codecs, encodings }: RTCRtpSendParameters): RTCRtpCodec | null {
    const { codec } = this.#wanted;
    const named = encodings[0]?.codec ?? null;
    const target = codec === null ? this.#preferred : findCodec(codecs, codec);
    const inForce = named ?? codecs[0];
    const isRight = target === undefined || isSameCodec(target, inForce);
    return isRight || !this.#switchesCodecs ? named : target;
  }

  /** Has the offer restricted to the codec that is wanted, or opened again. */
  #offerCodec(): void {
    const { codec } = this.#wanted;
    if (!this.#switchesCodecs && this.#offered !== codec) {
      this.#offered = codec;
      this.#onOfferNeeded(codec);
    }
  }

  #sendsIn(codec: RTCRtpCodec): boolean {
    const { encodings } = this.#sender.getParameters();
    return encodings.every((encoding) => isSameCodec(encoding.codec, codec));
  }

  /** Tries layers in time, the best first; who has none is left with pictures of one rate. */
  async #addLayers(): Promise<void> {
    if (!this.#layersDue || !this.#hasLayers) {
      return;
    }
    this.#layersDue = false;
    for (const mode of TEMPORAL_MODES) {
      const parameters = this.#sender.getParameters();
      if (this.#closed || parameters.encodings.length === 0 || hasMode(parameters, mode)) {
        return;
      }
      parameters.encodings.forEach((encoding) => (encoding.scalabilityMode = mode));
      const isAccepted = await this.#sender.setParameters(parameters).then(
        () => true,
        () => false,
      );
      if (isAccepted) {
        // Firefox takes a mode and forgets it.
        this.#hasLayers = hasMode(this.#sender.getParameters(), mode);
        return;
      }
    }
  }
}

/** Encodings as they should be; those that are not wanted stop, and so does their encoder. */
export function shaped(
  encodings: readonly Encoding[],
  wanted: Wanted,
  capture: { readonly width: number; readonly height: number },
  codec: RTCRtpCodec | null,
): Encoding[] {
  const count = Math.min(encodings.length, worth(capture.width * capture.height));
  return encodings.map((encoding, index) => {
    const { codec: _, ...rest } = encoding;
    return {
      ...rest,
      active: index < Math.min(wanted.encodings, count),
      // The only encoding of a source serves small tiles too, so it follows the largest of them.
      scaleResolutionDownBy:
        encodings.length === 1
          ? shrinking(capture.height, wanted.maxHeight)
          : 2 ** Math.max(0, count - 1 - index),
      ...(codec !== null && { codec }),
    };
  });
}

/** Before the size of a capture is known it is worth all. */
function worth(pixels: number): number {
  return WORTH.find((step) => pixels >= step.pixels)?.encodings ?? Number.MAX_SAFE_INTEGER;
}

/** 1, 2 or 4: as small as serves a picture of `maxHeight` without stretching it. */
function shrinking(captureHeight: number, maxHeight: number): number {
  let factor = 1;
  while (maxHeight > 0 && factor < SHRINK_MAX && captureHeight / (2 * factor) >= maxHeight) {
    factor *= 2;
  }
  return factor;
}

function isAsIs(wanted: Encoding, is: Encoding | undefined): boolean {
  return (
    wanted.active === (is?.active ?? true) &&
    (wanted.scaleResolutionDownBy ?? 1) === (is?.scaleResolutionDownBy ?? 1) &&
    isSameCodec(wanted.codec, is?.codec)
  );
}

function isSameCodec(one: RTCRtpCodec | undefined, other: RTCRtpCodec | undefined): boolean {
  return one?.mimeType === other?.mimeType;
}

function hasMode({ encodings }: RTCRtpSendParameters, mode: string): boolean {
  return encodings.every(({ scalabilityMode }) => scalabilityMode === mode);
}
