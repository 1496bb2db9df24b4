// Which pictures are large, which are small, and why. Pure.
import type { Picture } from "../room-store";

/** Everybody alike, or one large. `usual` is alike until a screen is shared. */
export type Mode = "usual" | "grid" | "speaker";

export interface Wishes {
  readonly mode: Mode;
  /** Keys of pictures that the person wants large, the first pinned first. */
  readonly pins: readonly string[];
  /** The key of the shared screen that the person looks at; null for the newest. */
  readonly chosenScreen: string | null;
  readonly selfShown: boolean;
}

/** What the room says: see `Focus` of the protocol. */
export interface Led {
  /** The key of the large picture; null where everybody is alike. */
  readonly stage: string | null;
}

export interface Arrangement {
  /** Large; nobody where all are alike. */
  readonly stage: readonly Picture[];
  readonly rest: readonly Picture[];
  /** One's own picture where it lies small over that of the only other. */
  readonly apart: Picture | null;
  /** Shared screens, the newest first, where there is a choice between several. */
  readonly screens: readonly Picture[];
}

/**
 * @param people  everybody's camera, in the order of their seats; one's own among them
 * @param screens  the newest first
 * @param speaker  whose picture is large in the speaker's view
 */
export function arrange(
  people: readonly Picture[],
  screens: readonly Picture[],
  wishes: Wishes,
  speaker: number | null,
  led: Led | null,
): Arrangement {
  const shown = people.filter(({ self }) => !self || wishes.selfShown || people.length === 1);
  const all = [...screens, ...shown];
  const stage = stageOf(all, screens, shown, wishes, speaker, led);
  const others = shown.filter(({ self }) => !self);
  const isOneToOne = stage.length === 0 && screens.length === 0 && others.length === 1;
  if (isOneToOne) {
    const own = shown.find(({ self }) => self) ?? null;
    return { stage: [], rest: others, apart: own, screens: [] };
  }
  const isLarge = new Set(stage.map(({ key }) => key));
  // Screens that nobody looks at would cost as much as all faces together; there are tabs for them.
  const small = stage.length === 0 ? all : shown;
  return {
    stage,
    rest: small.filter(({ key }) => !isLarge.has(key)),
    apart: null,
    screens: stage.length > 0 && screens.length > 1 ? screens : [],
  };
}

function stageOf(
  all: readonly Picture[],
  screens: readonly Picture[],
  people: readonly Picture[],
  wishes: Wishes,
  speaker: number | null,
  led: Led | null,
): readonly Picture[] {
  const find = (key: string): Picture[] => all.filter((picture) => picture.key === key);
  const pinned = wishes.pins.flatMap(find);
  if (pinned.length > 0) {
    return pinned;
  }
  if (led !== null) {
    return led.stage === null ? [] : find(led.stage);
  }
  if (wishes.mode === "grid") {
    return [];
  }
  const screen = screens.find(({ key }) => key === wishes.chosenScreen) ?? screens[0];
  if (screen !== undefined) {
    return [screen];
  }
  return wishes.mode === "speaker" ? speakerOf(people, speaker) : [];
}

/** Nobody looks at themselves large while there is somebody else to look at. */
function speakerOf(people: readonly Picture[], speaker: number | null): readonly Picture[] {
  const others = people.filter(({ self }) => !self);
  const large = others.find(({ participant }) => participant.id === speaker) ?? others[0];
  return large === undefined ? people.slice(0, 1) : [large];
}

/** One's own picture is on the first page, whatever the order: one looks for it there. */
export function withOwnInFront(
  pictures: readonly Picture[],
  perPage: number,
): readonly Picture[] {
  const own = pictures.filter(({ self, source }) => self && source === "camera");
  const others = pictures.filter((picture) => !own.includes(picture));
  const place = Math.max(0, Math.min(perPage, pictures.length) - own.length);
  return [...others.slice(0, place), ...own, ...others.slice(place)];
}
