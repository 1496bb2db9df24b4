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

/** Reads what the server wrote; what is missing is as on a site without settings. */
export function siteOf(json: string): Site {
  const told = (json === "" ? {} : JSON.parse(json)) as Told;
  return {
    name: told.name ?? "Préau",
    logo: told.logo ?? null,
    logoDark: told.logo_dark ?? null,
    language: told.language ?? null,
    contact: told.contact ?? null,
    texts: { legal: told.legal ?? [], privacy: told.privacy ?? [] },
    opensRooms: told.rooms?.creation !== "closed",
    media: {
      maxHeight: told.media?.max_height ?? 720,
      maxFrameRate: told.media?.max_frame_rate ?? 30,
    },
    embedders: told.embedders ?? [],
  };
}

/** What stands in `#site`, written by the server that the page itself is from. */
interface Told {
  readonly name?: string;
  readonly logo?: string | null;
  readonly logo_dark?: string | null;
  readonly language?: string | null;
  readonly contact?: string | null;
  readonly legal?: readonly string[];
  readonly privacy?: readonly string[];
  readonly rooms?: { readonly creation: "open" | "closed" };
  readonly media?: { readonly max_height: number; readonly max_frame_rate: number };
  readonly embedders?: readonly string[];
}

function elementText(): string {
  return globalThis.document?.getElementById("site")?.textContent ?? "";
}
