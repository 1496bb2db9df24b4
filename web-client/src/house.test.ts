// Rules of the house that the compiler cannot keep.
import { describe, expect, it } from "vitest";

const sources = import.meta.glob<string>("./**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});

const styles = import.meta.glob<string>("./ui/style/*.css", {
  query: "?raw",
  import: "default",
  eager: true,
});

const files = (folder: string) =>
  Object.entries(sources).filter(([path]) => path.startsWith(folder) && !path.includes(".test."));

describe("the call", () => {
  it.each(files("./call/"))("%s knows nothing of pages", (_, text) => {
    expect(text).not.toMatch(/from "(\.\.\/)+ui|from "preact/);
    expect(text).not.toMatch(/\b(document|window)\.|\bHTML\w+Element\b/);
  });

  it("takes what the browser remembers from its environment alone", () => {
    const users = files("./call/").filter(([, text]) => /\b(localStorage|indexedDB)\b/.test(text));
    expect(users.map(([path]) => path)).toEqual(["./call/environment.ts"]);
  });
});

describe("the pages", () => {
  it.each(files("./ui/"))("%s reach the call by its public face alone", (_, text) => {
    expect(text).not.toMatch(/from "(\.\.\/)+call\//);
    expect(text).not.toMatch(/RTCPeerConnection|new WebSocket/);
  });

  it.each(files("./ui/"))("%s write no HTML from text", (_, text) => {
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet/);
  });
});

describe("the styles", () => {
  const parts = Object.entries(styles).filter(([path]) => !path.endsWith("/theme.css"));

  it.each(parts)("%s takes its colours from the theme", (_, text) => {
    expect(text.length).toBeGreaterThan(50);
    const declared = text.replace(/\/\*[^]*?\*\//g, "").match(/:[^;{}]*[;}]/g) ?? [];
    const colour = /#[\da-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/i;
    expect(declared.filter((value) => colour.test(value))).toEqual([]);
  });

  it("give words no size that ignores the browser's", () => {
    const fixed = parts.flatMap(([, text]) => text.match(/font(-size)?:[^;]*\dpx/g) ?? []);
    expect(fixed).toEqual([]);
  });
});
