// A person's presence in a room: joins signaling, media and local sources, and mends what breaks.
import type {
  Call,
  CallEnd,
  CallEvents,
  CallState,
  CallStats,
  ConnectionReport,
  JoinOptions,
  LobbyNews,
  LocalMedia,
  ParticipantChange,
  PathReport,
  Slot,
} from "./api";
import { CallError } from "./api";
import { lineOf } from "./chat";
import { Commands } from "./commands";
import { Emitter } from "./emitter";
import type { Environment } from "./environment";
import { LocalSources } from "./local";
import { isVoice, MediaConnection, newestCsrc } from "./media";
import { News } from "./news";
import { mayTurnOn, Order } from "./order";
import type { Answer } from "./outbox";
import { Outbox } from "./outbox";
import type {
  EndReason,
  Join,
  Joined,
  Participant,
  ParticipantId,
  Role,
  RoomState,
  ServerBody,
  Source,
  Tile,
  View,
  Waiting,
} from "./protocol.gen";
import { RejoinPolicy, RESUME_MS_MAX } from "./recovery";
import type { Move } from "./roster";
import { Roster } from "./roster";
import type { Command } from "./signaling";
import { NO_COUNTERS, Signaling, signalingUrl } from "./signaling";
import type { Happening, Progress } from "./state";
import { describe, progress, sameState, START } from "./state";
import { mediaStats } from "./stats";

/** How long the first join tries before it says that there is no connection. */
const JOIN_PATIENCE_MS = 10_000;

/** A server that is stopping should have stopped before it is asked again. */
const STOPPING_PAUSE_MS = 1000;

type Ended = { readonly kind: "joined" } | { readonly kind: "failed"; readonly error: CallError };

export class LiveCall extends Commands implements Call {
  readonly #environment: Environment;
  readonly #options: JoinOptions;
  readonly #events = new Emitter<CallEvents>();
  readonly #roster = new Roster();
  readonly #local: LocalSources;
  readonly #outbox = new Outbox();
  readonly #order: Order;
  readonly #news: News;
  readonly #rejoins = new RejoinPolicy();
  readonly #stopPageWatch: () => void;
  readonly #stopNetworkWatch: () => void;

  #media: MediaConnection;
  #signaling: Signaling | null = null;
  #progress: Progress = START;
  #joined: Joined | null = null;
  /** What this session was asked for with. */
  #join: Join | null = null;
  #view: View;
  /** The command whose answer the media connection waits for. */
  #offerId = 0;
  /** The newest command that turned each source on or off. */
  readonly #publishIds = new Map<Source, number>();
  /** Whether media has passed in this session: what never worked is not tried again. */
  #mediaWorked = false;
  #settleJoin: ((how: Ended) => void) | null = null;

  constructor(environment: Environment, options: JoinOptions, media: MediaConnection) {
    super();
    this.#environment = environment;
    this.#options = options;
    this.#media = media;
    this.#view = options.view ?? { stage: null, tiles: [] };
    this.#local = new LocalSources(environment, options.capture ?? {}, {
      onChange: (local) => this.#events.emit("local", local),
      onLost: (lost) => this.#events.emit("source_lost", lost),
      onPublish: (source, state) => {
        if (this.#joined !== null) {
          const id = this.#signaling?.send({ kind: "publish", source, state }) ?? 0;
          this.#publishIds.set(source, id);
        }
      },
    });
    this.#order = new Order(
      () => environment.now(),
      (name, event) => this.#events.emit(name, event),
    );
    this.#news = new News((name, event) => this.#events.emit(name, event));
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
    const oneself = this.#roster.participants.find(({ id }) => id === this.#joined?.you);
    return oneself?.role ?? this.#joined?.role ?? "guest";
  }

  get guestSecret(): string | null {
    return this.#order.invitation?.guest_secret ?? null;
  }

  get code(): string | null {
    return this.#order.invitation?.code ?? null;
  }

  get room(): RoomState {
    return this.#order.room;
  }

  get lobby(): readonly Waiting[] {
    return this.#order.lobby;
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
    return this.#news.connection;
  }

  get path(): PathReport | null {
    return this.#news.path;
  }

  get speaker(): ParticipantId | null {
    return this.#news.speaker;
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
    const { signal } = this.#options;
    const giveUp = (): void => this.leave();
    signal?.addEventListener("abort", giveUp);
    try {
      signal?.throwIfAborted();
      await this.#openSource("microphone", this.#options.audio ?? false);
      await this.#openSource("camera", this.#options.video ?? false);
      await this.#enter(JOIN_PATIENCE_MS);
      if (this.#options.ownsTracks === true) {
        this.#local.ownAdopted();
      }
    } catch (error) {
      this.#end(error instanceof CallError ? error.code : "left");
      throw signal?.aborted === true ? new CallError("left", "joining was given up") : error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
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

  async setMicrophone(on: boolean, deviceId?: string): Promise<void> {
    this.#requireAllowed("microphone", on);
    await this.#local.setMicrophone(on, deviceId);
  }

  async setCamera(on: boolean, deviceId?: string): Promise<void> {
    this.#requireAllowed("camera", on);
    await this.#local.setCamera(on, deviceId);
  }

  async shareScreen(on: boolean): Promise<void> {
    this.#requireAllowed("screen", on);
    await this.#local.shareScreen(on);
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
    const counters = this.#signaling?.counters ?? NO_COUNTERS;
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

  /** Gives a command and waits for what becomes of it. */
  protected ask(command: Command): Promise<Answer> {
    const signaling = this.#signaling;
    if (signaling === null || this.#joined === null || this.#progress.phase !== "joined") {
      const detail = "only who is in the room can say something in it";
      return Promise.reject(new CallError("not_joined", detail));
    }
    return this.#outbox.ask(() => signaling.send(command));
  }

  /** The server would refuse it; here no device is opened for nothing. */
  #requireAllowed(source: Source, on: boolean): void {
    if (on && this.#joined !== null && !mayTurnOn(source, this.role, this.room)) {
      throw new CallError("not_allowed", `the room's rules keep guests from ${source}`);
    }
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
    const { room, secret = "", code = null, name, url } = this.#options;
    const browser = this.#environment.browserToken();
    const { published: sources } = this.#local;
    this.#join = { room, secret, code, browser, name, ...offer, sources, view: this.#view };
    this.#signaling = new Signaling(
      this.#environment,
      signalingUrl(url),
      this.#join,
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
        this.#order.setInvitation(body);
        this.#announce(this.#roster.replace(body.participants));
        this.#announceMoves(this.#roster.remap(body.slots));
        this.#media.constrain(body.send);
        this.#news.report(body.connection);
        this.#news.giveFloor(body.speaker);
        this.#order.replace(body);
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
      case "participant_left":
        this.#announce([this.#roster.remove(body.participant)].filter((left) => left !== null));
        return;
      case "slots":
        this.#announceMoves(this.#roster.map(body.slots));
        return;
      case "chat":
        this.#outbox.handleAnswer(body.re);
        this.#events.emit("chat", lineOf(body));
        return;
      case "send_constraints":
        this.#media.constrain(body.sources);
        return;
      case "connection":
        this.#news.report(body);
        return;
      case "speaker":
        this.#news.giveFloor(body.participant);
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
        this.#wait({ hostIsHere: body.host_is_here });
        return;
      case "done":
      case "attendance":
      case "bans":
        this.#outbox.handle(body);
        return;
      case "turned_off":
        void this.#local.turnOff(body.source);
        this.#order.handle(body);
        return;
      case "room":
      case "lobby":
      case "invitation":
      case "reaction":
      case "asked_to_turn_on":
        this.#order.handle(body);
        return;
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
      onWay: (way) => this.#news.take(way),
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
    this.#order.setInvitation(joined);
    this.#announce(this.#roster.replace(joined.participants));
    this.#announceMoves(this.#roster.remap([]));
    this.#order.replace(joined);
    this.#catchUp();
    this.#happen({ kind: "joined" });
    this.#settle({ kind: "joined" });
  }

  /** Says what is different from when the join was sent: it may have waited long in the lobby. */
  #catchUp(): void {
    if (this.#join?.view !== this.#view) {
      this.#signaling?.send({ kind: "view", ...this.#view });
    }
    this.#local.publishChanges(this.#join?.sources ?? []);
    for (const { source } of this.#local.published) {
      if (!mayTurnOn(source, this.role, this.room)) {
        void this.#local.turnOff(source);
      }
    }
  }

  /** A host is to say whether one comes in. */
  #wait(news: LobbyNews): void {
    this.#happen({ kind: "lobby_entered" });
    try {
      this.#options.onLobby?.(news);
    } catch (error) {
      reportError(error);
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
    } else if (!this.#outbox.handleRefusal(re, code, detail)) {
      const refused = [...this.#publishIds].find(([, id]) => id === re);
      if (refused !== undefined) {
        // Nobody gets it, so it must not look as if they did.
        void this.#local.turnOff(refused[0]);
      }
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
    const pauseMs = this.#rejoins.take(this.#environment.now());
    if (pauseMs === null) {
      this.#end(otherwise);
      return;
    }
    this.#happen({ kind: "session_gone" });
    this.#joined = null;
    this.#offerId = 0;
    this.#publishIds.clear();
    this.#outbox.close("session_gone");
    // Whoever still has the session gives it up, so that the others see nobody twice.
    this.#signaling?.leave();
    this.#media.close();
    this.#announceMoves(this.#roster.remap([]));
    this.#news.forget();
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
    this.#order.handleRole(this.role);
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
