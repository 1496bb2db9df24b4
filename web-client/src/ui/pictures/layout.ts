// How pictures share the room they have. Pure, so that every screen size can be tried in a test.

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Grid {
  readonly columns: number;
  /** Size of a tile in whole CSS pixels. */
  readonly tile: Box;
}

/** A grid of which one page is shown at a time. All pages have tiles of one size. */
export interface Pages extends Grid {
  /** Tiles on each page but the last, which may have fewer. */
  readonly perPage: number;
  readonly pages: number;
}

/** A large place and the room that it leaves for everybody else. */
export interface Staged {
  readonly stage: Box;
  readonly rest: Box;
  /** The rest stands beside the stage; else below it. */
  readonly beside: boolean;
}

/** Between tiles, in CSS pixels; `.tiles` has the same. */
export const GAP = 10;
/** Height of the row that turns pages, the gap above it included; `.pager` has the same. */
export const PAGER_HEIGHT = 54;
/** What a camera shows, width to height, and most screens. */
export const RATIO_USUAL = 16 / 9;

/** Cropped further, two people before one camera lose each other. */
const RATIO_MIN = 6 / 5;
/** On an upright phone everything is cropped; further than this, people lose their heads. */
const RATIO_MIN_UPRIGHT = 3 / 4;
/** Below this width a face and a name are not readable on a phone. */
const READABLE_MIN = 132;
/** Larger screens are looked at from farther away, up to this. */
const READABLE_MAX = 200;
/** Of the width of the room there is. */
const READABLE_SHARE = 1 / 8;

/** Of the width of the room, for those beside the stage, and its bounds in CSS pixels. */
const REST_SHARE = 0.17;
const REST_WIDTH_MIN = READABLE_MIN;
const REST_WIDTH_MAX = 260;
/** Where the picture on the stage leaves more, they take up to this share. */
const REST_SHARE_MAX = 0.4;
/** Below the stage: one row of faces. */
const REST_HEIGHT_MIN = 84;

/** The number of columns that gives the largest tiles of a bearable shape. */
export function gridFor(count: number, space: Box, leastWidth = 0): Grid {
  let best: Grid | null = null;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const tile = tileIn(columns, Math.ceil(count / columns), space);
    const isBetter = best === null || best.tile.width < leastWidth || area(tile) > area(best.tile);
    if (best === null || (isBetter && tile.width >= leastWidth)) {
      best = { columns, tile };
    }
  }
  return best ?? { columns: 1, tile: tileIn(1, 1, space) };
}

/**
 * As many tiles on a page as can be read, and no page much emptier than another. `most` bounds a
 * page from without: there are only so many pictures at once.
 */
export function pagesFor(count: number, space: Box, most = Number.MAX_SAFE_INTEGER): Pages {
  const whole = pagesIn(count, space, most);
  const { width, height } = space;
  return whole.pages === 1
    ? whole
    : pagesIn(count, { width, height: Math.max(1, height - PAGER_HEIGHT) }, most);
}

/** Where the stage goes so that a picture of this shape is largest on it. */
export function stageIn(space: Box, ratio: number, hasRest: boolean): Staged {
  if (!hasRest) {
    return { stage: space, rest: { width: 0, height: 0 }, beside: true };
  }
  const beside = stageBeside(space, ratio);
  const above = stageAbove(space, ratio);
  return shownArea(above.stage, ratio) > shownArea(beside.stage, ratio) ? above : beside;
}

function pagesIn(count: number, space: Box, most: number): Pages {
  const readable = readableWidth(space);
  let perPage = Math.max(1, Math.min(count, most));
  while (perPage > 1 && gridFor(perPage, space, readable).tile.width < readable) {
    perPage -= 1;
  }
  const pages = Math.max(1, Math.ceil(count / perPage));
  const even = Math.max(1, Math.ceil(count / pages));
  return { ...gridFor(even, space, readable), perPage: even, pages };
}

/** What is not less than any width there is must do. */
function readableWidth({ width }: Box): number {
  const wanted = Math.min(READABLE_MAX, Math.max(READABLE_MIN, width * READABLE_SHARE));
  return Math.min(Math.floor(wanted), Math.max(1, Math.floor(width)));
}

function stageBeside(space: Box, ratio: number): Staged {
  const least = Math.min(REST_WIDTH_MAX, Math.max(REST_WIDTH_MIN, space.width * REST_SHARE));
  const left = space.width - space.height * ratio - GAP;
  const most = Math.max(least, space.width * REST_SHARE_MAX);
  const width = Math.floor(Math.min(Math.max(left, least), most));
  const stage = { width: Math.max(1, space.width - width - GAP), height: space.height };
  return { stage, rest: { width, height: space.height }, beside: true };
}

function stageAbove(space: Box, ratio: number): Staged {
  const needed = Math.ceil(space.width / ratio);
  const height = Math.max(1, Math.min(needed, space.height - REST_HEIGHT_MIN - GAP));
  const rest = { width: space.width, height: Math.max(1, space.height - height - GAP) };
  return { stage: { width: space.width, height }, rest, beside: false };
}

/** What a picture that is not cropped covers of a box. */
function shownArea({ width, height }: Box, ratio: number): number {
  return width / height > ratio ? height * height * ratio : (width * width) / ratio;
}

/** The largest box of a bearable shape in one cell. */
function tileIn(columns: number, rows: number, space: Box): Box {
  const width = Math.max(1, (space.width - GAP * (columns - 1)) / columns);
  const height = Math.max(1, (space.height - GAP * (Math.max(1, rows) - 1)) / Math.max(1, rows));
  const ratioMin = space.width < space.height ? RATIO_MIN_UPRIGHT : RATIO_MIN;
  const ratio = Math.min(RATIO_USUAL, Math.max(ratioMin, width / height));
  return width / height > ratio
    ? { width: Math.floor(height * ratio), height: Math.floor(height) }
    : { width: Math.floor(width), height: Math.floor(width / ratio) };
}

function area({ width, height }: Box): number {
  return width * height;
}
