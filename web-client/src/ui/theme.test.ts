// The contrast of the theme's colours, by the arithmetic of WCAG 2.2 (1.4.3, 1.4.6, 1.4.11).
import { describe, expect, it } from "vitest";

import theme from "./style/theme.css?raw";

type Scheme = "light" | "dark";
type Colours = ReadonlyMap<string, readonly [light: string, dark: string]>;

/** The hexadecimal colours of a part of the file. */
function coloursOf(css: string): Colours {
  const found = new Map<string, readonly [string, string]>();
  const value = /--([\w-]+): (?:light-dark\((#\w+), (#\w+)\)|(#\w+)|var\(--([\w-]+)\));/g;
  for (const [, name = "", light, dark, both, other = ""] of css.matchAll(value)) {
    const meant = found.get(other) ?? [light ?? both ?? "", dark ?? both ?? ""];
    found.set(name, meant);
  }
  return found;
}

const [usual = "", stronger = ""] = theme.split("@media (prefers-contrast: more)");
const USUAL = coloursOf(usual);
const STRONGER: Colours = new Map([...USUAL, ...coloursOf(stronger.split("@media")[0] ?? "")]);

function contrast(colours: Colours, one: string, other: string, scheme: Scheme): number {
  const [high = 0, low = 0] = [one, other]
    .map((name) => luminance(colours.get(name)?.[scheme === "light" ? 0 : 1] ?? ""))
    .sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** WCAG's relative luminance of `#rgb` or `#rrggbb`. */
function luminance(colour: string): number {
  const digits = colour.slice(1).replace(/^(.)(.)(.)$/, "$1$1$2$2$3$3");
  const [r = NaN, g = NaN, b = NaN] = [0, 2, 4].map((at) => {
    const share = parseInt(digits.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const GROUNDS = ["ground", "panel", "sunken"];
const on = (words: readonly string[], grounds: readonly string[]) =>
  words.flatMap((word) => grounds.map((ground) => [word, ground] as const));

const WORDS = [
  ...on(["ink", "soft", "accent", "accent-strong", "danger"], GROUNDS),
  ...on(["on-accent"], ["accent", "accent-strong"]),
  ...on(["on-danger"], ["danger"]),
  ...on(["ground"], ["ink"]),
  ...on(["on-overlay"], ["overlay-danger", ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `hue-${n}`)]),
];
const SIGNS = [...on(["edge", "voice"], GROUNDS), ...on(["focus-inner"], ["focus-outer"])];

describe.each(["light", "dark"] as const)("the %s theme", (scheme) => {
  it.each(WORDS)("lets %s be read on %s", (word, ground) => {
    expect(contrast(USUAL, word, ground, scheme)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SIGNS)("lets %s be seen on %s", (sign, ground) => {
    expect(contrast(USUAL, sign, ground, scheme)).toBeGreaterThanOrEqual(3);
  });

  it("has words at 7:1 where more contrast is asked for", () => {
    for (const [word, ground] of WORDS.filter(([word]) => word !== "on-overlay")) {
      const found = contrast(STRONGER, word, ground, scheme);
      expect(found, `${word} ${ground}`).toBeGreaterThanOrEqual(7);
    }
  });
});
