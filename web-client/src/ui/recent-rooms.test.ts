// The list of rooms that one comes back to.
import { beforeEach, describe, expect, it } from "vitest";

import { addressOf, forgetRoom, noteRoom, readRooms, recentRooms } from "./recent-rooms";

const room = (name: string, at = 0, guestSecret: string | null = "s") => ({
  room: name,
  guestSecret,
  at,
});

beforeEach(() => {
  recentRooms.value = [];
});

describe("recent rooms", () => {
  it("come newest first, each once, and no more than a screen holds", () => {
    for (let n = 0; n < 20; n += 1) {
      noteRoom(room(`room-${n}`, n));
    }
    noteRoom(room("room-15", 99));
    const names = recentRooms.value.map(({ room }) => room);
    expect(names).toHaveLength(12);
    expect(names.slice(0, 3)).toEqual(["room-15", "room-19", "room-18"]);
    expect(new Set(names).size).toBe(12);
  });

  it("lead back by their link, and by name alone to those one does not know", () => {
    noteRoom(room("yard", 1, "s3cret"));
    noteRoom(room("by-code", 2, null));
    expect(addressOf("yard")).toBe("/yard#s3cret");
    expect(addressOf("by-code")).toBe("/by-code");
    expect(addressOf("elsewhere")).toBe("/elsewhere");
    forgetRoom("yard");
    expect(addressOf("yard")).toBe("/yard");
  });

  it.each([null, "", "{", "3", '{"room":"a"}', '[null, 4, {"room":"A B","at":1}, {"room":"a"}]'])(
    "are none where the storage holds %s",
    (text) => {
      expect(readRooms(text)).toEqual([]);
    },
  );

  it("are read as far as they are rooms", () => {
    const text = JSON.stringify([room("yard", 5), { room: "code", at: 4 }, "rest"]);
    expect(readRooms(text)).toEqual([room("yard", 5), room("code", 4, null)]);
  });
});
