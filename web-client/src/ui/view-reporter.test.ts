// What tiles in sight ask for.
import { describe, expect, it } from "vitest";

import type { Wish } from "./view-reporter";
import { viewOf } from "./view-reporter";

const shown = (participant: number, height: number, stage = false) => ({
  wish: { participant, source: "camera", stage } satisfies Wish,
  height,
});

describe("what is wished for", () => {
  it("names the stage first, then the largest, in whole steps of height", () => {
    const { stage, tiles } = viewOf([shown(1, 90), shown(2, 361.5), shown(3, 100, true)], 9);
    expect(stage).toEqual({ participant: 3, source: "camera", height: 112 });
    expect(tiles.map(({ participant, height }) => [participant, height])).toEqual([
      [3, 112],
      [2, 368],
      [1, 96],
    ]);
  });

  it("is no more than there are slots, and equals keep their places", () => {
    const crowd = Array.from({ length: 30 }, (_, index) => shown(index + 1, 180));
    const { stage, tiles } = viewOf(crowd, 9);
    expect(stage).toBeNull();
    expect(tiles.map(({ participant }) => participant)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("leaves out what is not in sight", () => {
    const { stage, tiles } = viewOf([shown(1, 0, true), shown(2, 180)], 9);
    expect(stage).toBeNull();
    expect(tiles.map(({ participant }) => participant)).toEqual([2]);
  });

  it("names tiles of height 0 when nothing is in sight, because an empty view is no wish", () => {
    const { stage, tiles } = viewOf([shown(1, 0), shown(2, 0, true)], 9);
    expect(stage).toEqual({ participant: 2, source: "camera", height: 0 });
    expect(tiles.map(({ height }) => height)).toEqual([0, 0]);
    expect(viewOf([], 9)).toEqual({ stage: null, tiles: [] });
  });

  it("names a picture once that two windows show, as high as the larger of them", () => {
    const { stage, tiles } = viewOf([shown(1, 180), shown(1, 300, true), shown(2, 90)], 9);
    expect(tiles.map(({ participant, height }) => [participant, height])).toEqual([
      [1, 304],
      [2, 96],
    ]);
    expect(stage?.participant).toBe(1);
  });
});
