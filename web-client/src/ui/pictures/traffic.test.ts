// Megabytes of a visit.
import { describe, expect, it } from "vitest";

import { TrafficMeter } from "./traffic";

describe("the traffic of a visit", () => {
  it("is what was received and sent", () => {
    const meter = new TrafficMeter();
    meter.add(0, { received: 1_000, sent: 500 });
    meter.add(2_000, { received: 4_000, sent: 700 });
    expect([meter.received, meter.sent, meter.bytes]).toEqual([4_000, 700, 4_700]);
  });

  it("goes on when a new connection counts from zero", () => {
    const meter = new TrafficMeter();
    meter.add(0, { received: 1_000_000, sent: 10_000 });
    meter.add(2_000, { received: 300, sent: 200 });
    meter.add(4_000, { received: 500, sent: 250 });
    expect(meter.bytes).toBe(1_000_000 + 10_000 + 500 + 250);
  });

  it("has a rate of the last half minute alone", () => {
    const meter = new TrafficMeter();
    expect(meter.bytesPerHour).toBeNull();
    meter.add(0, { received: 0, sent: 0 });
    expect(meter.bytesPerHour).toBeNull();
    for (let second = 1; second <= 60; second += 1) {
      meter.add(second * 1_000, { received: Math.min(second, 20) * 100_000, sent: 0 });
    }
    expect(meter.bytesPerHour).toBe(0);
    expect(meter.bytes).toBe(2_000_000);
  });
});
