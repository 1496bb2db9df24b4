// Texts of the operator's, well-meant and not.
import { describe, expect, it } from "vitest";

import { blocksOf } from "./markdown";

describe("a text of the operator's", () => {
  it("has headings, paragraphs over several lines, and lists", () => {
    const blocks = blocksOf("# Legal\n\nOne\ntwo.\n- a\n  b\n* **c**\n\n### Deep");
    expect(blocks).toEqual([
      { kind: "heading", level: 1, words: [{ kind: "text", text: "Legal" }] },
      { kind: "paragraph", words: [{ kind: "text", text: "One two." }] },
      {
        kind: "list",
        items: [[{ kind: "text", text: "a b" }], [{ kind: "strong", text: "c" }]],
      },
      { kind: "heading", level: 3, words: [{ kind: "text", text: "Deep" }] },
    ]);
  });

  it.each([
    ["[us](https://a.example/x?y#z)", "https://a.example/x?y#z"],
    ["[mail](mailto:a@example.org)", "mailto:a@example.org"],
    ["[home](/privacy)", "/privacy"],
    ["https://a.example", "https://a.example"],
  ])("leads by %s to %s", (markdown, href) => {
    expect(blocksOf(markdown)).toEqual([
      { kind: "paragraph", words: [{ kind: "link", text: expect.any(String), href }] },
    ]);
  });

  it.each([
    "[x](javascript:alert(1))",
    "[x](javascript:alert)",
    "[x](data:text/html,x)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
  ])("shows %s as it is written", (markdown) => {
    const [block] = blocksOf(markdown);
    const words = block?.kind === "paragraph" ? block.words : [];
    expect(words.every(({ kind }) => kind === "text")).toBe(true);
    expect(words.map(({ text }) => text).join("")).toBe(markdown);
  });
});
