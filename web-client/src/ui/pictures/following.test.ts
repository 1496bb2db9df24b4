// Leading, following, and looking for oneself.
import { describe, expect, it } from "vitest";

import type { Call, Focus } from "../../call";
import { Following } from "./following";

const AWA: Focus = { stage: { participant: 2, source: "camera" } };
const BOARD: Focus = { stage: { participant: 3, source: "screen" } };

/** A room whose focus the test and the person's own orders set. */
function room() {
  let listener: (room: { focus: Focus | null }) => void = () => undefined;
  const orders: (Focus | null)[] = [];
  const call = {
    room: { focus: null as Focus | null },
    on: (_: string, listen: typeof listener) => {
      listener = listen;
      return () => undefined;
    },
    moderate: async ({ focus }: { focus: Focus | null }) => {
      orders.push(focus);
      tell(focus);
    },
  };
  const tell = (focus: Focus | null): void => {
    call.room.focus = focus;
    listener({ focus });
  };
  return { following: new Following(call as unknown as Call), tell, orders };
}

describe("whoever follows", () => {
  it("sees what a host shows, until the host ends it", () => {
    const { following, tell } = room();
    expect(following.led.value).toBeNull();
    tell(AWA);
    expect(following.led.value).toEqual({ stage: "2-camera" });
    tell({ stage: null });
    expect(following.led.value).toEqual({ stage: null });
    tell(null);
    expect(following.led.value).toBeNull();
  });

  it("may look for themselves, come back, and follows the next time again", () => {
    const { following, tell } = room();
    tell(AWA);
    following.leave();
    tell(BOARD);
    expect(following.led.value).toBeNull();
    following.again();
    expect(following.led.value).toEqual({ stage: "3-screen" });
    following.leave();
    tell(null);
    tell(AWA);
    expect(following.led.value).toEqual({ stage: "2-camera" });
  });

  it("makes no choice of their own where nobody leads", () => {
    const { following, tell } = room();
    following.leave();
    tell(AWA);
    expect(following.led.value).not.toBeNull();
  });
});

describe("whoever leads", () => {
  it("orders each picture once, and follows nobody", async () => {
    const { following, orders } = room();
    await following.show(AWA);
    expect(orders).toEqual([]);
    following.lead();
    await following.show(AWA);
    await following.show(AWA);
    await following.show(BOARD);
    expect(orders).toEqual([AWA, BOARD]);
    expect(following.led.value).toBeNull();
    expect(following.leading.value).toBe(true);
  });

  it("stops when another host leads or ends it", async () => {
    const { following, tell } = room();
    following.lead();
    await following.show(AWA);
    tell(BOARD);
    expect(following.leading.value).toBe(false);
    expect(following.led.value).toEqual({ stage: "3-screen" });
    await following.release();
    expect(following.focus.value).toBeNull();
  });
});
