// Records one's own view to a file on this machine: the tab or window that the person chooses, with
// everybody's sound and one's own. The server is told, so that everybody knows; it gets nothing.
import type { ParticipantId } from "../../call";
import type { RoomStore } from "../room-store";
import { download } from "./download";
import type { Timed } from "./webm";
import { timed } from "./webm";

/** How often what was recorded is handed over to the disk. */
const SLICE_MS = 1000;
/** A lesson needs no more, and every machine encodes it. */
const BITS_PER_SECOND = 2_500_000;
/** The first that the browser writes. VP8 costs the least beside a call. */
const FORMATS = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"] as const;

/** The tab itself is offered first where the browser knows these two. */
const CAPTURE: DisplayMediaStreamOptions & {
  readonly preferCurrentTab: boolean;
  readonly selfBrowserSurface: string;
} = {
  video: { frameRate: { ideal: 15, max: 30 } },
  audio: false,
  preferCurrentTab: true,
  selfBrowserSurface: "include",
};

/** Where a recording goes, piece by piece. */
interface Sink {
  write(piece: Blob): Promise<void>;
  /** In place of what was written there. */
  overwrite(at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  finish(): Promise<void>;
}

export class Recorder {
  readonly #store: RoomStore;
  readonly #picture: MediaStream;
  readonly #sound: SoundMix;
  readonly #recorder: MediaRecorder;
  readonly #ended: (error: unknown) => void;
  readonly #stop: readonly (() => void)[];
  /** As which participant it was announced. */
  #announcedAs: ParticipantId;
  /** The room has said so; only then can it say otherwise. */
  #announced = false;
  #written: Promise<void> = Promise.resolve();
  readonly #beganAt = performance.now();
  #lastedMs = 0;
  /** Where the file says how long it is; undefined before its first piece, null where it cannot. */
  #timed: Timed | null | undefined;

  /**
   * Asks what to record, announces it, and begins; within a person's gesture. Rejects with the
   * browser's error, or with the server's where a rule forbids it. `ended` comes once, with why
   * where it was not asked for.
   */
  static async start(
    store: RoomStore,
    file: FileSystemFileHandle | null,
    ended: (error: unknown) => void,
  ): Promise<Recorder> {
    const picture = await navigator.mediaDevices.getDisplayMedia(CAPTURE);
    try {
      await store.call.setRecording(true);
      const type = formatOf();
      const sink = file === null ? memorySink(type) : await fileSink(file);
      return new Recorder(store, picture, sink, ended);
    } catch (error) {
      picture.getTracks().forEach((track) => track.stop());
      throw error;
    }
  }

  private constructor(
    store: RoomStore,
    picture: MediaStream,
    sink: Sink,
    ended: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#picture = picture;
    this.#ended = ended;
    this.#announcedAs = store.call.you;
    this.#sound = new SoundMix(store);
    const tracks = [...picture.getVideoTracks(), this.#sound.track];
    this.#recorder = new MediaRecorder(new MediaStream(tracks), {
      mimeType: formatOf(),
      videoBitsPerSecond: BITS_PER_SECOND,
    });
    this.#recorder.addEventListener("dataavailable", ({ data }) => {
      // In turn, because a disk may be slower than the next piece.
      this.#written = this.#written.then(() => this.#write(sink, data));
      this.#written.catch(() => this.stop());
    });
    this.#recorder.addEventListener("stop", () => {
      this.#lastedMs = performance.now() - this.#beganAt;
      void this.#finish(sink);
    });
    this.#recorder.addEventListener("error", () => this.stop());
    picture.getVideoTracks()[0]?.addEventListener("ended", () => this.stop());
    this.#stop = [store.participants.subscribe(() => this.#look())];
    this.#recorder.start(SLICE_MS);
  }

  stop(): void {
    if (this.#recorder.state !== "inactive") {
      this.#recorder.stop();
    }
  }

  /** A host may forbid it in the middle; a session made anew has to announce it again. */
  #look(): void {
    const { you, participants } = this.#store.call;
    const self = participants.find(({ id }) => id === you);
    if (self === undefined || self.recording) {
      this.#announced ||= self !== undefined;
      return;
    }
    if (you === this.#announcedAs) {
      if (this.#announced) {
        this.stop();
      }
    } else {
      this.#announcedAs = you;
      this.#announced = false;
      this.#store.call.setRecording(true).catch(() => this.stop());
    }
  }

  async #write(sink: Sink, piece: Blob): Promise<void> {
    if (this.#timed !== undefined || piece.size === 0) {
      return sink.write(piece);
    }
    const head = new Uint8Array(await piece.arrayBuffer());
    this.#timed = timed(head);
    return sink.write(new Blob([this.#timed?.bytes ?? head]));
  }

  async #finish(sink: Sink): Promise<void> {
    this.#stop.forEach((stop) => stop());
    this.#picture.getTracks().forEach((track) => track.stop());
    this.#sound.close();
    this.#store.call.setRecording(false).catch(() => undefined);
    try {
      await this.#written;
      if (this.#timed) {
        await sink.overwrite(this.#timed.at, this.#timed.duration(this.#lastedMs));
      }
      await sink.finish();
      this.#ended(null);
    } catch (error) {
      this.#ended(error);
    }
  }
}

/** Everybody's sound and one's own in one track, whoever comes and goes. */
class SoundMix {
  readonly #context = new AudioContext();
  readonly #mix = this.#context.createMediaStreamDestination();
  readonly #sources = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>();
  readonly #stop: readonly (() => void)[];

  constructor(store: RoomStore) {
    const take = (): void => {
      const { microphone } = store.local.value;
      const heard = store.sounds.map(({ track }) => track);
      this.#take(microphone === null ? heard : [...heard, microphone]);
    };
    // A new session has slots with new tracks, and a microphone may be changed.
    this.#stop = [store.state.subscribe(take), store.local.subscribe(take)];
  }

  get track(): MediaStreamTrack {
    const [track] = this.#mix.stream.getAudioTracks();
    if (track === undefined) {
      throw new Error("a destination of sound has a track");
    }
    return track;
  }

  close(): void {
    this.#stop.forEach((stop) => stop());
    void this.#context.close();
  }

  #take(tracks: readonly MediaStreamTrack[]): void {
    for (const [track, source] of this.#sources) {
      if (!tracks.includes(track)) {
        source.disconnect();
        this.#sources.delete(track);
      }
    }
    for (const track of tracks.filter((track) => !this.#sources.has(track))) {
      const source = this.#context.createMediaStreamSource(new MediaStream([track]));
      source.connect(this.#mix);
      this.#sources.set(track, source);
    }
  }
}

function formatOf(): string {
  return FORMATS.find((format) => MediaRecorder.isTypeSupported(format)) ?? "";
}

export function fileName(room: string, day: string): string {
  return `${room}-${day}.${formatOf().includes("mp4") ? "mp4" : "webm"}`;
}

/** All of it waits in memory; the browser moves large pieces to its own disk space. */
function memorySink(type: string): Sink {
  const pieces: Blob[] = [];
  return {
    write: async (piece) => void pieces.push(piece),
    overwrite: async (at, bytes) => {
      const whole = new Blob(pieces.splice(0));
      pieces.push(whole.slice(0, at), new Blob([bytes]), whole.slice(at + bytes.length));
    },
    finish: async () => download(new Blob(pieces, { type }), fileName("preau", day())),
  };
}

async function fileSink(file: FileSystemFileHandle): Promise<Sink> {
  const stream = await file.createWritable();
  return {
    write: (piece) => stream.write(piece),
    overwrite: (position, data) => stream.write({ type: "write", position, data }),
    finish: () => stream.close(),
  };
}

function day(): string {
  return new Date().toISOString().slice(0, 10);
}
