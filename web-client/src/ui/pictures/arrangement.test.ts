// Who is large, and who decides it.
import { describe, expect, it } from "vitest";

import type { Picture } from "../room-store";
import type { Wishes } from "./arrangement";
import { arrange, withOwnInFront } from "./arrangement";

const OWN = 1;

function picture(id: number, source: "camera" | "screen" = "camera"): Picture {
  const participant = { id, name: `P${id}`, role: "guest", sources: [], recording: false } as const;
  return {
    key: `${id}-${source}`,
    participant: { ...participant, sources: [] },
    source,
    track: null,
    self: id === OWN,
  };
}

const people = [2, 3, 4, OWN].map((id) => picture(id));
const screens = [picture(4, "screen"), picture(3, "screen")];
const usual: Wishes = { mode: "usual", pins: [], chosenScreen: null, selfShown: true };
const keys = (pictures: readonly Picture[]) => pictures.map(({ key }) => key);

describe("an arrangement", () => {
  it("has everybody alike at first", () => {
    const { stage, rest } = arrange(people, [], usual, 3, null);
    expect(stage).toEqual([]);
    expect(keys(rest)).toEqual(["2-camera", "3-camera", "4-camera", "1-camera"]);
  });

  it("has the newest screen large, others as tabs, and no screen among the faces", () => {
    const { stage, rest, screens: tabs } = arrange(people, screens, usual, null, null);
    expect(keys(stage)).toEqual(["4-screen"]);
    expect(keys(rest)).toEqual(["2-camera", "3-camera", "4-camera", "1-camera"]);
    expect(keys(tabs)).toEqual(["4-screen", "3-screen"]);
  });

  it("follows the person's choice of a screen, until it ends", () => {
    const wishes = { ...usual, chosenScreen: "3-screen" };
    expect(keys(arrange(people, screens, wishes, null, null).stage)).toEqual(["3-screen"]);
    expect(keys(arrange(people, screens.slice(0, 1), wishes, null, null).stage)).toEqual([
      "4-screen",
    ]);
  });

  it("shows screens among the faces where the person wants all alike", () => {
    const { stage, rest } = arrange(people, screens, { ...usual, mode: "grid" }, 2, null);
    expect(stage).toEqual([]);
    expect(keys(rest).slice(0, 2)).toEqual(["4-screen", "3-screen"]);
  });

  it("has the speaker large, and never oneself while others are there", () => {
    const wishes: Wishes = { ...usual, mode: "speaker" };
    expect(keys(arrange(people, [], wishes, 3, null).stage)).toEqual(["3-camera"]);
    expect(keys(arrange(people, [], wishes, OWN, null).stage)).toEqual(["2-camera"]);
    expect(keys(arrange([picture(OWN)], [], wishes, null, null).stage)).toEqual(["1-camera"]);
  });

  it("lets pins come before everything, several side by side", () => {
    const wishes = { ...usual, pins: ["3-camera", "4-screen", "9-camera"] };
    const { stage, rest } = arrange(people, screens, wishes, 2, { stage: "2-camera" });
    expect(keys(stage)).toEqual(["3-camera", "4-screen"]);
    expect(keys(rest)).toEqual(["2-camera", "4-camera", "1-camera"]);
  });

  it("follows the host where the person has pinned nothing", () => {
    const wishes: Wishes = { ...usual, mode: "grid" };
    expect(keys(arrange(people, screens, wishes, 2, { stage: "3-screen" }).stage)).toEqual([
      "3-screen",
    ]);
    expect(arrange(people, screens, usual, 2, { stage: null }).stage).toEqual([]);
  });

  it("lays one's own picture over that of the only other", () => {
    const two = [picture(2), picture(OWN)];
    const { rest, apart } = arrange(two, [], usual, null, null);
    expect([keys(rest), apart?.key]).toEqual([["2-camera"], "1-camera"]);
  });

  it("hides one's own picture on demand, but not from somebody alone", () => {
    const wishes = { ...usual, selfShown: false };
    expect(keys(arrange(people, [], wishes, null, null).rest)).not.toContain("1-camera");
    expect(keys(arrange([picture(OWN)], [], wishes, null, null).rest)).toEqual(["1-camera"]);
  });
});

describe("one's own picture", () => {
  it("is on the first page, whatever the order", () => {
    const many = [2, 3, 4, 5, 6, OWN].map((id) => picture(id));
    expect(keys(withOwnInFront(many, 3))).toEqual(
      ["2-camera", "3-camera", "1-camera", "4-camera", "5-camera", "6-camera"],
    );
    expect(keys(withOwnInFront(many.slice(0, 2), 3))).toEqual(["2-camera", "3-camera"]);
    expect(keys(withOwnInFront(many, 9)).at(-1)).toBe("1-camera");
  });
});
