// How often UDP is asked for while media goes by TCP.
import { describe, expect, it } from "vitest";

import { UdpReturn } from "./udp-return";

const SECOND = 1000;
const HOUR = 3_600 * SECOND;

/** Seconds at which UDP is asked for until `until`, looking every half second as the call does. */
function tries(udp: UdpReturn, from: number, until: number): number[] {
  const times: number[] = [];
  for (let now = from; now <= until; now += 500) {
    udp.handleTransport(now, "tcp");
    if (udp.take(now)) {
      times.push(now / SECOND);
    }
  }
  return times;
}

describe("UDP", () => {
  it("is not asked for while it is in use", () => {
    const udp = new UdpReturn();
    udp.handleTransport(0, "udp");
    expect(udp.pollTimeout()).toBeNull();
    udp.handleTransport(1000, "tcp");
    udp.handleTransport(2000, "udp");
    expect(udp.take(HOUR)).toBe(false);
  });

  it("that has worked is asked for within every minute of the first ten", () => {
    const udp = new UdpReturn();
    udp.handleTransport(0, "udp");
    const times = tries(udp, 0, 600 * SECOND);
    const pauses = times.map((time, index) => time - (times[index - 1] ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(59);
    expect(times).toHaveLength(10);
  });

  it("that never worked costs a school a dozen tries in the first hour, then six an hour", () => {
    const udp = new UdpReturn();
    const hours = [0, 1, 2].map((hour) => tries(udp, hour * HOUR, (hour + 1) * HOUR - 1).length);
    expect(hours[0]).toBeLessThanOrEqual(12);
    expect(hours.slice(1)).toEqual([6, 6]);
  });

  it("is asked for soon in another network, whatever the one before was like", () => {
    const udp = new UdpReturn();
    tries(udp, 0, HOUR);
    udp.handleNetworkChange(HOUR);
    expect(udp.pollTimeout()).toBe(HOUR + UdpReturn.PAUSE_MS);
  });
});
