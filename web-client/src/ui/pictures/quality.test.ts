// The badge's word: what comes, and why no more.
import { describe, expect, it } from "vitest";

import type { Facts } from "./quality";
import { qualityOf } from "./quality";

const good: Facts = {
  height: 720,
  tile: 640,
  captured: 720,
  siteMax: null,
  line: { pictures: "full", bitsPerSecond: 4_000_000 },
};
const thin = { pictures: "reduced", bitsPerSecond: 712_345 } as const;
const reasonOf = (facts: Partial<Facts>) => qualityOf({ ...good, ...facts }).reason;

describe("the reason for a picture's size", () => {
  it("is none where it comes as it was captured", () => {
    expect(reasonOf({})).toEqual({ kind: "full" });
  });

  it("is the tile where that needs no more", () => {
    expect(reasonOf({ height: 180, tile: 176 })).toEqual({ kind: "small_tile" });
  });

  it("is the server's sober mode where cameras are held to its limit", () => {
    expect(reasonOf({ height: 360, captured: 360, siteMax: 360 })).toEqual({ kind: "sober" });
    expect(reasonOf({ height: 360, captured: 360, siteMax: null })).toEqual({
      kind: "their_camera",
    });
  });

  it("is one's own line where the server has to leave something out, in round figures", () => {
    expect(reasonOf({ height: 360, line: thin })).toEqual({
      kind: "your_line",
      kilobitsPerSecond: 710,
    });
    expect(reasonOf({ height: 0, line: { pictures: "paused", bitsPerSecond: 43_000 } })).toEqual({
      kind: "your_line",
      kilobitsPerSecond: 40,
    });
  });

  it("is their side where one's own line would carry all", () => {
    expect(reasonOf({ height: 180 })).toEqual({ kind: "their_line" });
    expect(reasonOf({ height: 180, line: null })).toEqual({ kind: "their_line" });
  });
});

describe("a poor picture", () => {
  it("is one that a line makes visibly soft", () => {
    expect(qualityOf({ ...good, height: 180, line: thin }).isPoor).toBe(true);
    expect(qualityOf({ ...good, height: 360, line: thin }).isPoor).toBe(false);
    expect(qualityOf({ ...good, height: 180, tile: 176 }).isPoor).toBe(false);
    expect(qualityOf({ ...good, height: 240, captured: 240 }).isPoor).toBe(false);
    expect(qualityOf({ ...good, height: 0, line: thin }).isPoor).toBe(true);
    expect(qualityOf({ ...good, height: 0 }).isPoor).toBe(false);
  });
});
