// What server and browser tell of one's own line, and of the floor; told on when it changes.
import type { CallEvents, ConnectionReport, PathReport } from "./api";
import type { ConnectionState, ParticipantId } from "./protocol.gen";

type Tell = <Name extends "connection" | "path" | "speaker">(
  name: Name,
  event: CallEvents[Name],
) => void;

export class News {
  readonly #tell: Tell;
  connection: ConnectionReport | null = null;
  path: PathReport | null = null;
  speaker: ParticipantId | null = null;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** What the server says of one's own line; null where a new session has said nothing yet. */
  report(state: ConnectionState | null): void {
    const report = state && { bitsPerSecond: state.bits_per_second, pictures: state.pictures };
    if (report !== null || this.connection !== null) {
      this.connection = report;
      this.#tell("connection", report);
    }
  }

  take(path: PathReport | null): void {
    if (path !== null || this.path !== null) {
      this.path = path;
      this.#tell("path", path);
    }
  }

  giveFloor(participant: ParticipantId | null): void {
    if (this.speaker !== participant) {
      this.speaker = participant;
      this.#tell("speaker", { participant });
    }
  }

  /** The session is gone, and what was said of it means nothing. */
  forget(): void {
    this.report(null);
    this.take(null);
    this.giveFloor(null);
  }
}
