// What becomes a link in the chat, and what stays text.
import { describe, expect, it } from "vitest";

import { linkify } from "./linkify";

const links = (text: string): string[] =>
  linkify(text).flatMap((piece) => (piece.kind === "link" ? [piece.href] : []));

describe("a link in the chat", () => {
  it("is an address of the web, without the sentence around it", () => {
    expect(links("Voir https://exemple.fr/a?b=c#d. Et (http://b.example/x_(y)) !")).toEqual([
      "https://exemple.fr/a?b=c#d",
      "http://b.example/x_(y)",
    ]);
    expect(links("« https://a.example/…», **https://b.example/**")).toEqual([
      "https://a.example/",
      "https://b.example/",
    ]);
  });

  it("never runs anything, whatever it is called", () => {
    const hostile = [
      "javascript:alert(1)",
      "data:text/html,<script>alert(1)</script>",
      "file:///etc/passwd",
      "ftp://a.example/",
      "xhttps://a.example",
      "https://",
    ];
    expect(links(hostile.join("\n"))).toEqual([]);
  });

  it("does not pretend to lead elsewhere", () => {
    expect(links("https://bank.example@evil.example/")).toEqual([]);
    expect(links("https://a.example/\u202egpj.exe")).toEqual([]);
    expect(links("https://а.example/")).toEqual(["https://xn--80a.example/"]);
  });

  it("leaves every character of the text where it was", () => {
    for (const text of [
      "",
      "no link",
      "https://a.example",
      "a https://a.example, b\nhttps://b.example!",
      "(((https://a.example/)))…",
      "https://[::1]:8080/x] https://bad host",
      "<a href='https://a.example'>x</a>",
    ]) {
      const pieces = linkify(text).map((piece) => piece.text);
      expect(pieces.join("")).toBe(text);
    }
  });
});
