// How good a picture comes, and why it is no better. Pure.

/** What is known of one picture on the screen. */
export interface Facts {
  /** Height of what comes, in pixels; 0 where nothing comes. */
  readonly height: number;
  /** Height of the tile in device pixels. */
  readonly tile: number;
  /** Height of what its owner captures, in pixels; 0 where that is not known. */
  readonly captured: number;
  /** The least of captures that this server asks for; null where it sets no limit. */
  readonly siteMax: number | null;
  /** How one's own line does; null until the server has said it. */
  readonly line: {
    readonly pictures: "full" | "reduced" | "paused";
    readonly bitsPerSecond: number;
  } | null;
}

/** Why a picture is as it is. */
export type Reason =
  /** As sharp as it was captured. */
  | { readonly kind: "full" }
  /** A smaller tile needs no more. */
  | { readonly kind: "small_tile" }
  /** The server has cameras begin with no more. */
  | { readonly kind: "sober" }
  /** Their camera gives no more. */
  | { readonly kind: "their_camera" }
  /** Their line, or their machine. */
  | { readonly kind: "their_line" }
  | { readonly kind: "your_line"; readonly kilobitsPerSecond: number };

export interface Quality {
  /** In pixels, rounded to what people know: 90, 180, 360, 720. */
  readonly height: number;
  readonly reason: Reason;
  /** Visibly less than the tile could show, through a line that one can do something about. */
  readonly isPoor: boolean;
}

/** What a picture of 4:3 or an upright phone has beside the usual heights is no fault. */
const NEARLY = 0.85;
/** Stretched further than this a picture looks soft. */
const POOR = 0.5;

export function qualityOf(facts: Facts): Quality {
  const reason = reasonOf(facts);
  const useful = Math.min(facts.tile, facts.captured > 0 ? facts.captured : facts.tile);
  // A picture of theirs that is not there yet is no fault of a line.
  const lineIsThin =
    reason.kind === "your_line" || (reason.kind === "their_line" && facts.height > 0);
  return {
    height: facts.height,
    reason,
    isPoor: lineIsThin && facts.height < POOR * useful,
  };
}

function reasonOf({ height, tile, captured, siteMax, line }: Facts): Reason {
  if (height >= NEARLY * tile && (captured === 0 || height < NEARLY * captured)) {
    return { kind: "small_tile" };
  }
  if (captured > 0 && height >= NEARLY * captured) {
    if (height >= NEARLY * tile) {
      return { kind: "full" };
    }
    return siteMax !== null && captured <= siteMax ? { kind: "sober" } : { kind: "their_camera" };
  }
  return line !== null && line.pictures !== "full"
    ? { kind: "your_line", kilobitsPerSecond: roundedKilobits(line.bitsPerSecond) }
    : { kind: "their_line" };
}

/** Two digits say enough, and do not flicker. */
function roundedKilobits(bitsPerSecond: number): number {
  const kilobits = Math.max(0, bitsPerSecond) / 1000;
  const step = 10 ** Math.max(1, Math.floor(Math.log10(Math.max(1, kilobits))) - 1);
  return Math.max(10, Math.round(kilobits / step) * step);
}
