// One RTCPeerConnection: its m-lines, one negotiation at a time, and the restarts of its path.
//
// All m-lines exist from the first offer; people who come and go change no SDP. The client always
// offers, so that no two offers cross. Remote media needs no event: the slots' tracks are there
// before the first packet.
import type { SlotContent, SlotKind, SdpBody, MediaSection, Source } from "./protocol.gen";
import type { Environment, Timer } from "./environment";
import type { PathHealth } from "./recovery";
import { pathHealth, RestartPolicy } from "./recovery";
import { packSdp, unpackSdp } from "./sdp-body";

export const VOICE_SLOTS = 3;
export const PROGRAMME_SLOTS = 1;
export const VIDEO_SLOTS_DEFAULT = 9;
/** `protocol::client::View::TILES_MAX`. */
export const VIDEO_SLOTS_MAX = 49;

/** An offer and the use of its m-lines, as `join` and `offer` carry it. */
export interface Offer {
  readonly offer: SdpBody;
  readonly sections: MediaSection[];
}

/** A receiving m-line. */
export interface SlotLine {
  readonly mid: string;
  readonly kind: SlotKind;
  readonly receiver: RTCRtpReceiver;
}

export interface MediaHandlers {
  /** The path is up, or has been down too long to keep silent about it. */
  onPath(path: "connected" | "lost"): void;
  /** A new offer must be sent; its answer goes to `handleAnswer`. */
  onOffer(offer: Offer): void;
  /** This connection cannot be mended; another is needed. */
  onBroken(): void;
}

/** From the smallest to the largest, the order that the server counts layers in. */
const CAMERA_ENCODINGS: readonly RTCRtpEncodingParameters[] = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];

/** A still screen costs nearly nothing; a scrolled page at full size needs this to stay sharp. */
const SCREEN_BITRATE_MAX = 2_500_000;

/** Signaling answers within its own timeout or not at all. */
const ANSWER_TIMEOUT_MS = 10_000;

type Line = { readonly role: MediaSection["role"]; readonly transceiver: RTCRtpTransceiver };

export class MediaConnection {
  readonly videoSlots: number;
  /** Offers made, the first included. */
  negotiations = 0;

  readonly #environment: Environment;
  readonly #connection: RTCPeerConnection;
  readonly #lines: readonly Line[];
  readonly #policy = new RestartPolicy();
  #handlers: MediaHandlers | null = null;
  #firstOffer: Promise<Offer> | null = null;
  /** `applying` covers an answer being set and an offer being taken back. */
  #negotiation: "none" | "offering" | "offered" | "applying" = "none";
  #restartTimer: Timer | null = null;
  #answerTimer: Timer | null = null;
  #closed = false;

  constructor(environment: Environment, videoSlots: number) {
    this.videoSlots = Math.min(Math.max(1, Math.trunc(videoSlots)), VIDEO_SLOTS_MAX);
    this.#environment = environment;
    this.#connection = environment.createPeerConnection({ bundlePolicy: "max-bundle" });
    this.#lines = this.#addLines();
    this.#connection.addEventListener("iceconnectionstatechange", () => this.#healthChanged());
    this.#connection.addEventListener("connectionstatechange", () => this.#healthChanged());
  }

  /** The offer for `join`; asked for early, it is ready when the person is. */
  firstOffer(): Promise<Offer> {
    this.#firstOffer ??= this.#makeOffer();
    return this.#firstOffer;
  }

  /** From the first answer on, the connection looks after itself and tells `handlers`. */
  listen(handlers: MediaHandlers): void {
    this.#handlers = handlers;
    this.#armRestart();
  }

  /** An answer that comes after the offer was given up is not heeded. */
  async handleAnswer(answer: SdpBody): Promise<void> {
    if (this.#negotiation !== "offered") {
      return;
    }
    this.#negotiation = "applying";
    this.#setAnswerTimer(false);
    try {
      const sdp = await unpackSdp(answer);
      if (this.#closed) {
        return;
      }
      await this.#connection.setRemoteDescription({ type: "answer", sdp });
      this.#negotiation = "none";
      // Chromium goes through a restart without a change of state, so nothing else would tell.
      this.#policy.handleHealth(this.#environment.now(), this.#health());
      this.#armRestart();
    } catch (error) {
      this.#break(error);
    }
  }

  /** Signaling refused the offer, or never answered it. */
  async handleRefusal(): Promise<void> {
    if (this.#negotiation !== "offered") {
      return;
    }
    this.#negotiation = "applying";
    this.#setAnswerTimer(false);
    try {
      await this.#connection.setLocalDescription({ type: "rollback" });
      this.#negotiation = "none";
      this.restart();
    } catch (error) {
      this.#break(error);
    }
  }

  /** Somebody who knows says that the path is gone. */
  restart(): void {
    this.#policy.handleOrder(this.#environment.now());
    this.#armRestart();
  }

  get slots(): readonly SlotLine[] {
    const slots: SlotLine[] = [];
    for (const { role, transceiver } of this.#lines) {
      if ("slot" in role && transceiver.mid !== null) {
        slots.push({ mid: transceiver.mid, kind: role.slot, receiver: transceiver.receiver });
      }
    }
    return slots;
  }

  sender(source: Source): RTCRtpSender | null {
    return this.#publishing().find((line) => line.source === source)?.sender ?? null;
  }

  /** Which source an m-line sends; null for a slot. */
  sourceOf(mid: string): Source | null {
    return this.#publishing().find((line) => line.mid === mid)?.source ?? null;
  }

  stats(): Promise<RTCStatsReport> {
    return this.#connection.getStats();
  }

  close(): void {
    this.#closed = true;
    this.#handlers = null;
    this.#setAnswerTimer(false);
    this.#setRestartTimer(null);
    this.#connection.close();
  }

  #addLines(): Line[] {
    const lines: Line[] = [];
    const publish = (
      source: Source,
      kind: "audio" | "video",
      init: RTCRtpTransceiverInit,
    ): void => {
      const transceiver = this.#connection.addTransceiver(kind, { direction: "sendonly", ...init });
      this.#restrictCodecs(transceiver, "send", kind);
      lines.push({ role: { publish: source }, transceiver });
    };
    const receive = (slot: SlotKind, kind: "audio" | "video", count: number): void => {
      for (let index = 0; index < count; index += 1) {
        const transceiver = this.#connection.addTransceiver(kind, { direction: "recvonly" });
        this.#restrictCodecs(transceiver, "receive", kind);
        lines.push({ role: { slot }, transceiver });
      }
    };
    publish("microphone", "audio", {});
    publish("camera", "video", {
      sendEncodings: CAMERA_ENCODINGS.map((encoding) => ({ ...encoding })),
    });
    publish("screen", "video", { sendEncodings: [{ maxBitrate: SCREEN_BITRATE_MAX }] });
    publish("screen_audio", "audio", {});
    receive("voice", "audio", VOICE_SLOTS);
    receive("programme", "audio", PROGRAMME_SLOTS);
    receive("video", "video", this.videoSlots);
    return lines;
  }

  /** A room's codecs and no others: an offer of 17 m-lines shrinks from 48 KB to 15 KB. */
  #restrictCodecs(
    transceiver: RTCRtpTransceiver,
    side: "send" | "receive",
    kind: "audio" | "video",
  ): void {
    const wanted = kind === "audio" ? ["audio/opus"] : ["video/VP8", "video/rtx"];
    const codecs = this.#environment
      .codecs(side, kind)
      .filter(({ mimeType }) => wanted.includes(mimeType));
    // Firefox before 128 has no preferences; it then offers all it has, which is right and longer.
    if (codecs.length > 0 && "setCodecPreferences" in transceiver) {
      transceiver.setCodecPreferences(codecs);
    }
  }

  async #makeOffer(): Promise<Offer> {
    this.#negotiation = "offering";
    this.negotiations += 1;
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    const sdp = this.#connection.localDescription?.sdp ?? "";
    const sections: MediaSection[] = [];
    for (const { role, transceiver } of this.#lines) {
      if (transceiver.mid !== null) {
        sections.push({ mid: transceiver.mid, role });
      }
    }
    const offer = await packSdp(sdp);
    this.#negotiation = "offered";
    return { offer, sections };
  }

  #healthChanged(): void {
    if (this.#closed) {
      return;
    }
    const { iceConnectionState: ice, connectionState } = this.#connection;
    if (connectionState === "failed" && (ice === "connected" || ice === "completed")) {
      // ICE is up and DTLS has failed: a restart keeps the failed DTLS, so only a new start helps.
      this.#break(new Error("DTLS failed"));
      return;
    }
    const health = this.#health();
    this.#policy.handleHealth(this.#environment.now(), health);
    if (health === "well") {
      this.#handlers?.onPath("connected");
    } else if (health === "failed") {
      this.#handlers?.onPath("lost");
    }
    this.#armRestart();
  }

  #health(): PathHealth {
    return pathHealth(this.#connection.iceConnectionState, this.#connection.connectionState);
  }

  /** One timer follows the policy, while no negotiation is under way and somebody listens. */
  #armRestart(): void {
    const dueAt = this.#policy.pollTimeout();
    const mayOffer = this.#negotiation === "none" && this.#handlers !== null && !this.#closed;
    this.#setRestartTimer(
      dueAt === null || !mayOffer ? null : Math.max(0, dueAt - this.#environment.now()),
    );
  }

  async #restartIfDue(): Promise<void> {
    if (!this.#policy.takeRestart(this.#environment.now())) {
      this.#armRestart();
      return;
    }
    if (this.#health() === "disconnected") {
      this.#handlers?.onPath("lost");
    }
    try {
      this.#connection.restartIce();
      const offer = await this.#makeOffer();
      if (this.#handlers !== null) {
        this.#setAnswerTimer(true);
        this.#handlers.onOffer(offer);
      }
    } catch (error) {
      this.#break(error);
    }
  }

  #break(error: unknown): void {
    if (this.#closed) {
      return;
    }
    console.warn("Préau: the media connection has to be made anew", error);
    const handlers = this.#handlers;
    this.close();
    handlers?.onBroken();
  }

  #setRestartTimer(delayMs: number | null): void {
    if (this.#restartTimer !== null) {
      this.#environment.cancel(this.#restartTimer);
    }
    this.#restartTimer =
      delayMs === null ? null : this.#environment.after(delayMs, () => void this.#restartIfDue());
  }

  #setAnswerTimer(on: boolean): void {
    if (this.#answerTimer !== null) {
      this.#environment.cancel(this.#answerTimer);
    }
    this.#answerTimer = on
      ? this.#environment.after(ANSWER_TIMEOUT_MS, () => void this.handleRefusal())
      : null;
  }

  #publishing(): { source: Source; mid: string | null; sender: RTCRtpSender }[] {
    return this.#lines.flatMap(({ role, transceiver }) =>
      "publish" in role
        ? [{ source: role.publish, mid: transceiver.mid, sender: transceiver.sender }]
        : [],
    );
  }
}

/** The participant whom a receiver's newest packet names; browsers list old ones for seconds. */
export function newestCsrc(receiver: RTCRtpReceiver): number | null {
  let newest: RTCRtpContributingSource | null = null;
  for (const entry of receiver.getContributingSources()) {
    if (newest === null || entry.timestamp > newest.timestamp) {
      newest = entry;
    }
  }
  return newest?.source ?? null;
}

/** A slot's content is a picture or a sound of somebody. */
export function isVoice(carries: SlotContent | null): carries is SlotContent {
  return carries !== null && carries.source === "microphone";
}
