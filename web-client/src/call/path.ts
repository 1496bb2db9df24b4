// Which way media takes, and how much has come by it, out of the browser's statistics.

/** A dictionary of a statistics report; which fields are there depends on the browser. */
export type Entry = Readonly<Record<string, unknown>>;

/**
 * How packets travel to the server: as datagrams, or inside a TCP connection that is ICE's own
 * (RFC 6544) or a TLS connection to the server's relay (RFC 8656).
 */
export type Transport = "udp" | "tcp" | "tls";

/** The way that media takes. */
export interface Way {
  readonly transport: Transport;
  /** The server's port; null where the browser does not say it. */
  readonly port: number | null;
}

/** The pair of candidates in use. */
export interface SelectedPair {
  readonly pair: Entry;
  readonly local: Entry;
  readonly remote: Entry;
}

/** What a look at the path shows. */
export interface PathFigures {
  readonly way: Way;
  /** Names the pair, so that counters of two pairs are not compared. */
  readonly pair: string;
  /** Of media and reports that came by this pair; answers to checks do not count. */
  readonly bytesReceived: number;
}

/** Firefox marks the pair in use `selected`, Chromium names it in `transport`. */
export function selectedPair(report: RTCStatsReport): SelectedPair | null {
  const entries: Entry[] = [];
  report.forEach((entry: Entry) => entries.push(entry));
  const byId = new Map(entries.map((entry) => [entry["id"], entry]));
  const transport = entries.find((entry) => entry["type"] === "transport");
  const pair =
    byId.get(transport?.["selectedCandidatePairId"]) ??
    entries.find((entry) => entry["type"] === "candidate-pair" && entry["selected"] === true);
  if (pair === undefined) {
    return null;
  }
  const local = byId.get(pair["localCandidateId"]) ?? {};
  const remote = byId.get(pair["remoteCandidateId"]) ?? {};
  return { pair, local, remote };
}

/** `relayUrl` is that of the relay in use, for Firefox, which does not tell it. */
export function pathFigures(
  report: RTCStatsReport,
  relayUrl: string | null = null,
): PathFigures | null {
  const selected = selectedPair(report);
  if (selected === null) {
    return null;
  }
  const { pair } = selected;
  const bytes = pair["bytesReceived"];
  return {
    way: wayOf(selected, relayUrl),
    pair: String(pair["id"]),
    bytesReceived: typeof bytes === "number" ? bytes : 0,
  };
}

export function sameWay(one: Way | null, other: Way | null): boolean {
  return one?.transport === other?.transport && one?.port === other?.port;
}

function wayOf({ local, remote }: SelectedPair, relayUrl: string | null): Way {
  if (local["candidateType"] === "relay") {
    const protocol = local["relayProtocol"];
    const transport = protocol === "tls" || protocol === "tcp" ? protocol : "udp";
    return { transport, port: portOfUrl(local["url"] ?? relayUrl) };
  }
  const port = remote["port"];
  return {
    transport: local["protocol"] === "tcp" ? "tcp" : "udp",
    port: typeof port === "number" ? port : null,
  };
}

/** `turns:meet.example.org:443?transport=tcp`; the scheme has a port of its own (RFC 7065 §3.2). */
function portOfUrl(url: unknown): number | null {
  if (typeof url !== "string") {
    return null;
  }
  const [, scheme, port] = /^(turns?):.*?(?::(\d+))?(?:\?.*)?$/.exec(url) ?? [];
  return port === undefined ? defaultPort(scheme) : Number(port);
}

function defaultPort(scheme: string | undefined): number | null {
  return scheme === undefined ? null : scheme === "turns" ? 5349 : 3478;
}
