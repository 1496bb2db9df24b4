// Every picture has its place, and none lies over another.
import { describe, expect, it } from "vitest";

import type { Picture } from "../room-store";
import type { Arrangement } from "./arrangement";
import type { Spot } from "./scene";
import { sceneOf } from "./scene";

const MANY_SLOTS = 49;

function picture(id: number, on = true, source: "camera" | "screen" = "camera"): Picture {
  const sources = on ? [{ source, width: 1280, height: 720 }] : [];
  return {
    key: `${id}-${source}`,
    participant: { id, name: `P${id}`, role: "guest", sources, recording: false },
    source,
    track: null,
    self: id === 0,
  };
}

const crowd = (count: number, on = true) =>
  Array.from({ length: count }, (_, index) => picture(index + 1, on));
const alike = (rest: readonly Picture[]): Arrangement => ({
  stage: [],
  rest,
  apart: null,
  screens: [],
});

function overlap(one: Spot, other: Spot): boolean {
  return (
    one.left < other.left + other.width &&
    other.left < one.left + one.width &&
    one.top < other.top + other.height &&
    other.top < one.top + one.height
  );
}

const SPACES = [
  { width: 300, height: 400 },
  { width: 370, height: 760 },
  { width: 824, height: 310 },
  { width: 1346, height: 668 },
  { width: 1900, height: 980 },
  { width: 3820, height: 2060 },
];

describe.each(SPACES)("a scene of $width by $height", (space) => {
  it.each([0, 1, 2, 3])("with %i on the stage lies inside, and nothing over anything", (large) => {
    for (let count = 1; count <= 49; count += 4) {
      const stage = crowd(large).map(({ participant }) => picture(participant.id + 100));
      const arrangement = { ...alike([...crowd(count - 1), picture(0)]), stage };
      const { tiles, pager } = sceneOf(arrangement, space, 1, MANY_SLOTS);
      const spots = [...tiles.map(({ spot }) => spot), ...(pager === null ? [] : [pager])];
      for (const [index, spot] of spots.entries()) {
        expect(Math.min(spot.left, spot.top)).toBeGreaterThanOrEqual(0);
        expect(spot.left + spot.width).toBeLessThanOrEqual(space.width);
        expect(spot.top + spot.height).toBeLessThanOrEqual(space.height);
        expect(spots.slice(index + 1).filter((other) => overlap(spot, other))).toEqual([]);
      }
    }
  });

  it("shows everybody on one page or another, oneself on the first", () => {
    const arrangement = alike([...crowd(30), picture(0)]);
    const seen = new Set<string>();
    const { pages } = sceneOf(arrangement, space, 0, MANY_SLOTS);
    for (let page = 0; page < pages; page += 1) {
      const { tiles } = sceneOf(arrangement, space, page, MANY_SLOTS);
      expect(tiles.some(({ picture }) => picture.self)).toBe(page === 0);
      tiles.forEach(({ picture }) => seen.add(picture.key));
    }
    expect(seen.size).toBe(31);
  });
});

describe("a page", () => {
  const laptop = { width: 1346, height: 668 };

  it("never is one that has gone with its people", () => {
    const { page, tiles } = sceneOf(alike(crowd(3)), laptop, 7, MANY_SLOTS);
    expect([page, tiles.length]).toEqual([0, 3]);
  });

  it("has no more pictures than can come, and avatars beyond count", () => {
    expect(sceneOf(alike([...crowd(25), picture(0)]), laptop, 0, 9).tiles.length).toBeLessThan(11);
    expect(sceneOf(alike(crowd(25, false)), laptop, 0, 9).tiles.length).toBe(25);
  });

  it("is known of everybody", () => {
    const { pageOf, perPage } = sceneOf(alike(crowd(25)), laptop, 0, 9);
    expect(perPage).toBe(9);
    expect([pageOf.get("1-camera"), pageOf.get("25-camera")]).toEqual([0, 2]);
  });
});

describe("a shared screen", () => {
  it("has a place of its own shape", () => {
    const screen = picture(3, true, "screen");
    const upright = {
      ...screen,
      participant: {
        ...screen.participant,
        sources: [{ source: "screen", width: 900, height: 1200 }],
      },
    } as Picture;
    const scene = sceneOf({ ...alike(crowd(2)), stage: [upright] }, SPACES[3]!, 0, 9);
    const { width, height } = scene.tiles[0]!.spot;
    expect(width / height).toBeCloseTo(0.75, 2);
  });
});
