// What the two engines' statistics say of the way media takes.
import { describe, expect, it } from "vitest";

import { pathFigures } from "./path";

type Entries = Record<string, unknown>[];

const report = (entries: Entries): RTCStatsReport =>
  new Map(entries.map((entry) => [entry["id"], entry])) as unknown as RTCStatsReport;

const pair = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" };

describe("the way of media", () => {
  it("is a datagram's in Chromium, which names the pair in the transport", () => {
    const chromium = report([
      { id: "T", type: "transport", selectedCandidatePairId: "P" },
      { ...pair, id: "other" },
      { ...pair, bytesReceived: 70 },
      { id: "L", type: "local-candidate", protocol: "udp", candidateType: "prflx" },
      { id: "R", type: "remote-candidate", protocol: "udp", port: 443 },
    ]);
    expect(pathFigures(chromium)).toEqual({
      way: { transport: "udp", port: 443 },
      pair: "P",
      bytesReceived: 70,
    });
  });

  it("is a TCP connection's in Firefox, which marks the pair", () => {
    const firefox = report([
      { ...pair, id: "other", selected: false },
      { ...pair, selected: true, bytesReceived: 5 },
      { id: "L", type: "local-candidate", protocol: "tcp", candidateType: "host" },
      { id: "R", type: "remote-candidate", protocol: "tcp", port: 443 },
    ]);
    expect(pathFigures(firefox)?.way).toEqual({ transport: "tcp", port: 443 });
  });

  it("is the relay's connection, whatever the relay speaks beyond it", () => {
    const relayed = (url: unknown, relayUrl: string | null = null) =>
      pathFigures(
        report([
          { ...pair, selected: true },
          {
            ...{ id: "L", type: "local-candidate", protocol: "udp", candidateType: "relay" },
            ...{ relayProtocol: "tls", url },
          },
          { id: "R", type: "remote-candidate", protocol: "udp", port: 10_000 },
        ]),
        relayUrl,
      )?.way;
    const url = "turns:meet.example.org:443?transport=tcp";
    expect(relayed(url)).toEqual({ transport: "tls", port: 443 });
    expect(relayed("turns:[2001:db8::1]:8443")).toEqual({ transport: "tls", port: 8443 });
    expect(relayed("turns:meet.example.org")).toEqual({ transport: "tls", port: 5349 });
    expect(relayed(undefined, url)).toEqual({ transport: "tls", port: 443 });
    expect(relayed(undefined)).toEqual({ transport: "tls", port: null });
  });

  it("is unknown before there is a pair", () => {
    expect(pathFigures(report([{ id: "T", type: "transport" }]))).toBeNull();
  });
});
