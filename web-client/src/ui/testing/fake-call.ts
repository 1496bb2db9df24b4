// A call that tells what the test says.
import type { CallEvents, ConnectionReport, Participant, PathReport } from "../../call";
import { ROOM_AT_REST } from "../../call";

/** As much of a call as the pages read of it; a test adds what it asks the call to do. */
export class FakeCall {
  readonly you = 7;
  readonly participants: readonly Participant[] = [];
  readonly slots = [];
  readonly state = { phase: "joined", connection: "connected" };
  readonly local = { microphone: null, microphoneOn: false, camera: null, screen: null };
  readonly role = "guest";
  readonly room = ROOM_AT_REST;
  readonly lobby = [];
  speaker: number | null = null;
  connection: ConnectionReport | null = null;
  path: PathReport | null = null;
  readonly #listeners = new Map<string, Set<(event: unknown) => void>>();

  levels(): Map<number, number> {
    return new Map();
  }

  on(name: string, listener: (event: unknown) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  tell<Name extends keyof CallEvents>(name: Name, event: CallEvents[Name]): void {
    this.#listeners.get(name)?.forEach((listener) => listener(event));
  }
}
