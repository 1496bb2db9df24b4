// What is written is checked before it is sent.
import { describe, expect, it } from "vitest";

import { textToSend } from "./chat";

describe("a text", () => {
  it("is sent without the white space at its ends", () => {
    expect(textToSend("  Hello,\n\nall \n")).toBe("Hello,\n\nall");
  });

  it.each([
    ["nothing", ""],
    ["white space", " \n\t "],
    ["too much", "é".repeat(2001)],
    ["a control character", "a\tb"],
    ["a carriage return", "a\r\nb"],
    ["half of a character", "a\ud83d"],
  ])("is refused where it is %s", (_, text) => {
    expect(() => textToSend(text)).toThrow(expect.objectContaining({ code: "bad_text" }));
  });

  it("has its characters counted as the server does", () => {
    expect(textToSend("👩‍🚀".repeat(666))).toBe("👩‍🚀".repeat(666));
  });
});
