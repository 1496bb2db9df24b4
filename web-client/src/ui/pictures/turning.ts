// Pages turned by keys that no one types with, and by a finger that wipes.

type Turn = (by: 1 | -1) => void;

/** Shorter is a shaking hand. CSS pixels. */
const SWIPE_MIN = 48;

/** Page Up and Page Down, outside of what scrolls or is typed into; the result stops that. */
export function onPageKeys(turn: Turn): () => void {
  const listen = (event: KeyboardEvent): void => {
    const by = event.key === "PageDown" ? 1 : event.key === "PageUp" ? -1 : null;
    const { target } = event;
    const inside =
      target instanceof Element &&
      target.closest("input, textarea, select, dialog, aside, .popup") !== null;
    if (by !== null && !inside && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      turn(by);
    }
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

/** A finger to the left brings the next page, as a book does; the result stops that. */
export function onSwipe(element: HTMLElement, turn: Turn): () => void {
  let start: { readonly x: number; readonly y: number } | null = null;
  const down = ({ pointerType, isPrimary, clientX, clientY }: PointerEvent): void => {
    start = pointerType === "touch" && isPrimary ? { x: clientX, y: clientY } : null;
  };
  const up = ({ clientX, clientY }: PointerEvent): void => {
    const [across, along] = start === null ? [0, 0] : [clientX - start.x, clientY - start.y];
    start = null;
    if (Math.abs(across) >= SWIPE_MIN && Math.abs(across) > 2 * Math.abs(along)) {
      turn(across < 0 ? 1 : -1);
    }
  };
  const cancel = (): void => {
    start = null;
  };
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", cancel);
  return () => {
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", cancel);
  };
}
