// Whoever writes learns what became of it.
import { describe, expect, it } from "vitest";

import { Outbox } from "./chat";

/** An outbox whose commands are numbered from 2, and what was sent. */
function start() {
  const outbox = new Outbox();
  const sent: unknown[] = [];
  const write = (text: string, to: number | null = null): Promise<void> =>
    outbox.write(text, to, (request) => sent.push(request) + 1);
  return { outbox, sent, write };
}

describe("writing", () => {
  it("sends the text without the white space at its ends, and to whom", () => {
    const { sent, write } = start();
    void write("  Hello,\n\nall \n");
    void write("psst", 7);
    expect(sent).toEqual([
      { text: "Hello,\n\nall", to: null },
      { text: "psst", to: 7 },
    ]);
  });

  it.each([
    ["nothing", ""],
    ["white space", " \n\t "],
    ["too much", "é".repeat(2001)],
    ["a control character", "a\tb"],
    ["a carriage return", "a\r\nb"],
    ["half of a character", "a\ud83d"],
  ])("refuses %s at once", async (_, text) => {
    const { sent, write } = start();
    await expect(write(text)).rejects.toMatchObject({ code: "bad_text" });
    expect(sent).toEqual([]);
  });

  it("counts characters as the server does", () => {
    const { sent, write } = start();
    void write("👩‍🚀".repeat(666));
    expect(sent).toHaveLength(1);
  });

  it("keeps a bounded number waiting", async () => {
    const { outbox, sent, write } = start();
    const waiting = Array.from({ length: 32 }, () => write("x"));
    await expect(write("x")).rejects.toMatchObject({ code: "too_fast" });
    expect(sent).toHaveLength(32);
    outbox.handlePassedOn(2);
    await waiting[0];
    void write("x");
    expect(sent).toHaveLength(33);
  });
});

describe("the fate of a text", () => {
  it("is told to its writer alone", async () => {
    const { outbox, write } = start();
    const fates = [write("one"), write("two"), write("three")];
    expect(outbox.handleRefused(3, "unknown_participant", "")).toBe(true);
    expect(outbox.handleRefused(99, "bad_offer", "")).toBe(false);
    outbox.handlePassedOn(2);
    outbox.handleSettled(4);
    expect(await Promise.allSettled(fates)).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "unknown_participant" } },
      { status: "fulfilled" },
    ]);
  });

  it("is open while the server has not come so far", async () => {
    const { outbox, write } = start();
    const fate = write("one");
    outbox.handleSettled(1);
    outbox.close("session_gone");
    await expect(fate).rejects.toMatchObject({ code: "session_gone" });
  });
});
