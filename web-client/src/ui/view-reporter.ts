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

/** A tile that wants a picture of somebody else. */
export interface Wish {
  readonly participant: number;
  readonly source: "camera" | "screen";
  readonly stage: boolean;
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
  }

  /** The element shows this, until the result is called. */
  watch(element: Element, wish: Wish): () => void {
    this.#wishes.set(element, wish);
    this.#sizes.observe(element);
    this.#sight.observe(element);
    return () => {
      this.#wishes.delete(element);
      this.#visible.delete(element);
      this.#sizes.unobserve(element);
      this.#sight.unobserve(element);
      this.#changed();
    };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
    this.#sight.disconnect();
  }

  #changed(): void {
    const now = performance.now();
    const quiet = now - this.#changedAt > SETTLE_MS;
    this.#changedAt = now;
    clearTimeout(this.#timer);
    // Even the first waits for its own turn: several tiles come and go in one.
    this.#timer = setTimeout(() => this.#report(), quiet ? 0 : SETTLE_MS);
  }

  #report(): void {
    const shown = [...this.#wishes].filter(([element]) => this.#visible.has(element));
    const view = viewOf(
      shown.map(([element, wish]) => ({ wish, height: element.clientHeight * devicePixelRatio })),
      this.#call.slots.filter(({ kind }) => kind === "video").length,
    );
    const text = JSON.stringify(view);
    if (text !== this.#last) {
      this.#last = text;
      this.#call.view(view);
    }
  }
}

/** The stage first, then the largest; no more than there are slots. */
export function viewOf(
  shown: readonly { readonly wish: Wish; readonly height: number }[],
  slots: number,
): View {
  const tiles = [...shown]
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
