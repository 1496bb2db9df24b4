// What the operator set for this site. The server writes it into every page, so that it is known
// before anything is drawn; the development server does not, and the defaults hold.

export type TextKind = "legal" | "privacy";

export interface Site {
  readonly name: string;
  readonly logo: string | null;
  readonly logoDark: string | null;
  /** The pages' language until the person chooses; null leaves it to the browser. */
  readonly language: string | null;
  readonly contact: string | null;
  /** In which languages there is such a text. */
  readonly texts: Readonly<Record<TextKind, readonly string[]>>;
  /** Whether everybody may open rooms. */
  readonly opensRooms: boolean;
  /** What cameras are asked for. */
  readonly media: { readonly maxHeight: number; readonly maxFrameRate: number };
  /** Other sites that may embed a room. */
  readonly embedders: readonly string[];
}

export const site: Site = siteOf(elementText());

/** Reads what the server wrote; what is missing or strange is as on a site without settings. */
export function siteOf(json: string): Site {
  const told = object(parse(json));
  const [rooms, media] = [object(told["rooms"]), object(told["media"])];
  return {
    name: text(told["name"]) ?? "Préau",
    logo: text(told["logo"]),
    logoDark: text(told["logo_dark"]),
    language: text(told["language"]),
    contact: text(told["contact"]),
    texts: { legal: texts(told["legal"]), privacy: texts(told["privacy"]) },
    opensRooms: rooms["creation"] !== "closed",
    media: {
      maxHeight: number(media["max_height"]) ?? 720,
      maxFrameRate: number(media["max_frame_rate"]) ?? 30,
    },
    embedders: texts(told["embedders"]),
  };
}

function elementText(): string {
  return globalThis.document?.getElementById("site")?.textContent ?? "";
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
