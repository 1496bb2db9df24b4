// Tiles on screens of every size.
import { describe, expect, it } from "vitest";

import type { Box } from "./layout";
import { GAP, gridFor } from "./layout";

/** What tiles have on a phone, a laptop, a projector, and the narrowest page we promise. */
const SPACES: [string, Box][] = [
  ["phone", { width: 340, height: 650 }],
  ["phone on its side", { width: 700, height: 270 }],
  ["laptop", { width: 1346, height: 660 }],
  ["projector", { width: 1900, height: 970 }],
  ["320 px at 200 % zoom", { width: 300, height: 250 }],
];

function covered(count: number, space: Box): number {
  const { tile } = gridFor(count, space);
  return (count * tile.width * tile.height) / (space.width * space.height);
}

describe.each(SPACES)("tiles on a %s", (_, space) => {
  it("never overflow where they are said to fit, and never lie beside the page", () => {
    for (let count = 1; count <= 60; count += 1) {
      const { columns, tile, fits } = gridFor(count, space);
      expect(columns * tile.width + (columns - 1) * GAP).toBeLessThanOrEqual(space.width);
      const rows = Math.ceil(count / columns);
      if (fits) {
        expect(rows * tile.height + (rows - 1) * GAP).toBeLessThanOrEqual(space.height);
      }
      expect(Math.min(tile.width, tile.height)).toBeGreaterThan(60);
    }
  });

  it("are no narrower than a face and a name can be read", () => {
    for (let count = 1; count <= 60; count += 1) {
      expect(gridFor(count, space).tile.width).toBeGreaterThanOrEqual(132);
    }
  });

  it("keep the shape of a picture", () => {
    for (let count = 1; count <= 60; count += 1) {
      const { tile } = gridFor(count, space);
      expect(tile.width / tile.height).toBeGreaterThan(0.74);
      expect(tile.width / tile.height).toBeLessThan(1.81);
    }
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
    expect(() => gridFor(3, { width: 0, height: 0 })).not.toThrow();
    expect(() => gridFor(0, { width: 800, height: 600 })).not.toThrow();
  });
});
