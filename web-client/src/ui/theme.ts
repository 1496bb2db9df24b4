// Light or dark: as the person chose, else as their system is. `style/theme.css` has the colours.
import { effect, signal } from "@preact/signals";

import { recall, remember } from "./storage";

export const THEMES = ["system", "light", "dark"] as const;

export type Theme = (typeof THEMES)[number];

export const theme = signal<Theme>(
  THEMES.find((candidate) => candidate === recall("theme")) ?? "system",
);

/** Shows the choice, and remembers it. */
export function followTheme(): void {
  effect(() => {
    const chosen = theme.value === "system" ? null : theme.value;
    remember("theme", chosen);
    if (chosen === null) {
      delete document.documentElement.dataset["theme"];
    } else {
      document.documentElement.dataset["theme"] = chosen;
    }
    paintBrowser(chosen);
  });
}

/** The bars of a phone's browser take the colour of the page's ground. */
function paintBrowser(chosen: "light" | "dark" | null): void {
  for (const bar of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = (bar.dataset["theme"] ??= bar.media.includes("dark") ? "dark" : "light");
    const forced = own === chosen ? "all" : "not all";
    bar.media = chosen === null ? `(prefers-color-scheme: ${own})` : forced;
  }
}
