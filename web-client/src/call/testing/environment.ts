// A browser for unit tests: time moves when the test says so, and sockets and connections are ours.
import type { Environment, Socket, SocketHandlers, Timer } from "../environment";
import type { ClientMessage, ServerBody } from "../protocol.gen";
import { FakePeerConnection, FakeTrack } from "./webrtc";

/** The other end of a WebSocket. */
export class FakeSocket implements Socket {
  readonly sent: ClientMessage[] = [];
  readonly handlers: SocketHandlers;
  closed = false;

  constructor(handlers: SocketHandlers) {
    this.handlers = handlers;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.handlers.onOpen();
  }

  /** The network, not the client, ends it. */
  cut(): void {
    this.handlers.onClose();
  }

  say(seq: number, body: ServerBody): void {
    this.handlers.onText(JSON.stringify({ seq, ...body }));
  }

  kinds(): string[] {
    return this.sent.map(({ kind }) => kind);
  }

  last<Kind extends ClientMessage["kind"]>(kind: Kind): Extract<ClientMessage, { kind: Kind }> {
    const found = this.sent.findLast((message) => message.kind === kind);
    if (found === undefined) {
      throw new Error(`no ${kind} was sent`);
    }
    return found as Extract<ClientMessage, { kind: Kind }>;
  }
}

interface Pending {
  readonly at: number;
  readonly act: () => void;
}

export class FakeEnvironment implements Environment {
  readonly sockets: FakeSocket[] = [];
  readonly connections: FakePeerConnection[] = [];
  /** Constraints asked for, in order. */
  readonly captures: MediaStreamConstraints[] = [];
  token = "browser";
  /** What the next capture rejects with. */
  captureError: Error | null = null;

  #now = 0;
  #nextTimer = 1;
  readonly #timers = new Map<number, Pending>();
  readonly #networkListeners = new Set<(online: boolean) => void>();
  readonly #goneListeners = new Set<() => void>();

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) {
      throw new Error("no socket was opened");
    }
    return socket;
  }

  get connection(): FakePeerConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) {
      throw new Error("no connection was made");
    }
    return connection;
  }

  openSocket(_url: string, _protocol: string, handlers: SocketHandlers): Socket {
    const socket = new FakeSocket(handlers);
    this.sockets.push(socket);
    return socket;
  }

  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection {
    const connection = new FakePeerConnection();
    connection.setConfiguration(configuration);
    this.connections.push(connection);
    return connection as unknown as RTCPeerConnection;
  }

  codecs(_side: "send" | "receive", kind: "audio" | "video"): readonly RTCRtpCodec[] {
    const names = kind === "audio" ? ["opus", "red", "PCMU"] : ["VP8", "rtx", "AV1", "ulpfec"];
    return names.map((name) => ({ mimeType: `${kind}/${name}`, clockRate: 90_000 }));
  }

  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.captures.push(constraints);
    if (this.captureError !== null) {
      return Promise.reject(this.captureError);
    }
    const kinds = [constraints.audio && "audio", constraints.video && "video"].filter(Boolean);
    return Promise.resolve(streamOf(kinds.map((kind) => new FakeTrack(kind as "audio" | "video"))));
  }

  getDisplayMedia(): Promise<MediaStream> {
    return Promise.resolve(streamOf([new FakeTrack("video")]));
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, act: () => void): Timer {
    const timer = this.#nextTimer;
    this.#nextTimer += 1;
    this.#timers.set(timer, { at: this.#now + delayMs, act });
    return timer as unknown as Timer;
  }

  cancel(timer: Timer): void {
    this.#timers.delete(timer as unknown as number);
  }

  /** No spread: delays are exact. */
  random(): number {
    return 0.5;
  }

  browserToken(): string {
    return this.token;
  }

  onNetworkChange(listener: (online: boolean) => void): () => void {
    this.#networkListeners.add(listener);
    return () => this.#networkListeners.delete(listener);
  }

  onPageGone(listener: () => void): () => void {
    this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  changeNetwork(online: boolean): void {
    this.#networkListeners.forEach((listener) => listener(online));
  }

  leavePage(): void {
    this.#goneListeners.forEach((listener) => listener());
  }

  /** Lets time pass; timers fire in order, and promises settle between them. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until);
      const [next] = due.sort(([, one], [, other]) => one.at - other.at);
      if (next === undefined) {
        break;
      }
      const [timer, { at, act }] = next;
      this.#timers.delete(timer);
      this.#now = at;
      act();
      await settle();
    }
    this.#now = until;
  }
}

/** All that waits for promises gets its turn: one task later, all microtasks are done. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

function streamOf(tracks: FakeTrack[]): MediaStream {
  return { getTracks: () => tracks } as unknown as MediaStream;
}
