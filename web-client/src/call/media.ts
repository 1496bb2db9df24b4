// One RTCPeerConnection: its m-lines, one negotiation at a time, and the restarts of its path.
//
// All m-lines exist from the first offer; people who come and go change no SDP. The client always
// offers, so that no two offers cross. Remote media needs no event: the slots' tracks are there
// before the first packet.
import { offeredCodecs } from "./codecs";
import type {
  Codec,
  MediaSection,
  SdpBody,
  SendConstraint,
  SlotContent,
  SlotKind,
  Source,
} from "./protocol.gen";
import type { Environment, Timer } from "./environment";
import { withoutUdp } from "./candidates";
import type { Way } from "./path";
import { pathFigures, sameWay } from "./path";
import type { Reach } from "./path-keeper";
import { PathKeeper } from "./path-keeper";
import { PathWatch } from "./path-watch";
import { packSdp, unpackSdp } from "./sdp-body";
import { Sending, TEMPORAL_MODES } from "./sending";

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

/** What a connection may use from its beginning. */
export interface Means {
  readonly reach: Reach;
  readonly relays: readonly RTCIceServer[];
}

const ALL_MEANS: Means = { reach: "all", relays: [] };

export interface MediaHandlers {
  /** The path is up, or has been down too long to keep silent about it. */
  onPath(path: "connected" | "lost"): void;
  /** Media goes another way than before. */
  onWay(way: Way): void;
  /** Nothing comes: whoever has another line to the server should see whether that one holds. */
  onSuspect(): void;
  /** A new offer must be sent; its answer goes to `handleAnswer`. */
  onOffer(offer: Offer): void;
  /** This connection cannot be mended; another is needed. */
  onBroken(): void;
}

/** From the smallest to the largest, the order that the server counts encodings in. */
const CAMERA_ENCODINGS: readonly RTCRtpEncodingParameters[] = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];

/**
 * One encoding, for text must stay sharp: who has less room gets fewer frames of it. A still screen
 * costs nearly nothing; a scrolled page at full size needs this rate.
 */
const SCREEN_ENCODINGS: readonly RTCRtpEncodingParameters[] = [
  { maxBitrate: 2_500_000, maxFramerate: 15 },
];

/**
 * What tells the server of layers without a look into the payload: the AV1 RTP specification's
 * dependency descriptor, for every codec, and the rates of the encodings. Chromium offers both by
 * itself only beside rids.
 */
const DEPENDENCY_DESCRIPTOR =
  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
const LAYERS_ALLOCATION =
  "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00";

/** Signaling answers within its own timeout or not at all. */
const ANSWER_TIMEOUT_MS = 10_000;

interface Line {
  readonly role: MediaSection["role"];
  readonly transceiver: RTCRtpTransceiver;
  /** Of a picture that is sent. */
  readonly sending: Sending | null;
}

export class MediaConnection {
  readonly videoSlots: number;
  /** Offers made, the first included. */
  negotiations = 0;

  readonly #environment: Environment;
  readonly #connection: RTCPeerConnection;
  readonly #lines: readonly Line[];
  readonly #keeper: PathKeeper;
  #relays: readonly RTCIceServer[];
  #way: Way | null = null;
  /** Signaling can carry an offer: one made before would name the addresses of then. */
  #canOffer = true;
  #handlers: MediaHandlers | null = null;
  #firstOffer: Promise<Offer> | null = null;
  /** `applying` covers an answer being set and an offer being taken back. */
  #negotiation: "none" | "offering" | "offered" | "applying" = "none";
  /** What is offered has changed since the last offer. */
  #offerWanted = false;
  #restartTimer: Timer | null = null;
  #answerTimer: Timer | null = null;
  #lookTimer: Timer | null = null;
  #isSuspect = false;
  #closed = false;

  constructor(environment: Environment, videoSlots: number, means: Means = ALL_MEANS) {
    this.videoSlots = Math.min(Math.max(1, Math.trunc(videoSlots)), VIDEO_SLOTS_MAX);
    this.#environment = environment;
    this.#keeper = new PathKeeper(means.reach);
    this.#relays = means.relays;
    this.#connection = environment.createPeerConnection(this.#configuration());
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
    this.#keeper.begin(this.#environment.now(), this.#relays.length > 0);
    this.#armRestart();
    this.#lookLater();
  }

  /** What the next connection should begin with. */
  get means(): Means {
    return { reach: this.#keeper.reach, relays: this.#relays };
  }

  /** Relays for when nothing else passes. They are used from the next restart on. */
  setRelays(relays: readonly RTCIceServer[]): void {
    this.#relays = relays;
  }

  /** Whether signaling could carry an offer: it has its line, or is finding out. */
  setSignaling(link: "holds" | "doubted"): void {
    this.#canOffer = link === "holds";
    this.#armRestart();
  }

  /** Signaling has its line back: where nothing comes, the fault was this machine's network. */
  handleResumed(): void {
    if (this.#keeper.isSuspect(this.#environment.now())) {
      this.#keeper.handleOrder(this.#environment.now());
    }
    this.setSignaling("holds");
  }

  /** The machine is on another network, or on the network again. */
  handleNetworkChange(): void {
    this.#keeper.handleNetworkChange(this.#environment.now());
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
      const allowed = this.#keeper.reach === "tcp" ? withoutUdp(sdp) : sdp;
      await this.#connection.setRemoteDescription({ type: "answer", sdp: allowed });
      this.#negotiation = "none";
      this.#lines.forEach(({ sending }) => void sending?.handleAnswer());
      // Chromium goes through a restart without a change of state, so nothing else would tell.
      this.#tellStates();
      this.#armRestart();
      await this.#offerIfWanted();
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
    this.#keeper.handleOrder(this.#environment.now());
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

  /** Puts a source on its m-line, or takes it off. */
  async send(source: Source, track: MediaStreamTrack | null): Promise<void> {
    const line = this.#lineOf(source);
    await line?.transceiver.sender.replaceTrack(track);
    await line?.sending?.handleTrack();
  }

  /** What somebody makes use of has changed; sources that are not named are as before. */
  constrain(constraints: readonly SendConstraint[]): void {
    for (const { source, encodings, max_height: maxHeight, codec } of constraints) {
      void this.#lineOf(source)?.sending?.want({ encodings, maxHeight, codec });
    }
  }

  /** Which source an m-line sends; null for a slot. */
  sourceOf(mid: string): Source | null {
    const role = this.#lines.find(({ transceiver }) => transceiver.mid === mid)?.role;
    return role !== undefined && "publish" in role ? role.publish : null;
  }

  stats(): Promise<RTCStatsReport> {
    return this.#connection.getStats();
  }

  close(): void {
    this.#closed = true;
    this.#handlers = null;
    this.#setAnswerTimer(false);
    this.#setRestartTimer(null);
    if (this.#lookTimer !== null) {
      this.#environment.cancel(this.#lookTimer);
    }
    this.#lines.forEach(({ sending }) => sending?.close());
    this.#connection.close();
  }

  #addLines(): Line[] {
    const lines: Line[] = [];
    const publish = (
      source: Source,
      kind: "audio" | "video",
      encodings: readonly RTCRtpEncodingParameters[] = [],
    ): void => {
      const transceiver = this.#addSender(kind, encodings);
      this.#restrictCodecs(transceiver, "send", kind);
      offerExtensions(transceiver, [DEPENDENCY_DESCRIPTOR, LAYERS_ALLOCATION]);
      const sending =
        kind === "video"
          ? new Sending(transceiver.sender, (codec) => this.#switchByOffer(transceiver, codec))
          : null;
      lines.push({ role: { publish: source }, transceiver, sending });
    };
    const receive = (slot: SlotKind, kind: "audio" | "video", count: number): void => {
      for (let index = 0; index < count; index += 1) {
        const transceiver = this.#connection.addTransceiver(kind, { direction: "recvonly" });
        this.#restrictCodecs(transceiver, "receive", kind);
        offerExtensions(transceiver, [DEPENDENCY_DESCRIPTOR]);
        lines.push({ role: { slot }, transceiver, sending: null });
      }
    };
    publish("microphone", "audio");
    publish("camera", "video", CAMERA_ENCODINGS);
    publish("screen", "video", SCREEN_ENCODINGS);
    publish("screen_audio", "audio");
    receive("voice", "audio", VOICE_SLOTS);
    receive("programme", "audio", PROGRAMME_SLOTS);
    receive("video", "video", this.videoSlots);
    return lines;
  }

  /**
   * Layers in time are asked for from the start, because Chromium takes several encodings of VP9
   * for simulcast only then. A browser that knows no codec with such layers refuses, or forgets.
   */
  #addSender(
    kind: "audio" | "video",
    encodings: readonly RTCRtpEncodingParameters[],
  ): RTCRtpTransceiver {
    const [scalabilityMode] = TEMPORAL_MODES;
    const add = (extra: RTCRtpEncodingParameters): RTCRtpTransceiver =>
      this.#connection.addTransceiver(kind, {
        direction: "sendonly",
        ...(encodings.length > 0 && {
          sendEncodings: encodings.map((encoding) => ({ ...encoding, ...extra })),
        }),
      });
    try {
      return add({ scalabilityMode });
    } catch {
      return add({});
    }
  }

  #restrictCodecs(
    transceiver: RTCRtpTransceiver,
    side: "send" | "receive",
    kind: "audio" | "video",
    only: Codec | null = null,
  ): void {
    const codecs = offeredCodecs(this.#environment.codecs(side, kind), kind, only);
    // Firefox before 128 has no preferences; it then offers all it has, which is right and longer.
    if (codecs.length > 0 && "setCodecPreferences" in transceiver) {
      transceiver.setCodecPreferences(codecs);
    }
  }

  /** A browser that cannot switch the codec of a sender is given a single one to send. */
  #switchByOffer(transceiver: RTCRtpTransceiver, codec: Codec | null): void {
    this.#restrictCodecs(transceiver, "send", "video", codec);
    this.#offerWanted = true;
    void this.#offerIfWanted();
  }

  /** Offers anew without a new path, once no other negotiation is under way. */
  async #offerIfWanted(): Promise<void> {
    if (!this.#offerWanted || this.#negotiation !== "none" || this.#handlers === null) {
      return;
    }
    try {
      this.#hand(await this.#makeOffer());
    } catch (error) {
      this.#break(error);
    }
  }

  async #makeOffer(): Promise<Offer> {
    this.#negotiation = "offering";
    this.#offerWanted = false;
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
    this.#tellStates();
    this.#tellPath();
    this.#armRestart();
  }

  #tellStates(): void {
    const { iceConnectionState, connectionState } = this.#connection;
    this.#keeper.handleStates(this.#environment.now(), iceConnectionState, connectionState);
  }

  #tellPath(): void {
    const { health } = this.#keeper;
    if (health === "well") {
      this.#handlers?.onPath("connected");
    } else if (health === "failed") {
      this.#handlers?.onPath("lost");
    }
  }

  #lookLater(): void {
    this.#lookTimer = this.#environment.after(PathWatch.LOOK_MS, () => void this.#look());
  }

  /** What has come meanwhile, and by which way. */
  async #look(): Promise<void> {
    const report = await this.#connection.getStats().catch(() => null);
    if (this.#closed) {
      return;
    }
    const now = this.#environment.now();
    const relayUrl = [this.#relays[0]?.urls].flat()[0] ?? null;
    this.#keeper.handleFigures(now, report && pathFigures(report, relayUrl));
    this.#tellPath();
    const { way } = this.#keeper;
    if (way !== null && this.#keeper.health === "well" && !sameWay(way, this.#way)) {
      this.#way = way;
      this.#handlers?.onWay(way);
    }
    const isSuspect = this.#keeper.isSuspect(now);
    if (isSuspect && !this.#isSuspect) {
      this.#handlers?.onSuspect();
    }
    this.#isSuspect = isSuspect;
    this.#armRestart();
    this.#lookLater();
  }

  /** One timer follows the keeper, while no negotiation is under way and an offer can leave. */
  #armRestart(): void {
    const dueAt = this.#keeper.pollTimeout();
    const isFree = this.#negotiation === "none" && this.#canOffer;
    const mayOffer = isFree && this.#handlers !== null && !this.#closed;
    this.#setRestartTimer(
      dueAt === null || !mayOffer ? null : Math.max(0, dueAt - this.#environment.now()),
    );
  }

  async #restartIfDue(): Promise<void> {
    if (!this.#keeper.takeRestart(this.#environment.now(), this.#relays.length > 0)) {
      this.#armRestart();
      return;
    }
    const { health } = this.#keeper;
    if (health === "stalled") {
      // A restart would not help: the old pair passes checks, and keeps the handshake to itself.
      this.#break(new Error("DTLS does not get through"));
      return;
    }
    if (health === "disconnected" || health === "silent") {
      this.#handlers?.onPath("lost");
    }
    this.#useRelays();
    try {
      this.#connection.restartIce();
      this.#hand(await this.#makeOffer());
    } catch (error) {
      this.#break(error);
    }
  }

  #useRelays(): void {
    try {
      this.#connection.setConfiguration(this.#configuration());
    } catch (error) {
      // An address that this browser does not take must not cost the call what works without it.
      console.warn("Préau: the server's relays cannot be used", error);
      this.#relays = [];
    }
  }

  #configuration(): RTCConfiguration {
    return {
      bundlePolicy: "max-bundle",
      iceServers: [...this.#relays],
      iceTransportPolicy: this.#keeper.reach === "relay" ? "relay" : "all",
    };
  }

  #hand(offer: Offer): void {
    if (this.#handlers !== null) {
      this.#setAnswerTimer(true);
      this.#handlers.onOffer(offer);
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

  #lineOf(source: Source): Line | undefined {
    return this.#lines.find(({ role }) => "publish" in role && role.publish === source);
  }
}

/** Asks for header extensions that the browser would not offer by itself. */
function offerExtensions(transceiver: RTCRtpTransceiver, uris: readonly string[]): void {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
  const wanted = extensions.filter(({ uri }) => uris.includes(uri));
  if (wanted.length > 0) {
    wanted.forEach((extension) => (extension.direction = "sendrecv"));
    transceiver.setHeaderExtensionsToNegotiate?.(extensions);
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
