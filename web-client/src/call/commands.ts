// What one asks of the server by a word; each is settled by the server's answer.
import type { ChatOptions } from "./api";
import { CallError } from "./api";
import { textToSend } from "./chat";
import type { Answer } from "./outbox";
import type { Banned, Choice, Moderation, PollId, Reaction, Stay } from "./protocol.gen";
import type { Command } from "./signaling";

export abstract class Commands {
  async chat(text: string, { to = null, caption = false }: ChatOptions = {}): Promise<void> {
    await this.ask({ kind: "chat", text: textToSend(text), to, caption });
  }

  async setHand(raised: boolean): Promise<void> {
    await this.ask({ kind: "hand", raised });
  }

  async react(reaction: Reaction): Promise<void> {
    await this.ask({ kind: "react", reaction });
  }

  async vote(poll: PollId, choice: Choice): Promise<void> {
    await this.ask({ kind: "vote", poll, choice });
  }

  async setRecording(on: boolean): Promise<void> {
    await this.ask({ kind: "record", on });
  }

  async moderate(order: Moderation): Promise<void> {
    await this.ask({ kind: "moderate", ...order });
  }

  takeAttendance(): Promise<readonly Stay[]> {
    return this.#askFor("take_attendance") as Promise<readonly Stay[]>;
  }

  listBans(): Promise<readonly Banned[]> {
    return this.#askFor("list_bans") as Promise<readonly Banned[]>;
  }

  /** Gives a command; rejects with a `CallError` where it is refused or cannot be given. */
  protected abstract ask(command: Command): Promise<Answer>;

  async #askFor(action: "take_attendance" | "list_bans"): Promise<NonNullable<Answer>> {
    const answer = await this.ask({ kind: "moderate", action });
    if (answer === null) {
      throw new CallError("too_slow", "the answer was lost with a socket; ask again");
    }
    return answer;
  }
}
