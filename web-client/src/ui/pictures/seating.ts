// Who sits where, from page to page: people keep their places, and who speaks comes to the front.

type Id = number;

export class Seating {
  #seats: readonly Id[] = [];
  /** When each last had the floor, as a count of changes. */
  readonly #spoke = new Map<Id, number>();
  #changes = 0;

  /** The seats, newcomers last. Nobody moves because somebody else came or went. */
  seat(present: readonly Id[]): readonly Id[] {
    const here = new Set(present);
    const known = new Set(this.#seats);
    this.#seats = [
      ...this.#seats.filter((id) => here.has(id)),
      ...present.filter((id) => !known.has(id)),
    ];
    for (const id of this.#spoke.keys()) {
      if (!here.has(id)) {
        this.#spoke.delete(id);
      }
    }
    return this.#seats;
  }

  /**
   * Somebody has the floor. Whoever sits behind the first `front` seats changes places with the one
   * there who has been silent longest, so that a single tile changes.
   */
  giveFloor(id: Id, front: number): readonly Id[] {
    this.#changes += 1;
    this.#spoke.set(id, this.#changes);
    const from = this.#seats.indexOf(id);
    const candidates = this.#seats.slice(0, Math.max(0, front));
    const silent = (seated: Id): number => this.#spoke.get(seated) ?? 0;
    // The last of equals: the first seats are where one looks for the teacher.
    const leaves = candidates.reduceRight<Id | null>(
      (least, seated) => (least === null || silent(seated) < silent(least) ? seated : least),
      null,
    );
    if (from >= front && leaves !== null) {
      this.#seats = this.#seats.map((seated) =>
        seated === id ? leaves : seated === leaves ? id : seated,
      );
    }
    return this.#seats;
  }
}
