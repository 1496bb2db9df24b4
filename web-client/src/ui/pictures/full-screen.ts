// Full screen, where the browser has it for more than films: iPhones do not.
import { signal } from "@preact/signals";

/** What fills the screen; null where nothing does. */
export const filling = signal<Element | null>(null);

export function canFill(): boolean {
  return document.fullscreenEnabled === true;
}

/** Fills the screen with an element, or gives it back. A refusal leaves everything as it is. */
export function toggleFilling(element: Element): void {
  const change =
    document.fullscreenElement === element
      ? document.exitFullscreen()
      : element.requestFullscreen({ navigationUI: "hide" });
  change.catch(() => undefined);
}

/** Keeps `filling` up to date; the result stops that. */
export function watchFilling(): () => void {
  const look = (): void => {
    filling.value = document.fullscreenElement;
  };
  look();
  document.addEventListener("fullscreenchange", look);
  return () => document.removeEventListener("fullscreenchange", look);
}
