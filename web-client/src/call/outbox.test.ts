// Whoever asks for something learns what became of it.
import { describe, expect, it } from "vitest";

import type { Answer } from "./outbox";
import { Outbox } from "./outbox";

/** An outbox whose commands are numbered from 2. */
function start() {
  const outbox = new Outbox();
  let lastId = 1;
  const ask = (): Promise<Answer> => outbox.ask(() => (lastId += 1));
  return { outbox, ask };
}

describe("the fate of a command", () => {
  it("is told to whoever gave it, alone", async () => {
    const { outbox, ask } = start();
    const fates = [ask(), ask(), ask(), ask()];
    expect(outbox.handleRefusal(3, "unknown_participant", "")).toBe(true);
    expect(outbox.handleRefusal(99, "bad_offer", "")).toBe(false);
    outbox.handleAnswer(2, []);
    outbox.handleAnswer(99);
    outbox.handleSettled(4);
    outbox.close("session_gone");
    expect(await Promise.allSettled(fates)).toMatchObject([
      { status: "fulfilled", value: [] },
      { status: "rejected", reason: { code: "unknown_participant" } },
      { status: "fulfilled", value: null },
      { status: "rejected", reason: { code: "session_gone" } },
    ]);
  });

  it("is open while the server has not come so far", async () => {
    const { outbox, ask } = start();
    const fate = ask();
    outbox.handleSettled(1);
    outbox.close("session_gone");
    await expect(fate).rejects.toMatchObject({ code: "session_gone" });
  });

  it("is refused at once where too many wait", async () => {
    const { outbox, ask } = start();
    const waiting = Array.from({ length: 32 }, ask);
    await expect(ask()).rejects.toMatchObject({ code: "too_fast" });
    outbox.handleAnswer(2);
    await waiting[0];
    const next = ask();
    outbox.handleAnswer(34);
    await expect(next).resolves.toBeNull();
  });
});
