// What is written: texts on their way to the server, each with somebody who waits for its fate.
import type { CallEnd } from "./api";
import { CallError } from "./api";
import type { ChatRequest, ParticipantId } from "./protocol.gen";

/** `protocol::client::CHAT_CHARACTERS_MAX`, in Unicode characters. */
const CHARACTERS_MAX = 2_000;

/** Without a socket texts wait for the resume, where the server takes 60 commands at once. */
const WAITING_MAX = 32;

/** Controls but the line feed, and halves of a surrogate pair, which no JSON carries. */
const NOT_TEXT = /(?!\n)[\p{Cc}\p{Cs}]/u;

interface Waiting {
  readonly passedOn: () => void;
  readonly refused: (error: CallError) => void;
}

export class Outbox {
  readonly #waiting = new Map<number, Waiting>();

  /** Checks a text as the server does and hands it to `send`, which gives the command's id. */
  write(
    text: string,
    to: ParticipantId | null,
    send: (request: ChatRequest) => number,
  ): Promise<void> {
    const trimmed = text.trim();
    const { length } = [...trimmed];
    if (length === 0 || length > CHARACTERS_MAX || NOT_TEXT.test(trimmed)) {
      const detail = `a text has 1 to ${CHARACTERS_MAX} characters, none but \\n a control`;
      return Promise.reject(new CallError("bad_text", detail));
    }
    if (this.#waiting.size >= WAITING_MAX) {
      const detail = `at most ${WAITING_MAX} texts wait for the server`;
      return Promise.reject(new CallError("too_fast", detail));
    }
    return new Promise((passedOn, refused) => {
      this.#waiting.set(send({ text: trimmed, to }), { passedOn, refused });
    });
  }

  /** The server has passed it on. */
  handlePassedOn(id: number): void {
    this.#take(id)?.passedOn();
  }

  /** Whether the refused command was a text; whoever wrote it then knows. */
  handleRefused(id: number, code: CallEnd, detail: string): boolean {
    const waiting = this.#take(id);
    waiting?.refused(new CallError(code, detail));
    return waiting !== undefined;
  }

  /** The server has said all there is about commands up to `upTo`, and refused none of the rest. */
  handleSettled(upTo: number): void {
    for (const id of [...this.#waiting.keys()].filter((id) => id <= upTo)) {
      this.handlePassedOn(id);
    }
  }

  /** The session is gone: nobody will ever know. */
  close(code: CallEnd): void {
    for (const id of [...this.#waiting.keys()]) {
      this.handleRefused(id, code, "the session ended before the server answered");
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
