// When sockets are reopened and ICE is restarted.
import { describe, expect, it } from "vitest";

import { pathHealth, reconnectDelayMs, RestartPolicy } from "./recovery";

/** Times at which restarts happen, looking every 100 ms until `until`. */
function restarts(policy: RestartPolicy, until: number): number[] {
  const times: number[] = [];
  for (let now = 0; now <= until; now += 100) {
    if (policy.takeRestart(now)) {
      times.push(now);
    }
  }
  return times;
}

describe("reopening the WebSocket", () => {
  it("is tried at once, then at growing distances", () => {
    const delays = [0, 1, 2, 3, 4, 5, 50].map((attempt) => reconnectDelayMs(attempt, 0.5));
    expect(delays).toEqual([0, 300, 1000, 2000, 4000, 4000, 4000]);
  });

  it("is spread by a fifth either way", () => {
    expect(reconnectDelayMs(2, 0)).toBe(800);
    expect(reconnectDelayMs(2, 1)).toBe(1200);
  });
});

describe("the health of the media path", () => {
  it("is no matter of checks under way, which every restart begins with", () => {
    expect(pathHealth("checking", "connecting")).toBe("unsettled");
    expect(pathHealth("connected", "connecting")).toBe("unsettled");
    expect(pathHealth("completed", "connected")).toBe("well");
    expect(pathHealth("disconnected", "connected")).toBe("disconnected");
    expect(pathHealth("connected", "failed")).toBe("failed");
  });
});

describe("restarting ICE", () => {
  it("waits a second for a path that may mend itself", () => {
    const policy = new RestartPolicy();
    policy.handleHealth(0, "disconnected");
    expect(policy.takeRestart(900)).toBe(false);
    policy.handleHealth(950, "well");
    expect(restarts(policy, 60_000)).toEqual([]);
  });

  it("goes on at growing distances until the path is well", () => {
    const policy = new RestartPolicy();
    policy.handleHealth(0, "disconnected");
    expect(restarts(policy, 30_000)).toEqual([1000, 3000, 7000, 15_000, 23_000]);
    policy.handleHealth(30_000, "well");
    expect(policy.pollTimeout()).toBeNull();
  });

  it("does not wait when the browser has given up or signaling orders it", () => {
    const failed = new RestartPolicy();
    failed.handleHealth(500, "failed");
    expect(failed.takeRestart(500)).toBe(true);
    const ordered = new RestartPolicy();
    ordered.handleOrder(500);
    expect(ordered.takeRestart(500)).toBe(true);
  });

  it("keeps orders a second apart, and lets them overtake the back-off", () => {
    const policy = new RestartPolicy();
    policy.handleHealth(0, "failed");
    expect(restarts(policy, 15_000)).toEqual([0, 2000, 6000, 14_000]);
    policy.handleOrder(14_500);
    expect(policy.pollTimeout()).toBe(15_000);
  });

  it("starts afresh after the path was well", () => {
    const policy = new RestartPolicy();
    policy.handleHealth(0, "disconnected");
    restarts(policy, 10_000);
    policy.handleHealth(10_000, "well");
    policy.handleHealth(20_000, "disconnected");
    expect(policy.pollTimeout()).toBe(21_000);
  });
});
