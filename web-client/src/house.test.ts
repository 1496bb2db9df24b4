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

describe("the words of what is opened later", () => {
  /** What is there without them: the page itself, and what is loaded apart from them. */
  const roots = ["main", "ended", "speaker-test", "presence", "frame", "pictures/floating-window"];

  /** A file, and all that it imports other than on demand. */
  function withImports(path: string, seen: Set<string>): Set<string> {
    const text = sources[path];
    if (text === undefined || seen.has(path)) {
      return seen;
    }
    seen.add(path);
    for (const [, name] of text.matchAll(/^(?:import|\}) (?!type).*?from "(\..*)";$/gm)) {
      const target = new URL(name ?? "", `file:///${path}`).pathname.replace("/", "./");
      [".ts", ".tsx", "/index.ts"].forEach((ending) => withImports(target + ending, seen));
    }
    return seen;
  }

  it.each(roots)("are not asked for by %s", (root) => {
    const reached = withImports(`./ui/${root}.tsx`, withImports(`./ui/${root}.ts`, new Set()));
    expect(reached.size).toBeGreaterThan(2);
    expect([...reached].filter(asks)).toEqual([]);
  });

  it("are asked for by a panel", () => {
    const reached = withImports("./ui/talk/people-panel.tsx", new Set());
    expect([...reached].filter(asks)).toContain("./ui/talk/person-row.tsx");
  });

  function asks(path: string): boolean {
    return /import [^;]*\blater\b[^;]* from "[./]*\/i18n"/.test(sources[path] ?? "");
  }
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
