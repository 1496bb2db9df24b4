// Bytes over the line, out of what browsers differ in.
import { describe, expect, it } from "vitest";

import { trafficStats } from "./stats";

const pair = (received: number, sent: number) => ({
  id: `p${received}`,
  type: "candidate-pair",
  bytesReceived: received,
  bytesSent: sent,
});

describe("the traffic of a connection", () => {
  it("is what its transport counts, pairs that were given up included", () => {
    const transport = { id: "t", type: "transport", bytesReceived: 900, bytesSent: 400 };
    expect(trafficStats([transport, pair(100, 50), pair(200, 60)])).toEqual({
      received: 900,
      sent: 400,
    });
  });

  it("is what the pairs count where there is no transport, or one that does not count", () => {
    const traffic = { received: 300, sent: 110 };
    expect(trafficStats([pair(100, 50), pair(200, 60)])).toEqual(traffic);
    expect(trafficStats([{ id: "t", type: "transport" }, pair(100, 50), pair(200, 60)])).toEqual(
      traffic,
    );
  });
});
