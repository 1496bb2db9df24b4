// Figures of a call out of the browser's statistics; engines differ in what they leave out.
import type { CallStats, SendingStats, SlotStats, TrafficStats } from "./api";
import type { MediaConnection, SlotLine } from "./media";
import { newestCsrc } from "./media";
import type { Entry } from "./path";
import { selectedPair } from "./path";
import type { SlotContent } from "./protocol.gen";

type MediaFigures = Pick<CallStats, "slots" | "sending" | "rttMs" | "path" | "traffic">;

export async function mediaStats(
  media: MediaConnection,
  carries: (mid: string) => SlotContent | null,
): Promise<MediaFigures> {
  const report = await media.stats();
  const entries: Entry[] = [];
  report.forEach((entry: Entry) => entries.push(entry));
  const inbound = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry["type"] === "inbound-rtp") {
      inbound.set(text(entry, "trackIdentifier") ?? "", entry);
    }
  }
  return {
    slots: media.slots.map((slot) =>
      slotStats(slot, carries(slot.mid), inbound.get(slot.receiver.track.id) ?? {}),
    ),
    sending: entries
      .filter((entry) => entry["type"] === "outbound-rtp")
      .flatMap((entry) => sendingStats(media, entry, codecOf(entries, entry))),
    ...pathStats(report),
    traffic: trafficStats(entries),
  };
}

/**
 * A transport counts all that passes; where a browser has none (Firefox), the pairs of candidates
 * do, as long as it keeps them.
 */
export function trafficStats(entries: readonly Entry[]): TrafficStats {
  const transports = entries.filter(({ type }) => type === "transport");
  const counting = transports.some((entry) => typeof entry["bytesReceived"] === "number")
    ? transports
    : entries.filter(({ type }) => type === "candidate-pair");
  const sum = (name: string): number =>
    counting.reduce((total, entry) => total + count(entry, name), 0);
  return { received: sum("bytesReceived"), sent: sum("bytesSent") };
}

function slotStats(slot: SlotLine, carries: SlotContent | null, entry: Entry): SlotStats {
  return {
    mid: slot.mid,
    kind: slot.kind,
    carries,
    csrc: newestCsrc(slot.receiver),
    packetsReceived: count(entry, "packetsReceived"),
    packetsLost: count(entry, "packetsLost"),
    framesDecoded: count(entry, "framesDecoded"),
    width: count(entry, "frameWidth"),
    height: count(entry, "frameHeight"),
    freezes: count(entry, "freezeCount"),
    freezeSeconds: count(entry, "totalFreezesDuration"),
    audioLevel: slot.kind === "video" ? null : count(entry, "audioLevel"),
    concealedSamples: count(entry, "concealedSamples"),
  };
}

function codecOf(entries: readonly Entry[], stream: Entry): string | null {
  const codec = entries.find(({ id }) => id === stream["codecId"]);
  return codec === undefined ? null : text(codec, "mimeType");
}

function sendingStats(media: MediaConnection, entry: Entry, codec: string | null): SendingStats[] {
  const source = media.sourceOf(text(entry, "mid") ?? "");
  if (source === null) {
    return [];
  }
  return [
    {
      source,
      rid: text(entry, "rid"),
      codec,
      scalabilityMode: text(entry, "scalabilityMode"),
      packetsSent: count(entry, "packetsSent"),
      bytesSent: count(entry, "bytesSent"),
      framesEncoded: count(entry, "framesEncoded"),
      width: count(entry, "frameWidth"),
      height: count(entry, "frameHeight"),
      limitedBy: text(entry, "qualityLimitationReason"),
    },
  ];
}

function pathStats(report: RTCStatsReport): Pick<CallStats, "rttMs" | "path"> {
  const selected = selectedPair(report);
  if (selected === null) {
    return { rttMs: null, path: null };
  }
  const { pair, local, remote } = selected;
  const rtt = pair["currentRoundTripTime"];
  return {
    rttMs: typeof rtt === "number" ? rtt * 1000 : null,
    path: {
      protocol: text(local, "protocol") ?? "unknown",
      local: text(local, "candidateType") ?? "unknown",
      remote: text(remote, "candidateType") ?? "unknown",
    },
  };
}

function count(entry: Entry, name: string): number {
  const value = entry[name];
  return typeof value === "number" ? value : 0;
}

function text(entry: Entry, name: string): string | null {
  const value = entry[name];
  return typeof value === "string" ? value : null;
}
