// Commands on their way to the server, each with somebody who waits for its fate.
import type { CallEnd } from "./api";
import { CallError } from "./api";
import type { Banned, ServerBody, Stay } from "./protocol.gen";

/** Without a socket commands wait for the resume, where the server takes 60 at once. */
const WAITING_MAX = 32;

/** What the server answers: that it is done, or what was asked for. */
export type Answer = readonly Stay[] | readonly Banned[] | null;

type AttendancePart = Extract<ServerBody, { kind: "attendance" }>;
type AnswerMessage = Extract<ServerBody, { kind: "done" | "bans" | "attendance" }>;

interface Waiting {
  readonly answered: (answer: Answer) => void;
  readonly refused: (error: CallError) => void;
  /** Those parts of an answer that have come. */
  readonly stays: Stay[];
}

export class Outbox {
  readonly #waiting = new Map<number, Waiting>();

  /** Resolves when the server has done what `send` asks of it; `send` gives the command's id. */
  ask(send: () => number): Promise<Answer> {
    if (this.#waiting.size >= WAITING_MAX) {
      const detail = `at most ${WAITING_MAX} commands wait for the server`;
      return Promise.reject(new CallError("too_fast", detail));
    }
    return new Promise((answered, refused) => {
      this.#waiting.set(send(), { answered, refused, stays: [] });
    });
  }

  /** The server has done it. */
  handleAnswer(id: number, answer: Answer = null): void {
    this.#take(id)?.answered(answer);
  }

  handle(message: AnswerMessage): void {
    switch (message.kind) {
      case "done":
        this.handleAnswer(message.re);
        return;
      case "bans":
        this.handleAnswer(message.re, message.banned);
        return;
      case "attendance":
        this.#handleAttendance(message);
        return;
    }
  }

  /** Whether somebody waited for the refused command; they then know. */
  handleRefusal(id: number, code: CallEnd, detail: string): boolean {
    const waiting = this.#take(id);
    waiting?.refused(new CallError(code, detail));
    return waiting !== undefined;
  }

  /** The server has said all there is about commands up to `upTo`, and refused none of the rest. */
  handleSettled(upTo: number): void {
    for (const id of [...this.#waiting.keys()].filter((id) => id <= upTo)) {
      this.handleAnswer(id);
    }
  }

  /** The session is gone: nobody will ever know. */
  close(code: CallEnd): void {
    for (const id of [...this.#waiting.keys()]) {
      this.handleRefusal(id, code, "the session ended before the server answered");
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** A part of an answer has come; where one before it was lost, there is none. */
  #handleAttendance({ re, first, total, stays }: AttendancePart): void {
    const waiting = this.#waiting.get(re);
    if (waiting !== undefined && waiting.stays.length === first) {
      waiting.stays.push(...stays);
      if (waiting.stays.length >= total) {
        this.handleAnswer(re, waiting.stays);
      }
    } else {
      this.handleAnswer(re);
    }
  }
}
