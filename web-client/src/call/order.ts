// What is the same for everybody in the room, and what hosts alone know of it.
import type { CallEvents } from "./api";
import type { Joined, Role, RoomState, ServerBody, Source, Waiting } from "./protocol.gen";
import { ROOM_AT_REST } from "./room-state";

/** Events of keeping order, and how they are told. */
type Tell = <Name extends "room" | "lobby" | "reaction" | "turned_off" | "asked_to_turn_on">(
  name: Name,
  event: CallEvents[Name],
) => void;

export type OrderMessage = Extract<
  ServerBody,
  { kind: "room" | "lobby" | "invitation" | "reaction" | "turned_off" | "asked_to_turn_on" }
>;

/** With what a host invites others. */
type Invitation = Pick<Joined, "guest_secret" | "code">;

export class Order {
  readonly #now: () => number;
  readonly #tell: Tell;
  #room: RoomState = ROOM_AT_REST;
  /** When the server said so; what is left of the timer is counted from then on. */
  #saidAt = 0;
  #lobby: readonly Waiting[] = [];
  #invitation: Invitation | null = null;

  constructor(now: () => number, tell: Tell) {
    this.#now = now;
    this.#tell = tell;
  }

  /** The timer shows what is left at this moment. */
  get room(): RoomState {
    const { timer } = this.#room;
    if (timer === null) {
      return this.#room;
    }
    const left_ms = Math.max(0, Math.round(timer.left_ms - (this.#now() - this.#saidAt)));
    return { ...this.#room, timer: { ...timer, left_ms } };
  }

  get lobby(): readonly Waiting[] {
    return this.#lobby;
  }

  /** With what others are invited; for hosts. */
  get invitation(): Invitation | null {
    return this.#invitation;
  }

  /** The whole truth replaces what was known. */
  replace({ room, lobby }: Pick<Joined, "room" | "lobby">): void {
    this.#setRoom(room);
    this.#setLobby(lobby);
  }

  /** One is told with what to invite, or that one has nothing. */
  setInvitation(invitation: Invitation): void {
    this.#invitation = invitation;
  }

  handle(message: OrderMessage): void {
    switch (message.kind) {
      case "room": {
        const { kind: _, ...room } = message;
        this.#setRoom(room);
        return;
      }
      case "lobby":
        this.#setLobby(message.waiting);
        return;
      case "invitation":
        this.setInvitation(message);
        return;
      case "reaction":
        this.#tell("reaction", { participant: message.participant, reaction: message.reaction });
        return;
      case "turned_off":
        this.#tell("turned_off", { source: message.source, by: message.by });
        return;
      case "asked_to_turn_on":
        this.#tell("asked_to_turn_on", { source: message.source, by: message.by });
        return;
    }
  }

  /** Who is no host any more knows of no lobby, and invites nobody. */
  handleRole(role: Role): void {
    if (role === "guest") {
      this.#invitation = null;
      this.#setLobby([]);
    }
  }

  #setRoom(room: RoomState): void {
    const isSame = room.timer === null && JSON.stringify(room) === JSON.stringify(this.#room);
    this.#room = room;
    this.#saidAt = this.#now();
    if (!isSame) {
      this.#tell("room", room);
    }
  }

  #setLobby(lobby: readonly Waiting[]): void {
    const isSame = JSON.stringify(lobby) === JSON.stringify(this.#lobby);
    this.#lobby = lobby;
    if (!isSame) {
      this.#tell("lobby", lobby);
    }
  }
}

/** Whether a room's rules let somebody turn a source on. */
export function mayTurnOn(source: Source, role: Role, { rules }: RoomState): boolean {
  if (role === "host") {
    return true;
  }
  switch (source) {
    case "microphone":
      return rules.microphone;
    case "camera":
      return rules.camera;
    case "screen":
    case "screen_audio":
      return rules.screen;
  }
}
