// The head of a recording gets a length.
import { describe, expect, it } from "vitest";

import { timed } from "./webm";

/** As browsers write it: a segment without an end, with Info, and the beginning of a cluster. */
const EBML_HEAD = [0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x86, 0x81, 0x01];
const SEGMENT = [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const SCALE = [0x2a, 0xd7, 0xb1, 0x83, 0x0f, 0x42, 0x40];
const APP = [0x4d, 0x80, 0x82, 0x61, 0x62];
const INFO = [0x15, 0x49, 0xa9, 0x66, 0x80 | (SCALE.length + APP.length), ...SCALE, ...APP];
const EMPTY_SEEK_HEAD = [0x11, 0x4d, 0x9b, 0x74, 0x80];
const SEEK_HEAD = [0x11, 0x4d, 0x9b, 0x74, 0x82, 0xec, 0x80];
const CLUSTER = [0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe7];
const HEAD = Uint8Array.from([...EBML_HEAD, ...SEGMENT, ...INFO, ...CLUSTER]);

describe("a recording", () => {
  it("gets a place for its length at the end of what is said of it", () => {
    const made = timed(HEAD);
    expect([...(made?.bytes ?? [])]).toEqual([
      ...EBML_HEAD,
      ...SEGMENT,
      ...INFO.slice(0, 4),
      ...[0x01, 0, 0, 0, 0, 0, 0, SCALE.length + APP.length + 11],
      ...SCALE,
      ...APP,
      ...[0xec, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      ...CLUSTER,
    ]);
    expect(made?.bytes.subarray(made.at, made.at + 2)).toEqual(Uint8Array.from([0xec, 0x89]));
  });

  it("has its length in place of none at all", () => {
    const none = [0x44, 0x89, 0x88, 0, 0, 0, 0, 0, 0, 0, 0];
    const info = [0x15, 0x49, 0xa9, 0x66, 0x80 | (none.length + SCALE.length), ...none, ...SCALE];
    const head = Uint8Array.from([...EBML_HEAD, ...SEGMENT, ...EMPTY_SEEK_HEAD, ...info]);
    const made = timed(head);
    expect(made?.bytes).toEqual(head);
    expect([...head.subarray(made?.at)].slice(0, none.length)).toEqual(none);
  });

  it("says its length in ticks of its own", () => {
    const duration = (head: Uint8Array<ArrayBuffer>) => timed(head)?.duration(61_500);
    const ticks = (bytes = new Uint8Array(11)) => new DataView(bytes.buffer).getFloat64(3);
    expect(duration(HEAD)?.subarray(0, 3)).toEqual(Uint8Array.from([0x44, 0x89, 0x88]));
    expect(ticks(duration(HEAD))).toBe(61_500);
    const finer = HEAD.slice();
    finer.set([0x01, 0x86, 0xa0], HEAD.indexOf(0x83) + 1); // 100,000 ns
    expect(ticks(duration(finer))).toBe(615_000);
  });

  it("stays as it is where it is no WebM, is cut off, has a length, or names places", () => {
    expect(timed(Uint8Array.from([0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70]))).toBeNull();
    for (let length = 0; length < EBML_HEAD.length + SEGMENT.length + INFO.length; length += 1) {
      expect(timed(HEAD.subarray(0, length))).toBeNull();
    }
    expect(timed(timedWith(HEAD, 5))).toBeNull();
    const named = Uint8Array.from([...EBML_HEAD, ...SEGMENT, ...SEEK_HEAD, ...INFO]);
    expect(timed(named)).toBeNull();
  });
});

function timedWith(head: Uint8Array<ArrayBuffer>, ms: number): Uint8Array<ArrayBuffer> {
  const made = timed(head);
  if (made === null) {
    throw new Error("no place for a length");
  }
  made.bytes.set(made.duration(ms), made.at);
  return made.bytes;
}
