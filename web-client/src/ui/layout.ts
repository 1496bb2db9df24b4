// How tiles share the room they have. Pure, so that every screen size can be tried in a test.

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Grid {
  readonly columns: number;
  /** Size of a tile in whole CSS pixels. */
  readonly tile: Box;
  /** Whether all tiles are in sight; else the grid scrolls. */
  readonly fits: boolean;
}

/** Between tiles, in CSS pixels; `.tiles` has the same. */
export const GAP = 10;

/** Below this width a face and a name are no longer readable. */
const TILE_WIDTH_MIN = 132;
/** Of a tile in a grid that scrolls anyway. */
const TILE_WIDTH_SCROLLED = 168;
/** What a camera shows, width to height. */
const RATIO_MAX = 16 / 9;
/** Cropped further, two people before one camera lose each other. */
const RATIO_MIN = 6 / 5;
/** On an upright phone everything is cropped; further than this, people lose their heads. */
const RATIO_MIN_UPRIGHT = 3 / 4;

/** The number of columns that gives the largest tiles of a bearable shape. */
export function gridFor(count: number, space: Box): Grid {
  let best: Grid | null = null;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const tile = tileIn(columns, Math.ceil(count / columns), space);
    if (best === null || area(tile) > area(best.tile)) {
      best = { columns, tile, fits: true };
    }
  }
  const readable = Math.min(TILE_WIDTH_MIN, space.width);
  return best !== null && best.tile.width >= readable ? best : scrollingGrid(space);
}

function scrollingGrid({ width }: Box): Grid {
  const columns = Math.max(1, Math.floor((width + GAP) / (TILE_WIDTH_SCROLLED + GAP)));
  const share = Math.floor((width - GAP * (columns - 1)) / columns);
  return { columns, tile: { width: share, height: Math.floor(share / RATIO_MAX) }, fits: false };
}

/** The largest box of a bearable shape in one cell. */
function tileIn(columns: number, rows: number, space: Box): Box {
  const width = Math.max(1, (space.width - GAP * (columns - 1)) / columns);
  const height = Math.max(1, (space.height - GAP * (Math.max(1, rows) - 1)) / Math.max(1, rows));
  const ratioMin = space.width < space.height ? RATIO_MIN_UPRIGHT : RATIO_MIN;
  const ratio = Math.min(RATIO_MAX, Math.max(ratioMin, width / height));
  return width / height > ratio
    ? { width: Math.floor(height * ratio), height: Math.floor(height) }
    : { width: Math.floor(width), height: Math.floor(width / ratio) };
}

function area({ width, height }: Box): number {
  return width * height;
}
