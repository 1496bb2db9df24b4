// The room as the pages see it: signals fed by the call, and what the person does in it.
import { computed, signal } from "@preact/signals";

import type {
  Call,
  CallEnd,
  CallState,
  ConnectionReport,
  LocalMedia,
  Participant,
  ParticipantId,
  PathReport,
  PictureState,
  Role,
  RoomState,
  Source,
  SourceLost,
  Waiting,
} from "../call";
import { CallError, ROOM_AT_REST } from "../call";
import type { DeviceKind } from "./devices";
import { canCapture, rememberDevice, troubleOf } from "./devices";
import { t } from "./i18n";

/** A picture that can be shown: somebody's camera or screen. */
export interface Picture {
  /** Stable while the picture exists. */
  readonly key: string;
  readonly participant: Participant;
  readonly source: "camera" | "screen";
  readonly track: MediaStreamTrack | null;
  readonly self: boolean;
}

/** How long a passing message is shown. */
const NOTICE_MS = 6000;
/** TCP in use for this long is no passing choice: browsers try both and may begin with either. */
const DETOUR_MS = 1500;
/** How often loudness is looked at. */
const LEVELS_INTERVAL_MS = 200;
/** RFC 6464 levels below this are breath and fans, on the linear scale of the browser. */
const SPEAKING_LEVEL_MIN = 0.02;

export class RoomStore {
  readonly call: Call;
  readonly participants = signal<readonly Participant[]>([]);
  readonly state = signal<CallState>({ phase: "idle" });
  readonly local = signal<LocalMedia>({
    microphone: null,
    microphoneOn: false,
    camera: null,
    screen: null,
  });
  /** What one may do; a host can change it in the middle of a call. */
  readonly role = signal<Role>("guest");
  /** Rules, hands, timer, focus, poll. */
  readonly room = signal<RoomState>(ROOM_AT_REST);
  /** Who waits in the lobby; for hosts. */
  readonly lobby = signal<readonly Waiting[]>([]);
  readonly speaking = signal<ReadonlySet<ParticipantId>>(new Set());
  /** Who has the floor; they keep it while silent, so that nothing flickers. */
  readonly floor = signal<ParticipantId | null>(null);
  /** The line carries no picture, and the person has not put the reason aside. */
  readonly soundAlone = signal(false);
  /** How the line does; null until the server has said something of it. */
  readonly line = signal<ConnectionReport | null>(null);
  /** Which way media takes; null before there is one. */
  readonly path = signal<PathReport | null>(null);
  /** Media goes by TCP because UDP does not get through, and the person has not put it aside. */
  readonly detour = signal(false);
  /** A sentence that passes by. */
  readonly notice = signal("");
  /** The browser wants a gesture before it plays sound. */
  readonly soundBlocked = signal(false);
  /** Tracks by `trackKey`. */
  readonly #tracks = signal<ReadonlyMap<string, MediaStreamTrack>>(new Map());
  /** Everybody who was ever here: what somebody did is told after they left, too. */
  readonly #names = new Map<ParticipantId, string>();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #ended: (reason: CallEnd) => void;
  /** What the line left of the pictures when it was last told. */
  #pictures: PictureState | null;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #detourTimer: ReturnType<typeof setTimeout> | undefined;
  /** Something is amiss since the person was last told that all is well. */
  #troubled = false;
  /** The person was told of the detour that lasts. */
  #detourTold = false;

  /** Everybody's camera tile, with or without a picture; the others first. */
  readonly people = computed<readonly Picture[]>(() => {
    const pictures = this.participants.value.map((participant) => this.#cameraOf(participant));
    return [...pictures.filter(({ self }) => !self), ...pictures.filter(({ self }) => self)];
  });

  /** Shared screens, in the order of those who share. */
  readonly screens = computed<readonly Picture[]>(() =>
    this.participants.value
      .filter((participant) => has(participant, "screen"))
      .map((participant) => this.#screenOf(participant)),
  );

  constructor(call: Call, ended: (reason: CallEnd) => void) {
    this.call = call;
    this.#ended = ended;
    this.#takeRoster();
    this.room.value = call.room;
    this.lobby.value = call.lobby;
    this.local.value = call.local;
    this.state.value = call.state;
    this.floor.value = call.speaker;
    this.line.value = call.connection;
    this.#pictures = call.connection?.pictures ?? null;
    this.soundAlone.value = this.#pictures === "paused";
    call.on("participant", ({ participant, change }) => {
      this.#takeRoster();
      // Whoever comes back is told that, and not of everybody whom the new session names.
      if (change !== "changed" && participant.id !== call.you && !this.#troubled) {
        const { cameJoined, wentAway } = t();
        this.say((change === "joined" ? cameJoined : wentAway)(participant.name));
      }
    });
    call.on("room", (room) => (this.room.value = room));
    call.on("lobby", (lobby) => (this.lobby.value = lobby));
    call.on("track", ({ participant, source, track }) => this.#track(participant, source, track));
    call.on("local", (local) => (this.local.value = local));
    call.on("speaker", ({ participant }) => (this.floor.value = participant));
    call.on("connection", (report) => {
      this.line.value = report;
      this.#lineChanged(report?.pictures ?? null);
    });
    call.on("path", (path) => this.#pathChanged(path));
    this.#pathChanged(call.path);
    call.on("source_lost", (lost) => this.#lost(lost));
    call.on("state", (state) => this.#changed(state));
    for (const { carries, track } of call.slots) {
      if (carries !== null) {
        this.#track(carries.participant, carries.source, track);
      }
    }
    this.#timers.push(setInterval(() => this.#listen(), LEVELS_INTERVAL_MS));
  }

  /** The slots' sound, one element each for the whole call. */
  get sounds(): readonly { mid: string; track: MediaStreamTrack }[] {
    return this.call.slots.filter(({ kind }) => kind !== "video");
  }

  say(sentence: string): void {
    clearTimeout(this.#noticeTimer);
    this.notice.value = sentence;
    this.#noticeTimer = setTimeout(() => (this.notice.value = ""), NOTICE_MS);
  }

  nameOf(participant: ParticipantId): string {
    return this.#names.get(participant) ?? t().talk.somebody;
  }

  /** The place of a raised hand in the queue, from 1; null while it is down. */
  handOf(participant: ParticipantId): number | null {
    const place = this.room.value.hands.indexOf(participant);
    return place < 0 ? null : place + 1;
  }

  /** Says why, where the server does not do what was asked. */
  attempt(done: Promise<void>): void {
    done.catch((error: unknown) => {
      this.say(t().end[error instanceof CallError ? error.code : "connection_failed"]);
    });
  }

  toggleMicrophone(): void {
    this.turnMicrophone(!this.local.value.microphoneOn);
  }

  turnMicrophone(on: boolean): void {
    this.#try("microphone", this.call.setMicrophone(on));
  }

  toggleCamera(): void {
    const on = this.local.value.camera === null;
    this.#try("camera", this.call.setCamera(on));
  }

  /** Changes to a device: who is not heard or seen stays so. */
  choose(kind: DeviceKind, deviceId: string): void {
    const { microphoneOn, camera } = this.local.value;
    const change =
      kind === "microphone"
        ? this.call.setMicrophone(microphoneOn, deviceId)
        : this.call.setCamera(camera !== null, deviceId);
    this.#try(
      kind,
      change.then(() => rememberDevice(kind, deviceId)),
    );
  }

  toggleScreen(): void {
    const on = this.local.value.screen === null;
    this.call.shareScreen(on).catch((error: unknown) => {
      this.say(error instanceof CallError ? t().talk.forbidden.screen : t().screenRefused);
    });
  }

  /** Puts aside why there are no pictures, until they go the next time. */
  dismissSoundAlone(): void {
    this.soundAlone.value = false;
  }

  /** Puts aside that media goes by TCP, until it has gone by UDP again. */
  dismissDetour(): void {
    this.detour.value = false;
  }

  leave(): void {
    this.call.leave();
  }

  close(): void {
    this.#timers.forEach(clearInterval);
    clearTimeout(this.#noticeTimer);
    clearTimeout(this.#detourTimer);
  }

  #try(kind: DeviceKind, change: Promise<void>): void {
    change.catch((error: unknown) => {
      // The browser was not even asked where the room's rules forbid it.
      const forbidden = error instanceof CallError && error.code === "not_allowed";
      this.say(forbidden ? t().talk.forbidden[kind] : deviceSentence(kind, error));
    });
  }

  #lost({ source, cause }: SourceLost): void {
    if (cause !== "stopped") {
      this.say(t().deviceUnplugged[source]);
    }
  }

  #changed(state: CallState): void {
    this.state.value = state;
    this.#takeRoster();
    if (state.phase === "ended") {
      this.close();
      this.#ended(state.reason);
      return;
    }
    if (state.phase !== "joined") {
      return;
    }
    if (state.connection !== "connected") {
      // A session made anew connects its media as the first one did: no trouble by itself.
      this.#troubled ||= state.connection !== "media_connecting";
    } else if (this.#troubled) {
      this.#troubled = false;
      this.say(t().connectedAgain);
    }
  }

  #takeRoster(): void {
    const { participants, role } = this.call;
    participants.forEach(({ id, name }) => this.#names.set(id, name));
    this.participants.value = participants;
    this.role.value = role;
  }

  #lineChanged(pictures: PictureState | null): void {
    if (pictures === "paused" && this.#pictures !== "paused") {
      this.soundAlone.value = true;
    } else if (pictures !== "paused") {
      this.soundAlone.value = false;
    }
    this.#pictures = pictures;
  }

  /** A new session has no path for a moment, which says nothing of the network. */
  #pathChanged(path: PathReport | null): void {
    this.path.value = path ?? this.path.value;
    if (path === null) {
      return;
    }
    clearTimeout(this.#detourTimer);
    if (path.transport !== "udp") {
      this.#detourTimer = setTimeout(() => {
        this.detour.value ||= !this.#detourTold;
        this.#detourTold = true;
      }, DETOUR_MS);
    } else if (this.#detourTold) {
      this.#detourTold = false;
      this.detour.value = false;
      this.say(t().udpAgain);
    }
  }

  #track(participant: ParticipantId, source: Source, track: MediaStreamTrack | null): void {
    const tracks = new Map(this.#tracks.value);
    const key = trackKey(participant, source);
    if (track === null) {
      tracks.delete(key);
    } else {
      tracks.set(key, track);
    }
    this.#tracks.value = tracks;
  }

  #cameraOf(participant: Participant): Picture {
    const self = participant.id === this.call.you;
    const remote = this.#tracks.value.get(trackKey(participant.id, "camera")) ?? null;
    const track = self ? this.local.value.camera : remote;
    const on = self || has(participant, "camera");
    return {
      key: trackKey(participant.id, "camera"),
      participant,
      source: "camera",
      track: on ? track : null,
      self,
    };
  }

  #screenOf(participant: Participant): Picture {
    const self = participant.id === this.call.you;
    const key = trackKey(participant.id, "screen");
    const track = self ? this.local.value.screen : (this.#tracks.value.get(key) ?? null);
    return { key, participant, source: "screen", track, self };
  }

  #listen(): void {
    const speaking = new Set<ParticipantId>();
    for (const [participant, level] of this.call.levels()) {
      if (level >= SPEAKING_LEVEL_MIN) {
        speaking.add(participant);
      }
    }
    const before = this.speaking.value;
    if (before.size !== speaking.size || [...speaking].some((id) => !before.has(id))) {
      this.speaking.value = speaking;
    }
  }
}

export function has(participant: Participant, source: Source): boolean {
  return participant.sources.some((published) => published.source === source);
}

/** What to tell a person whose device did not open. */
export function deviceSentence(kind: DeviceKind, error: unknown): string {
  if (!canCapture()) {
    return t().insecure;
  }
  switch (troubleOf(error)) {
    case "refused":
      return t().deviceRefused[kind];
    case "missing":
      return t().deviceMissing[kind];
    case "busy":
      return t().deviceBusy[kind];
  }
}

function trackKey(participant: ParticipantId, source: Source): string {
  return `${participant}-${source}`;
}
