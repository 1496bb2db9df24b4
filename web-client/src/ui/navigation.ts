// Which page is shown, as a signal that follows the address bar.
import { signal } from "@preact/signals";

import type { Place } from "./links";
import { placeOf } from "./links";

export const place = signal<Place>({ page: "home" });

/** What the tab's title says first, for who looks at another one; empty for nothing. */
export const titleNote = signal("");

export function followAddressBar(): void {
  const read = (): void => {
    place.value = placeOf(new URL(location.href));
  };
  read();
  addEventListener("popstate", read);
  addEventListener("hashchange", read);
}

/** Goes to an address of ours, with a way back. */
export function visit(href: string): void {
  history.pushState(null, "", href);
  place.value = placeOf(new URL(location.href));
}

/** Corrects the address bar and stays on the page. */
export function showAddress(href: string): void {
  history.replaceState(null, "", href);
}
