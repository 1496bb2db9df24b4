// Where each picture of an arrangement lies on the screen, and which page of them. Pure.
import type { Picture } from "../room-store";
import type { Arrangement } from "./arrangement";
import { withOwnInFront } from "./arrangement";
import type { Box, Grid } from "./layout";
import { GAP, gridFor, PAGER_HEIGHT, pagesFor, RATIO_USUAL, stageIn } from "./layout";

/** A place in CSS pixels, from the upper left of the room there is. */
export interface Spot extends Box {
  readonly left: number;
  readonly top: number;
}

export interface Placed {
  readonly picture: Picture;
  readonly spot: Spot;
  /** Looked at more than the others: it gets the best that the line carries. */
  readonly large: boolean;
  /** Lies over another. */
  readonly apart: boolean;
}

export interface Scene {
  readonly tiles: readonly Placed[];
  /** Where pages are turned; null where there is one page. */
  readonly pager: Spot | null;
  /** From 0; never beyond the last. */
  readonly page: number;
  readonly pages: number;
  /** Tiles on a page. */
  readonly perPage: number;
  /** On which page somebody's picture is; those on the stage are on none. */
  readonly pageOf: ReadonlyMap<string, number>;
}

/** One's own picture over that of the only other, of the width there is, in CSS pixels. */
const APART_SHARE = 0.18;
const APART_WIDTH_MIN = 112;
const APART_WIDTH_MAX = 240;
const APART_RATIO = 4 / 3;

/**
 * @param page  the one wished for
 * @param slots  pictures that can come at once
 */
export function sceneOf(
  arrangement: Arrangement,
  space: Box,
  page: number,
  slots: number,
): Scene {
  const { stage, apart } = arrangement;
  const staged = stageIn(space, ratioOf(stage), arrangement.rest.length > 0);
  const isStaged = stage.length > 0;
  const box = isStaged ? restSpot(staged.stage, staged.rest, staged.beside) : spotOf(space);
  const pages = pagesFor(arrangement.rest.length, box, mostOf(arrangement, slots));
  const rest = withOwnInFront(arrangement.rest, pages.perPage);
  const shownPage = Math.max(0, Math.min(page, pages.pages - 1));
  const first = shownPage * pages.perPage;
  const onPage = rest.slice(first, first + pages.perPage);
  const pager = pages.pages > 1 ? pagerSpot(box) : null;
  const field = pager === null ? box : { ...box, height: box.height - PAGER_HEIGHT };
  const small = spread(onPage.length, pages, field);
  return {
    tiles: [
      ...stageTiles(stage, spotOf(staged.stage)),
      ...onPage.map((picture, index) => ({
        picture,
        spot: small[index] ?? box,
        large: apart !== null,
        apart: false,
      })),
      ...(apart === null
        ? []
        : [{ picture: apart, spot: apartSpot(space), large: false, apart: true }]),
    ],
    pager,
    page: shownPage,
    pages: pages.pages,
    perPage: pages.perPage,
    pageOf: new Map(rest.map(({ key }, index) => [key, Math.floor(index / pages.perPage)])),
  };
}

/** A page shows no more pictures of others than can come; avatars cost nothing. */
function mostOf({ stage, rest }: Arrangement, slots: number): number {
  const received = ({ self, participant, source }: Picture): boolean =>
    !self && participant.sources.some((published) => published.source === source);
  const free = Math.max(1, slots - stage.filter(received).length);
  const own = rest.filter(({ self }) => self).length;
  return rest.filter(received).length <= free ? Number.MAX_SAFE_INTEGER : free + own;
}

function stageTiles(stage: readonly Picture[], box: Spot): Placed[] {
  const [only] = stage;
  const spots =
    stage.length === 1 && only?.source === "screen"
      ? [fitted(box, ratioOf(stage))]
      : spread(stage.length, gridFor(stage.length, box), box);
  return stage.map((picture, index) => ({
    picture,
    spot: spots[index] ?? box,
    large: true,
    apart: false,
  }));
}

/** Rows of tiles in the middle of a box, the last row in the middle too. */
export function spread(count: number, { columns, tile }: Grid, box: Spot): Spot[] {
  const rows = Math.max(1, Math.ceil(count / columns));
  const height = rows * tile.height + (rows - 1) * GAP;
  const top = box.top + Math.max(0, Math.floor((box.height - height) / 2));
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const width = inRow * tile.width + (inRow - 1) * GAP;
    const left = box.left + Math.max(0, Math.floor((box.width - width) / 2));
    return {
      left: left + (index % columns) * (tile.width + GAP),
      top: top + row * (tile.height + GAP),
      ...tile,
    };
  });
}

/** Width to height of what is on the stage, where it is one screen of a known size. */
function ratioOf([first, second]: readonly Picture[]): number {
  if (first === undefined || second !== undefined || first.source !== "screen") {
    return RATIO_USUAL;
  }
  const published = first.participant.sources.find(({ source }) => source === "screen");
  const { width = 0, height = 0 } = published ?? {};
  return width > 0 && height > 0 ? width / height : RATIO_USUAL;
}

function fitted(box: Spot, ratio: number): Spot {
  const width = Math.floor(Math.min(box.width, box.height * ratio));
  const height = Math.floor(Math.min(box.height, box.width / ratio));
  return {
    left: box.left + Math.floor((box.width - width) / 2),
    top: box.top + Math.floor((box.height - height) / 2),
    width,
    height,
  };
}

function spotOf({ width, height }: Box): Spot {
  return { left: 0, top: 0, width, height };
}

function restSpot(stage: Box, rest: Box, beside: boolean): Spot {
  return beside
    ? { ...rest, left: stage.width + GAP, top: 0 }
    : { ...rest, left: 0, top: stage.height + GAP };
}

function pagerSpot({ left, top, width, height }: Spot): Spot {
  const rowHeight = PAGER_HEIGHT - GAP;
  return { left, top: top + height - rowHeight, width, height: rowHeight };
}

function apartSpot(space: Box): Spot {
  const wanted = Math.min(APART_WIDTH_MAX, Math.max(APART_WIDTH_MIN, space.width * APART_SHARE));
  const width = Math.floor(Math.min(wanted, space.width / 2));
  const height = Math.floor(Math.min(width / APART_RATIO, space.height / 2));
  const left = Math.max(0, space.width - width - GAP);
  return { left, top: Math.max(0, space.height - height - GAP), width, height };
}
