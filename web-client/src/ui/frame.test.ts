// What pages around this one may say.
import { describe, expect, it } from "vitest";

import { commandOf } from "./frame";
import { nameFrom, wishesOf } from "./frame-state";

describe("a page around this one", () => {
  it("commands in words of this version alone", () => {
    expect(commandOf({ preau: 1, command: "microphone", on: false })).toEqual({
      command: "microphone",
      on: false,
    });
    expect(commandOf({ preau: 1, command: "microphone", on: "no" })).toBe("unknown");
    expect(commandOf({ preau: 1, command: "explode" })).toBe("unknown");
    const leave = { command: "leave" };
    for (const none of [null, "hello", 1, {}, leave, { preau: 2, ...leave }]) {
      expect(commandOf(none)).toBeNull();
    }
  });

  it("wishes by the address for a name, a language, and no preview", () => {
    expect(wishesOf("?name=Awa&language=fr&preview=skip")).toEqual({
      name: "Awa",
      language: "fr",
      skipsPreview: true,
    });
    expect(wishesOf("?preview=skip").skipsPreview).toBe(false);
    expect(wishesOf("")).toEqual({ name: null, language: null, skipsPreview: false });
  });

  it("proposes a name that the server takes", () => {
    expect(nameFrom("  Awa\u0000\n ")).toBe("Awa");
    expect([...(nameFrom("👩‍🚀".repeat(64)) ?? "")]).toHaveLength(64);
    expect(nameFrom(" \t ")).toBeNull();
    expect(nameFrom(7)).toBeNull();
  });
});
