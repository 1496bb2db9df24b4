// Tells the call which tiles are in sight and how high, so that nothing else is sent here.
import type { Call, Tile, View } from "../call";

/**
 * Scrolling and resizing come in bursts: the first change is told at once, because somebody may
 * wait for a picture, and the rest when it has been quiet for so long.
 */
const SETTLE_MS = 150;
/** Heights are told in steps, so that a pixel more or less is no news. */
const HEIGHT_STEP = 16;
const HEIGHT_MAX = 65_535;
/** Who looks away this long sees no picture; coming back costs each tile a key frame. */
const LOOK_AWAY_MS = 2_000;

/** A tile that wants a picture of somebody else. */
export interface Wish {
  readonly participant: number;
  readonly source: "camera" | "screen";
  readonly stage: boolean;
  /** It lies in a window of its own, which is seen while the page is not. */
  readonly elsewhere?: boolean;
}

export class ViewReporter {
  readonly #call: Call;
  readonly #wishes = new Map<Element, Wish>();
  readonly #visible = new Set<Element>();
  readonly #sizes: ResizeObserver;
  readonly #sight: IntersectionObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changedAt = Number.NEGATIVE_INFINITY;
  #last = "";
  #hideTimer: ReturnType<typeof setTimeout> | undefined;
  #pageHidden = false;
  #covered = false;
  #paused = false;

  constructor(call: Call) {
    this.#call = call;
    this.#sizes = new ResizeObserver(() => this.#changed());
    this.#sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) {
          this.#visible.add(target);
        } else {
          this.#visible.delete(target);
        }
      }
      this.#changed();
    });
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  /** The element shows this, until the result is called. */
  watch(element: Element, wish: Wish): () => void {
    this.#wishes.set(element, wish);
    this.#sizes.observe(element);
    if (wish.elsewhere !== true) {
      this.#sight.observe(element);
    }
    this.#changed();
    return () => {
      this.#wishes.delete(element);
      this.#visible.delete(element);
      this.#sizes.unobserve(element);
      this.#sight.unobserve(element);
      this.#changed();
    };
  }

  /** No picture is wanted at all, wherever it would be shown. */
  setPaused(paused: boolean): void {
    if (paused !== this.#paused) {
      this.#paused = paused;
      this.#changed();
    }
  }

  /** Something lies over the pictures. */
  setCovered(covered: boolean): void {
    this.#covered = covered;
    this.#onVisibility();
  }

  /** Another window has shown one of the pictures, or has stopped to. */
  handleElsewhere(): void {
    this.#changed();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#hideTimer);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#sizes.disconnect();
    this.#sight.disconnect();
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#hideTimer);
    if (document.visibilityState === "visible" && !this.#covered) {
      this.#setPageHidden(false);
    } else {
      this.#hideTimer = setTimeout(() => this.#setPageHidden(true), LOOK_AWAY_MS);
    }
  };

  #setPageHidden(hidden: boolean): void {
    if (hidden !== this.#pageHidden) {
      this.#pageHidden = hidden;
      this.#changed();
    }
  }

  #changed(): void {
    const now = performance.now();
    const quiet = now - this.#changedAt > SETTLE_MS;
    this.#changedAt = now;
    clearTimeout(this.#timer);
    // Even the first waits for its own turn: several tiles come and go in one.
    this.#timer = setTimeout(() => this.#report(), quiet ? 0 : SETTLE_MS);
  }

  #isInSight(element: Element, wish: Wish): boolean {
    const floating: Element | null = document.pictureInPictureElement ?? null;
    return (
      wish.elsewhere === true ||
      (floating !== null && element.contains(floating)) ||
      (!this.#pageHidden && this.#visible.has(element))
    );
  }

  #report(): void {
    const wishes = [...this.#wishes].map(([element, wish]) => {
      const inSight = !this.#paused && this.#isInSight(element, wish);
      return { wish, height: inSight ? element.clientHeight * devicePixelRatio : 0 };
    });
    const slots = this.#call.slots.filter(({ kind }) => kind === "video").length;
    const view = viewOf(wishes, slots);
    const text = JSON.stringify(view);
    if (text !== this.#last) {
      this.#last = text;
      this.#call.view(view);
    }
  }
}

/**
 * One wish for each picture, the larger where there are two. The stage first, then the largest; no
 * more than there are slots. Where nothing is in sight the tiles are named with height 0: an empty
 * view would leave the choice to the server.
 */
export function viewOf(
  wishes: readonly { readonly wish: Wish; readonly height: number }[],
  slots: number,
): View {
  const shown = wishes.filter(({ height }) => height > 0);
  const once = new Map<string, { readonly wish: Wish; readonly height: number }>();
  for (const entry of shown.length > 0 ? shown : wishes) {
    const key = `${entry.wish.participant}-${entry.wish.source}`;
    const other = once.get(key);
    if (other === undefined || other.height < entry.height) {
      const stage = entry.wish.stage || (other?.wish.stage ?? false);
      once.set(key, { ...entry, wish: { ...entry.wish, stage } });
    }
  }
  const tiles = [...once.values()]
    .sort(
      (one, other) =>
        Number(other.wish.stage) - Number(one.wish.stage) || other.height - one.height,
    )
    .slice(0, slots)
    .map(({ wish, height }) => ({ stage: wish.stage, tile: tileOf(wish, height) }));
  const stage = tiles.find((entry) => entry.stage)?.tile ?? null;
  return { stage, tiles: tiles.map(({ tile }) => tile) };
}

function tileOf({ participant, source }: Wish, height: number): Tile {
  const stepped = Math.ceil(height / HEIGHT_STEP) * HEIGHT_STEP;
  return { participant, source, height: Math.min(stepped, HEIGHT_MAX) };
}
