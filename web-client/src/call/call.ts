// A person's presence in a room: joins signaling, media and local sources, and mends what breaks.
import type {
  Call,
  CallEnd,
  CallEvents,
  CallState,
  CallStats,
  ChatOptions,
  ConnectionReport,
  JoinOptions,
  LocalMedia,
  ParticipantChange,
  PathReport,
  Slot,
} from "./api";
import { CallError } from "./api";
import { Outbox } from "./chat";
import { Emitter } from "./emitter";
import type { Environment } from "./environment";
import { LocalSources } from "./local";
import { isVoice, MediaConnection, newestCsrc } from "./media";
import type {
  ConnectionState,
  EndReason,
  Joined,
  Participant,
  ParticipantId,
  Role,
  ServerBody,
  Tile,
  View,
} from "./protocol.gen";
import type { Move } from "./roster";
import { Roster } from "./roster";
import { Signaling } from "./signaling";
import type { Happening, Progress } from "./state";
import { describe, progress, sameState, START } from "./state";
import { mediaStats } from "./stats";
import { RESUME_MS_MAX } from "./recovery";

/** How long the first join tries before it says that there is no connection. */
const JOIN_PATIENCE_MS = 10_000;

/** Before each next try: a server that answers joins with losses is asked ever less, then not. */
const REJOIN_PAUSES_MS = [0, 1000, 4000, 8000];
const REJOINS_WITHIN_MS = 120_000;
/** A server that is stopping should have stopped before it is asked again. */
const STOPPING_PAUSE_MS = 1000;

type Ended = { readonly kind: "joined" } | { readonly kind: "failed"; readonly error: CallError };

export class LiveCall implements Call {
  readonly #environment: Environment;
  readonly #options: JoinOptions;
  readonly #events = new Emitter<CallEvents>();
  readonly #roster = new Roster();
  readonly #local: LocalSources;
  readonly #outbox = new Outbox();
  readonly #stopPageWatch: () => void;
  readonly #stopNetworkWatch: () => void;

  #media: MediaConnection;
  #signaling: Signaling | null = null;
  #progress: Progress = START;
  #joined: Joined | null = null;
  #view: View;
  /** The command whose answer the media connection waits for. */
  #offerId = 0;
  /** Whether media has passed in this session: what never worked is not tried again. */
  #mediaWorked = false;
  #connection: ConnectionReport | null = null;
  #path: PathReport | null = null;
  #speaker: ParticipantId | null = null;
  #rejoinedAt: number[] = [];
  #settleJoin: ((how: Ended) => void) | null = null;

  constructor(environment: Environment, options: JoinOptions, media: MediaConnection) {
    this.#environment = environment;
    this.#options = options;
    this.#media = media;
    this.#view = options.view ?? { stage: null, tiles: [] };
    this.#local = new LocalSources(environment, {
      onChange: (local) => this.#events.emit("local", local),
      onLost: (lost) => this.#events.emit("source_lost", lost),
      onPublish: (source, state) => {
        if (this.#joined !== null) {
          this.#signaling?.send({ kind: "publish", source, state });
        }
      },
    });
    this.#stopPageWatch = environment.onPageGone(() => this.leave());
    this.#stopNetworkWatch = environment.onNetworkChange((online) => {
      if (online) {
        this.#media.handleNetworkChange();
      }
    });
  }

  get you(): ParticipantId {
    return this.#joined?.you ?? 0;
  }

  get role(): Role {
    return this.#joined?.role ?? "guest";
  }

  get guestSecret(): string | null {
    return this.#joined?.guest_secret ?? null;
  }

  get state(): CallState {
    return describe(this.#progress);
  }

  get participants(): readonly Participant[] {
    return this.#roster.participants;
  }

  get slots(): readonly Slot[] {
    return this.#media.slots.map(({ mid, kind, receiver }) => ({
      mid,
      kind,
      track: receiver.track,
      carries: this.#roster.carries(mid),
    }));
  }

  get local(): LocalMedia {
    return this.#local.media;
  }

  get connection(): ConnectionReport | null {
    return this.#connection;
  }

  get path(): PathReport | null {
    return this.#path;
  }

  get speaker(): ParticipantId | null {
    return this.#speaker;
  }

  on<Name extends keyof CallEvents>(
    name: Name,
    listener: (event: CallEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Opens devices, enters the room, and resolves when the server has let one in. */
  async start(): Promise<void> {
    this.#happen({ kind: "join_asked" });
    try {
      await this.#openSource("microphone", this.#options.audio ?? false);
      await this.#openSource("camera", this.#options.video ?? false);
      await this.#enter(JOIN_PATIENCE_MS);
      if (this.#options.ownsTracks === true) {
        this.#local.ownAdopted();
      }
    } catch (error) {
      this.#end(error instanceof CallError ? error.code : "left");
      throw error;
    }
  }

  view(view: View): void {
    // On the wire an empty view leaves the choice to the server; a tile without height is none.
    const nothing: Tile = { participant: this.you, source: "camera", height: 0 };
    const isEmpty = view.stage === null && view.tiles.length === 0;
    this.#view = isEmpty ? { stage: null, tiles: [nothing] } : view;
    if (this.#joined !== null) {
      this.#signaling?.send({ kind: "view", ...this.#view });
    }
  }

  setMicrophone(on: boolean, deviceId?: string): Promise<void> {
    return this.#local.setMicrophone(on, deviceId);
  }

  setCamera(on: boolean, deviceId?: string): Promise<void> {
    return this.#local.setCamera(on, deviceId);
  }

  shareScreen(on: boolean): Promise<void> {
    return this.#local.shareScreen(on);
  }

  async chat(text: string, { to = null }: ChatOptions = {}): Promise<void> {
    const signaling = this.#signaling;
    if (signaling === null || this.#joined === null || this.#progress.phase !== "joined") {
      throw new CallError("not_joined", "only who is in the room can write to it");
    }
    await this.#outbox.write(text, to, (request) => signaling.send({ kind: "chat", ...request }));
  }

  levels(): ReadonlyMap<ParticipantId, number> {
    const levels = new Map<ParticipantId, number>();
    for (const { mid, kind, receiver } of this.#media.slots) {
      const carries = this.#roster.carries(mid);
      if (kind !== "voice" || !isVoice(carries)) {
        continue;
      }
      const level = receiver.getSynchronizationSources()[0]?.audioLevel ?? 0;
      if (level > 0) {
        levels.set(newestCsrc(receiver) ?? carries.participant, level);
      }
    }
    return levels;
  }

  carrierOf(track: MediaStreamTrack): ParticipantId | null {
    const slot = this.#media.slots.find(({ receiver }) => receiver.track === track);
    return slot === undefined ? null : newestCsrc(slot.receiver);
  }

  async stats(): Promise<CallStats> {
    const media = this.#media;
    const figures = await mediaStats(media, (mid) => this.#roster.carries(mid));
    const counters = this.#signaling?.counters ?? {
      malformedMessages: 0,
      unknownMessages: 0,
      duplicateMessages: 0,
      missingMessages: 0,
      lostSockets: 0,
    };
    return { ...figures, signaling: { ...counters, negotiations: media.negotiations } };
  }

  simulate(fault: "socket_lost" | "media_path_lost"): void {
    switch (fault) {
      case "socket_lost":
        this.#signaling?.loseSocket();
        return;
      case "media_path_lost":
        this.#media.restart();
        return;
    }
  }

  leave(): void {
    this.#signaling?.leave();
    this.#end("left");
  }

  async #openSource(
    source: "microphone" | "camera",
    wanted: boolean | MediaStreamTrack,
  ): Promise<void> {
    if (wanted === true) {
      await this.#local.open(source);
    } else if (wanted !== false) {
      this.#local.adopt(source, wanted);
    }
  }

  /** One session from its offer to `joined`, with a socket and a connection of its own. */
  async #enter(patienceMs: number): Promise<void> {
    const media = this.#media;
    await this.#local.attach(media);
    const offer = await media.firstOffer();
    if (this.#progress.phase === "ended") {
      throw new CallError("left", "left while joining");
    }
    const settled = new Promise<Ended>((resolve) => {
      this.#settleJoin = resolve;
    });
    const { room, secret, name, url } = this.#options;
    this.#signaling = new Signaling(
      this.#environment,
      signalingUrl(url),
      { room, secret, name, ...offer, sources: this.#local.published, view: this.#view },
      patienceMs,
      {
        onMessage: (body) => this.#receive(body),
        onSettled: (upTo) => {
          this.#outbox.handleSettled(upTo);
          this.#media.setSignaling("holds");
        },
        onLink: (link) => this.#linkChanged(link),
        onGone: () => this.#sessionGone(),
      },
    );
    const how = await settled;
    if (how.kind === "failed") {
      throw how.error;
    }
  }

  #receive(body: ServerBody): void {
    switch (body.kind) {
      case "joined":
        this.#enterRoom(body);
        return;
      case "snapshot":
        this.#announce(this.#roster.replace(body.participants));
        this.#announceMoves(this.#roster.remap(body.slots));
        this.#media.constrain(body.send);
        this.#report(body.connection);
        this.#giveFloor(body.speaker);
        return;
      case "answer":
        if (body.re === this.#offerId) {
          void this.#media.handleAnswer(body.answer);
        }
        return;
      case "participant_joined":
      case "participant_changed":
        this.#announce([this.#roster.put(body.participant)]);
        return;
      case "participant_left": {
        const left = this.#roster.remove(body.participant);
        this.#announce(left === null ? [] : [left]);
        return;
      }
      case "slots":
        this.#announceMoves(this.#roster.map(body.slots));
        return;
      case "chat":
        this.#outbox.handlePassedOn(body.re);
        this.#events.emit("chat", { from: body.from, to: body.to, text: body.text });
        return;
      case "send_constraints":
        this.#media.constrain(body.sources);
        return;
      case "connection":
        this.#report(body);
        return;
      case "speaker":
        this.#giveFloor(body.participant);
        return;
      case "restart_ice":
        this.#media.restart();
        return;
      case "error":
        this.#refused(body);
        return;
      case "ended":
        this.#endedByServer(body.reason);
        return;
      case "resumed":
      case "ice_servers":
        this.#media.setRelays(body.ice_servers);
        return;
      case "in_lobby":
      case "done":
      case "room":
      case "lobby":
      case "reaction":
      case "turned_off":
      case "asked_to_turn_on":
      case "attendance":
      case "pong":
        return;
    }
  }

  #enterRoom(joined: Joined): void {
    this.#joined = joined;
    this.#mediaWorked = false;
    const media = this.#media;
    media.setRelays(joined.ice_servers);
    media.listen({
      onPath: (path) => {
        this.#mediaWorked ||= path === "connected";
        this.#happen({ kind: path === "connected" ? "media_connected" : "media_lost" });
      },
      onWay: (way) => this.#take(way),
      onSuspect: () => {
        media.setSignaling("doubted");
        this.#signaling?.probe();
      },
      onOffer: (offer) => {
        this.#offerId = this.#signaling?.send({ kind: "offer", ...offer }) ?? 0;
      },
      onBroken: () => this.#rejoin("media_lost"),
    });
    void media.handleAnswer(joined.answer);
    this.#announce(this.#roster.replace(joined.participants));
    this.#announceMoves(this.#roster.remap([]));
    this.#happen({ kind: "joined" });
    this.#settle({ kind: "joined" });
  }

  /** What the server says of one's own line; null where a new session has said nothing yet. */
  #report(state: ConnectionState | null): void {
    const report = state && { bitsPerSecond: state.bits_per_second, pictures: state.pictures };
    if (report !== null || this.#connection !== null) {
      this.#connection = report;
      this.#events.emit("connection", report);
    }
  }

  #take(path: PathReport | null): void {
    if (path !== null || this.#path !== null) {
      this.#path = path;
      this.#events.emit("path", path);
    }
  }

  #giveFloor(participant: ParticipantId | null): void {
    if (this.#speaker !== participant) {
      this.#speaker = participant;
      this.#events.emit("speaker", { participant });
    }
  }

  #linkChanged(link: "open" | "lost"): void {
    if (link === "open") {
      this.#happen({ kind: "signaling_resumed" });
      this.#media.handleResumed();
    } else {
      this.#happen({ kind: "signaling_lost" });
      this.#media.setSignaling("doubted");
    }
  }

  /** Before `joined` an error is the answer to the join; after, only a lost offer needs care. */
  #refused({ re, code, detail }: Extract<ServerBody, { kind: "error" }>): void {
    if (this.#settleJoin !== null) {
      this.#signaling?.close();
      this.#settle({ kind: "failed", error: new CallError(code, detail) });
    } else if (re !== 0 && re === this.#offerId) {
      if (code === "bad_offer") {
        this.#rejoin("media_lost");
      } else {
        void this.#media.handleRefusal();
      }
    } else if (!this.#outbox.handleRefused(re, code, detail)) {
      console.warn(`Préau: the server refused command ${re}: ${code}: ${detail}`);
    }
  }

  #endedByServer(reason: EndReason): void {
    switch (reason) {
      case "left":
      case "replaced":
      case "removed":
      case "ended_by_host":
        this.#end(reason);
        return;
      case "media_lost":
        if (this.#mediaWorked) {
          this.#rejoin(reason);
        } else {
          this.#end(reason);
        }
        return;
      case "server_stopping":
        this.#rejoin(reason);
        return;
    }
  }

  #sessionGone(): void {
    if (this.#settleJoin !== null) {
      const error = new CallError("connection_failed", "the server does not answer");
      this.#settle({ kind: "failed", error });
    } else {
      this.#rejoin("connection_failed");
    }
  }

  /** Enters again as somebody new, with the same devices; `otherwise` is why it ends if not. */
  #rejoin(otherwise: CallEnd): void {
    if (this.#progress.phase !== "joined" || this.#joined === null) {
      return;
    }
    const now = this.#environment.now();
    this.#rejoinedAt = this.#rejoinedAt.filter((at) => now - at < REJOINS_WITHIN_MS);
    const pauseMs = REJOIN_PAUSES_MS[this.#rejoinedAt.length];
    if (pauseMs === undefined) {
      this.#end(otherwise);
      return;
    }
    this.#rejoinedAt.push(now);
    this.#happen({ kind: "session_gone" });
    this.#joined = null;
    this.#offerId = 0;
    this.#outbox.close("session_gone");
    // Whoever still has the session gives it up, so that the others see nobody twice.
    this.#signaling?.leave();
    this.#media.close();
    this.#announceMoves(this.#roster.remap([]));
    this.#report(null);
    this.#take(null);
    this.#giveFloor(null);
    const leastMs = otherwise === "server_stopping" ? STOPPING_PAUSE_MS : 0;
    this.#environment.after(Math.max(pauseMs, leastMs), () => {
      if (this.#progress.phase === "joined") {
        const { videoSlots, means } = this.#media;
        this.#media = new MediaConnection(this.#environment, videoSlots, means);
        this.#enter(RESUME_MS_MAX).catch((error: unknown) => {
          this.#end(error instanceof CallError ? error.code : otherwise);
        });
      }
    });
  }

  #end(reason: CallEnd): void {
    if (this.#progress.phase === "ended") {
      return;
    }
    this.#happen({ kind: "ended", reason });
    this.#settle({ kind: "failed", error: new CallError(reason, "the call ended") });
    this.#stopPageWatch();
    this.#stopNetworkWatch();
    this.#outbox.close(reason);
    this.#signaling?.close();
    this.#media.close();
    this.#local.close();
  }

  #settle(how: Ended): void {
    const settle = this.#settleJoin;
    this.#settleJoin = null;
    settle?.(how);
  }

  #happen(happening: Happening): void {
    const before = this.state;
    this.#progress = progress(this.#progress, happening);
    const after = this.state;
    if (!sameState(before, after)) {
      this.#events.emit("state", after);
    }
  }

  #announce(changes: readonly ParticipantChange[]): void {
    changes.forEach((change) => this.#events.emit("participant", change));
  }

  #announceMoves(moves: readonly Move[]): void {
    const tracks = new Map(this.#media.slots.map(({ mid, receiver }) => [mid, receiver.track]));
    for (const { participant, source, mid } of moves) {
      const track = mid === null ? null : (tracks.get(mid) ?? null);
      this.#events.emit("track", { participant, source, track });
    }
  }
}

/** `https://host/anything` is spoken to at `wss://host/ws`. */
export function signalingUrl(url: string): string {
  const address = new URL("/ws", url);
  address.protocol = address.protocol === "http:" || address.protocol === "ws:" ? "ws:" : "wss:";
  return address.href;
}
