// Rules of the house that the compiler cannot keep.
import { describe, expect, it } from "vitest";

const sources = import.meta.glob<string>("./**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});

const files = (folder: string) =>
  Object.entries(sources).filter(([path]) => path.startsWith(folder) && !path.includes(".test."));

describe("the call", () => {
  it.each(files("./call/"))("%s knows nothing of pages", (_, text) => {
    expect(text).not.toMatch(/from "(\.\.\/)+ui|from "preact/);
    expect(text).not.toMatch(/\b(document|window|localStorage)\.|\bHTML\w+Element\b/);
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
