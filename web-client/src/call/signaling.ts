// One session with signaling over as many sockets as it takes: hello, numbering, resume, heartbeat.
//
// Commands are sent again after a resume until something shows that they arrived (an answer, an
// error, the pong of a later ping, or `resumed` itself); signaling carries out each id once.
// Messages are handed on once and in order. Where only the newest command of a sort matters, one
// waits; the caller bounds the number of the others, so nothing here grows.
import type { UnknownMessage } from "./codec";
import { decodeServerMessage, SUBPROTOCOL } from "./codec";
import type { Environment, Socket, Timer } from "./environment";
import type { ClientBody, ClientMessage, Join, ServerBody, ServerMessage } from "./protocol.gen";
import { reconnectDelayMs, RESUME_MS_MAX } from "./recovery";

/** A command that can be given while joined. */
export type Command = Exclude<ClientBody, { kind: "join" | "resume" | "ping" }>;

export interface SignalingHandlers {
  /** A message, once and in order. `pong` is not handed on. */
  onMessage(body: ServerBody): void;
  /** Whatever the server had to say about commands up to `upTo` has come, or is lost for good. */
  onSettled(upTo: number): void;
  /** The socket is lost or back; only after joining. */
  onLink(link: "open" | "lost"): void;
  /** The session cannot be had, or be had back: nothing more will come. */
  onGone(): void;
}

/** An idle proxy cuts after 30 to 60 s; a dead path should be noticed sooner than ICE does it. */
const PING_INTERVAL_MS = 10_000;
const PONG_TIMEOUT_MS = 5_000;
/** When the network has just changed, silence means more. */
const PONG_TIMEOUT_URGENT_MS = 2_000;
/** From `new WebSocket` to the answer of the hello. */
const HELLO_TIMEOUT_MS = 10_000;

interface Counters {
  malformedMessages: number;
  unknownMessages: number;
  duplicateMessages: number;
  missingMessages: number;
  lostSockets: number;
}

/** Of a session in which nothing has happened. */
export const NO_COUNTERS: Readonly<Counters> = {
  malformedMessages: 0,
  unknownMessages: 0,
  duplicateMessages: 0,
  missingMessages: 0,
  lostSockets: 0,
};

export class Signaling {
  readonly counters: Counters = { ...NO_COUNTERS };

  readonly #environment: Environment;
  readonly #url: string;
  readonly #join: Join;
  readonly #handlers: SignalingHandlers;
  readonly #stopNetworkWatch: () => void;

  #socket: Socket | null = null;
  /**
   * `greeting` until the hello is answered; `open` after; `in_lobby` while a host is to answer it;
   * `waiting` between sockets.
   */
  #phase: "greeting" | "in_lobby" | "open" | "waiting" | "closed" = "waiting";
  #ticket: string | null = null;
  #lastSeq = 0;
  /** `join` is command 1. */
  #lastId = 1;
  #unacknowledged: ClientMessage[] = [];
  /** The last command before the ping that is under way. */
  #pingCovers: number | null = null;
  #attempt = 0;
  #lostAt: number;
  #patienceMs: number;
  /** The one next thing: an attempt, a ping, or the end of a wait for an answer. */
  #timer: Timer | null = null;

  /** Opens at once and says `join`, trying again for `patienceMs`. */
  constructor(
    environment: Environment,
    url: string,
    join: Join,
    patienceMs: number,
    handlers: SignalingHandlers,
  ) {
    this.#environment = environment;
    this.#url = url;
    this.#join = join;
    this.#patienceMs = patienceMs;
    this.#handlers = handlers;
    this.#lostAt = environment.now();
    this.#stopNetworkWatch = environment.onNetworkChange((online) => this.#networkChanged(online));
    this.#open();
  }

  /** Gives a command, at once or after the resume. Its id is what an answer refers to. */
  send(command: Command): number {
    this.#lastId += 1;
    const message: ClientMessage = { id: this.#lastId, ...command };
    if (message.kind === "publish") {
      // What a host says meanwhile wins.
      message.seen = this.#lastSeq;
    }
    this.#unacknowledged = this.#unacknowledged.filter((waiting) => !replaces(message, waiting));
    this.#unacknowledged.push(message);
    if (this.#phase === "open") {
      this.#write(message);
    }
    return message.id;
  }

  /** Says good-bye where that is possible, and ends. */
  leave(): void {
    if (this.#phase === "open") {
      this.send({ kind: "leave" });
    }
    this.close();
  }

  close(): void {
    this.#phase = "closed";
    this.#stopNetworkWatch();
    this.#setTimer(null);
    this.#dropSocket();
  }

  /** Somebody has reason to think that the path is dead: an answer is waited for less long. */
  probe(): void {
    this.#ping(PONG_TIMEOUT_URGENT_MS);
  }

  /** Cuts the socket as a bad network would. */
  loseSocket(): void {
    this.#lose();
  }

  #open(): void {
    this.#phase = "greeting";
    let socket: Socket | null = null;
    const current = (): boolean => socket === this.#socket;
    try {
      socket = this.#environment.openSocket(this.#url, SUBPROTOCOL, {
        onOpen: () => current() && this.#write(this.#hello()),
        onText: (text) => current() && this.#receive(text),
        onClose: () => current() && this.#lose(),
      });
    } catch {
      // The URL itself is refused; the attempts run out and say so.
    }
    this.#socket = socket;
    this.#setTimer(HELLO_TIMEOUT_MS, () => this.#lose());
  }

  #hello(): ClientMessage {
    return this.#ticket === null
      ? { id: 1, kind: "join", ...this.#join }
      : { id: 0, kind: "resume", ticket: this.#ticket, last_seq: this.#lastSeq };
  }

  #receive(text: string): void {
    const message = decodeServerMessage(text);
    if (message === null) {
      this.counters.malformedMessages += 1;
      return;
    }
    if (!this.#isNext(message)) {
      return;
    }
    const { seq: _, ...body } = message;
    switch (body.kind) {
      case "unknown":
        this.counters.unknownMessages += 1;
        return;
      case "pong":
        if (this.#phase === "open") {
          this.#settle(this.#pingCovers ?? 0);
        }
        this.#pingCovers = null;
        this.#setTimer(PING_INTERVAL_MS, () => this.#ping(PONG_TIMEOUT_MS));
        return;
      case "resumed":
        this.#acknowledge(body.last_id);
        this.#opened();
        this.#handlers.onMessage(body);
        this.#handlers.onLink("open");
        return;
      case "in_lobby":
        // A host may take their time; a socket lost meanwhile is as new as that of a session.
        this.#phase = "in_lobby";
        this.#attempt = 0;
        this.#patienceMs = RESUME_MS_MAX;
        this.#setTimer(PING_INTERVAL_MS, () => this.#ping(PONG_TIMEOUT_MS));
        break;
      case "joined":
        this.#ticket = body.ticket;
        this.#patienceMs = RESUME_MS_MAX;
        this.#opened();
        break;
      case "answer":
      case "attendance":
      case "chat":
      case "done":
        this.#acknowledge(body.re);
        break;
      case "error":
        this.#acknowledge(body.re);
        if (body.code === "session_gone" && this.#ticket !== null) {
          this.#giveUp();
          return;
        }
        break;
      default:
        break;
    }
    this.#handlers.onMessage(body);
  }

  /** Whether this message is new, and none before it is missing. */
  #isNext(message: ServerMessage | UnknownMessage): boolean {
    if (message.kind === "snapshot") {
      this.#lastSeq = Math.max(this.#lastSeq, message.seq, message.up_to);
      return true;
    }
    if (message.seq === 0) {
      return true;
    }
    if (message.seq <= this.#lastSeq) {
      this.counters.duplicateMessages += 1;
      return false;
    }
    if (message.seq > this.#lastSeq + 1 && this.#ticket !== null) {
      // A socket keeps order, so this is a fault of the server: what is missing is asked for again.
      this.counters.missingMessages += 1;
      this.#lose();
      return false;
    }
    this.#lastSeq = message.seq;
    return true;
  }

  #opened(): void {
    this.#phase = "open";
    this.#attempt = 0;
    this.#pingCovers = null;
    this.#unacknowledged.forEach((waiting) => this.#write(waiting));
    this.#setTimer(PING_INTERVAL_MS, () => this.#ping(PONG_TIMEOUT_MS));
  }

  #ping(timeoutMs: number): void {
    if (this.#phase !== "open" && this.#phase !== "in_lobby") {
      return;
    }
    this.#pingCovers = this.#lastId;
    this.#write({ id: 0, kind: "ping" });
    this.#setTimer(timeoutMs, () => this.#lose());
  }

  #settle(upTo: number): void {
    this.#acknowledge(upTo);
    this.#handlers.onSettled(upTo);
  }

  #acknowledge(upTo: number): void {
    this.#unacknowledged = this.#unacknowledged.filter(({ id }) => id > upTo);
  }

  /** The socket is gone, or as good as gone. */
  #lose(): void {
    if (this.#phase === "closed" || this.#phase === "waiting") {
      return;
    }
    const phase = this.#phase;
    this.#phase = "waiting";
    this.#dropSocket();
    this.counters.lostSockets += 1;
    if (phase === "open" || phase === "in_lobby") {
      this.#lostAt = this.#environment.now();
    }
    if (phase === "open") {
      this.#handlers.onLink("lost");
    }
    const delay = reconnectDelayMs(this.#attempt, this.#environment.random());
    if (this.#environment.now() + delay - this.#lostAt > this.#patienceMs) {
      this.#giveUp();
      return;
    }
    this.#attempt += 1;
    this.#setTimer(delay, () => this.#open());
  }

  #giveUp(): void {
    this.close();
    this.#handlers.onGone();
  }

  #networkChanged(online: boolean): void {
    if (this.#phase === "open" || this.#phase === "in_lobby") {
      this.probe();
    } else if (this.#phase === "waiting" && online) {
      this.#attempt = 0;
      this.#open();
    }
  }

  #write(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #dropSocket(): void {
    const socket = this.#socket;
    // Forgotten first: the close event of a socket that was given up means nothing.
    this.#socket = null;
    socket?.close();
  }

  #setTimer(delayMs: number | null, act: () => void = () => undefined): void {
    if (this.#timer !== null) {
      this.#environment.cancel(this.#timer);
    }
    this.#timer = delayMs === null ? null : this.#environment.after(delayMs, act);
  }
}

/** `https://host/anything` is spoken to at `wss://host/ws`. */
export function signalingUrl(url: string): string {
  const address = new URL("/ws", url);
  address.protocol = address.protocol === "http:" || address.protocol === "ws:" ? "ws:" : "wss:";
  return address.href;
}

/**
 * Of texts and orders each matters; of all else, such as views, hands and votes, the newest does.
 * A reaction that waited for a socket is shown once, not as a burst.
 */
function replaces(newer: ClientMessage, older: ClientMessage): boolean {
  if (newer.kind === "chat" || newer.kind === "moderate") {
    return false;
  }
  if (newer.kind === "publish" && older.kind === "publish") {
    return newer.source === older.source;
  }
  return newer.kind === older.kind;
}
