// People and slots, out of messages alone.
import { describe, expect, it } from "vitest";

import type { Participant } from "./protocol.gen";
import { Roster } from "./roster";

const awa: Participant = { id: 1, name: "Awa", role: "host", sources: [], recording: false };
const emile: Participant = { id: 2, name: "Émile", role: "guest", sources: [], recording: false };
const camera = (participant: number) => ({ participant, source: "camera" }) as const;

describe("who is here", () => {
  it("keeps the order of arrival when somebody changes", () => {
    const roster = new Roster();
    roster.put(awa);
    roster.put(emile);
    expect(roster.put({ ...awa, name: "Awa D." }).change).toBe("changed");
    expect(roster.participants.map(({ name }) => name)).toEqual(["Awa D.", "Émile"]);
  });

  it("is replaced by a snapshot, of which only the difference is told", () => {
    const roster = new Roster();
    roster.put(awa);
    roster.put(emile);
    const zoe = { ...emile, id: 3, name: "Zoé" };
    const changes = roster.replace([{ ...emile, role: "host" }, zoe]);
    expect(changes.map(({ participant, change }) => [participant.id, change])).toEqual([
      [1, "left"],
      [2, "changed"],
      [3, "joined"],
    ]);
    expect(roster.replace([{ ...emile, role: "host" }, zoe])).toEqual([]);
  });

  it("knows nothing of who was never here", () => {
    expect(new Roster().remove(9)).toBeNull();
  });
});

describe("what the slots carry", () => {
  it("tells ends before beginnings, so that a track is never at two people", () => {
    const roster = new Roster();
    roster.map([{ mid: "8", carries: camera(1) }]);
    expect(roster.map([{ mid: "8", carries: camera(2) }])).toEqual([
      { ...camera(1), mid: null },
      { ...camera(2), mid: "8" },
    ]);
  });

  it("tells a move from slot to slot as one change, without an end", () => {
    const roster = new Roster();
    roster.map([{ mid: "8", carries: camera(1) }]);
    const moves = roster.map([
      { mid: "8", carries: null },
      { mid: "9", carries: camera(1) },
    ]);
    expect(moves).toEqual([{ ...camera(1), mid: "9" }]);
  });

  it("stays as it was where a message does not name a slot, but not in a snapshot", () => {
    const roster = new Roster();
    roster.map([{ mid: "8", carries: camera(1) }]);
    expect(roster.map([{ mid: "9", carries: camera(2) }])).toEqual([{ ...camera(2), mid: "9" }]);
    expect(roster.carries("8")).toEqual(camera(1));
    expect(roster.remap([{ mid: "9", carries: camera(2) }])).toEqual([{ ...camera(1), mid: null }]);
    expect(roster.carries("8")).toBeNull();
  });
});
