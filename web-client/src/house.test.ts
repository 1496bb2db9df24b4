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
