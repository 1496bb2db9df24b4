// Who is here and what each slot carries, made of the server's messages alone. Pure.
import type { ParticipantChange } from "./api";
import type { Participant, ParticipantId, SlotContent, SlotMapping, Source } from "./protocol.gen";

/** A participant's source is on another m-line than before, or on none (`mid` is null). */
export interface Move {
  readonly participant: ParticipantId;
  readonly source: Source;
  readonly mid: string | null;
}

export class Roster {
  readonly #participants = new Map<ParticipantId, Participant>();
  readonly #carries = new Map<string, SlotContent | null>();

  get participants(): readonly Participant[] {
    return [...this.#participants.values()];
  }

  carries(mid: string): SlotContent | null {
    return this.#carries.get(mid) ?? null;
  }

  /** Somebody came, or changed. */
  put(participant: Participant): ParticipantChange {
    const known = this.#participants.has(participant.id);
    this.#participants.set(participant.id, participant);
    return { participant, change: known ? "changed" : "joined" };
  }

  /** Somebody went; null if they were not here. */
  remove(id: ParticipantId): ParticipantChange | null {
    const participant = this.#participants.get(id);
    this.#participants.delete(id);
    return participant === undefined ? null : { participant, change: "left" };
  }

  /** The whole truth replaces what was known; the result is the difference. */
  replace(participants: readonly Participant[]): ParticipantChange[] {
    const present = new Set(participants.map(({ id }) => id));
    const changes: ParticipantChange[] = [];
    for (const id of [...this.#participants.keys()]) {
      const left = present.has(id) ? null : this.remove(id);
      if (left !== null) {
        changes.push(left);
      }
    }
    for (const participant of participants) {
      const before = this.#participants.get(participant.id);
      if (JSON.stringify(before) !== JSON.stringify(participant)) {
        changes.push(this.put(participant));
      }
    }
    return changes;
  }

  /** Slots that are not named stay as they were. */
  map(slots: readonly SlotMapping[]): Move[] {
    const before = this.#places();
    for (const { mid, carries } of slots) {
      this.#carries.set(mid, carries);
    }
    return moves(before, this.#places());
  }

  /** Slots that are not named are idle. */
  remap(slots: readonly SlotMapping[]): Move[] {
    const before = this.#places();
    this.#carries.clear();
    for (const { mid, carries } of slots) {
      this.#carries.set(mid, carries);
    }
    return moves(before, this.#places());
  }

  #places(): Map<string, Move> {
    const places = new Map<string, Move>();
    for (const [mid, carries] of this.#carries) {
      if (carries !== null) {
        places.set(`${carries.participant} ${carries.source}`, { ...carries, mid });
      }
    }
    return places;
  }
}

/** Ends come first, so that a listener never sees one track at two people. */
function moves(before: ReadonlyMap<string, Move>, after: ReadonlyMap<string, Move>): Move[] {
  const ended: Move[] = [];
  for (const [key, { participant, source }] of before) {
    if (!after.has(key)) {
      ended.push({ participant, source, mid: null });
    }
  }
  const begun = [...after].filter(([key, move]) => before.get(key)?.mid !== move.mid);
  return [...ended, ...begun.map(([, move]) => move)];
}
