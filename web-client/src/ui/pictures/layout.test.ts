// Tiles on screens of every size.
import { describe, expect, it } from "vitest";

import type { Box } from "./layout";
import { GAP, gridFor, PAGER_HEIGHT, pagesFor, RATIO_USUAL, stageIn } from "./layout";

/** Whole pages, from the smallest that is promised to a screen of four times full HD. */
const PAGES: [string, Box][] = [
  ["old phone", { width: 320, height: 480 }],
  ["phone", { width: 390, height: 844 }],
  ["phone on its side", { width: 844, height: 390 }],
  ["tablet", { width: 820, height: 1180 }],
  ["laptop", { width: 1366, height: 768 }],
  ["projector", { width: 1920, height: 1080 }],
  ["wide desk", { width: 3840, height: 2160 }],
];

/** What the toolbar and the margins leave of a page. */
const SPACES: [string, Box][] = [
  ...PAGES.map(([name, { width, height }]): [string, Box] => [
    name,
    { width: width - 20, height: height - (width > 700 && height > 480 ? 100 : 80) },
  ]),
  ["page of 320 px at 200 % zoom", { width: 300, height: 250 }],
];

const COUNTS = Array.from({ length: 49 }, (_, index) => index + 1);

function covered(count: number, space: Box): number {
  const { tile } = gridFor(count, space);
  return (count * tile.width * tile.height) / (space.width * space.height);
}

describe.each(SPACES)("pages of tiles on a %s", (_, space) => {
  it("lie inside the room there is, the row that turns them too", () => {
    for (const count of COUNTS) {
      const { columns, tile, perPage, pages } = pagesFor(count, space);
      const rows = Math.ceil(perPage / columns);
      const pager = pages > 1 ? PAGER_HEIGHT : 0;
      expect(columns * tile.width + (columns - 1) * GAP).toBeLessThanOrEqual(space.width);
      expect(rows * tile.height + (rows - 1) * GAP + pager).toBeLessThanOrEqual(space.height);
    }
  });

  it("hold everybody, and none is empty", () => {
    for (const count of COUNTS) {
      const { perPage, pages } = pagesFor(count, space);
      expect(perPage * pages).toBeGreaterThanOrEqual(count);
      expect(perPage * (pages - 1)).toBeLessThan(count);
    }
  });

  it("have tiles in which a face and a name can be read", () => {
    for (const count of COUNTS) {
      const { tile } = pagesFor(count, space);
      expect(tile.width).toBeGreaterThanOrEqual(132);
      expect(tile.height).toBeGreaterThan(72);
    }
  });

  it("keep the shape of a picture", () => {
    for (const count of COUNTS) {
      const { tile } = pagesFor(count, space);
      expect(tile.width / tile.height).toBeGreaterThan(0.74);
      expect(tile.width / tile.height).toBeLessThan(1.81);
    }
  });

  it("have no more tiles than pictures can come at once", () => {
    for (const count of COUNTS) {
      expect(pagesFor(count, space, 5).perPage).toBeLessThanOrEqual(5);
    }
  });
});

describe("how many are seen at once", () => {
  it.each([
    ["phone", 25, 8],
    ["phone on its side", 25, 8],
    ["laptop", 25, 25],
    ["projector", 49, 49],
    ["wide desk", 49, 49],
  ])("on a %s of %i people at least %i", (name, count, least) => {
    const space = SPACES.find(([known]) => known === name)?.[1] ?? { width: 1, height: 1 };
    expect(pagesFor(count, space).perPage).toBeGreaterThanOrEqual(least);
  });
});

describe("the room there is", () => {
  it("is used well by the usual numbers of people", () => {
    for (const count of [1, 2, 3, 4, 6, 9, 12]) {
      expect(covered(count, { width: 1346, height: 660 })).toBeGreaterThan(0.6);
    }
    for (const count of [1, 2, 4, 6, 8]) {
      expect(covered(count, { width: 340, height: 650 })).toBeGreaterThan(0.65);
    }
  });

  it("may be nothing, before the page is laid out", () => {
    for (const space of [{ width: 0, height: 0 }, { width: 1, height: 300 }]) {
      expect(() => pagesFor(30, space)).not.toThrow();
      expect(() => stageIn(space, RATIO_USUAL, true)).not.toThrow();
    }
    expect(pagesFor(0, { width: 800, height: 600 }).pages).toBe(1);
  });
});

describe.each(SPACES)("a stage on a %s", (_, space) => {
  const { stage, rest, beside } = stageIn(space, RATIO_USUAL, true);

  it("and the rest fill the room without overlapping", () => {
    if (beside) {
      expect(stage.width + GAP + rest.width).toBe(space.width);
      expect([stage.height, rest.height]).toEqual([space.height, space.height]);
    } else {
      expect(stage.height + GAP + rest.height).toBe(space.height);
      expect([stage.width, rest.width]).toEqual([space.width, space.width]);
    }
  });

  it("takes most of the page's width or height, and leaves room for a face", () => {
    const share = Math.max(stage.width / space.width, stage.height / space.height);
    expect(share).toBeGreaterThan(0.55);
    expect(rest.width).toBeGreaterThanOrEqual(132);
    expect(rest.height).toBeGreaterThanOrEqual(84);
  });

  it("is the whole room where there is nobody else", () => {
    expect(stageIn(space, RATIO_USUAL, false).stage).toEqual(space);
  });
});

describe("a stage", () => {
  it("stands above the rest on an upright phone, beside them on a laptop", () => {
    expect(stageIn({ width: 370, height: 750 }, RATIO_USUAL, true).beside).toBe(false);
    expect(stageIn({ width: 1346, height: 660 }, RATIO_USUAL, true).beside).toBe(true);
  });

  it("gives the rest what a narrow picture leaves", () => {
    const wide = stageIn({ width: 1900, height: 970 }, RATIO_USUAL, true);
    const upright = stageIn({ width: 1900, height: 970 }, 3 / 4, true);
    expect(upright.rest.width).toBeGreaterThan(2 * wide.rest.width);
  });
});
