// A picture that nobody looks at is not sent; it is there again within a second.
import assert from "node:assert/strict";

import { Embedder } from "./harness/embedder.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep, until } from "./harness/until.mjs";

/** The server asks for less after 5 s; the rest is for a machine that does much else. */
const PAUSED_WITHIN_MS = 15_000;
const BACK_WITHIN_MS = 1_000;

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: an unwatched camera is not sent, and comes back at once`, async (stage) => {
    const server = await stage.server();
    const { guestLink } = await server.createRoom();
    const browser = await stage.browser(kind);
    const one = await Embedder.join(browser, guestLink, "one", { video: true }, { number: 6 });
    const other = await Embedder.join(await stage.browser("chromium"), guestLink, "other");
    await other.shows(["one"], 360);
    await other.sees({ one: 6 });

    await other.shows([]);
    const paused = await until(
      "nothing is sent any more",
      () => bytesInASecond(one),
      (bytes) => bytes === 0,
      PAUSED_WITHIN_MS,
    );
    const state = await one.page.evaluate(() => {
      const { camera } = window.call.local;
      return [camera.readyState, camera.enabled];
    });
    assert.deepEqual(state, ["live", true], "the camera itself stays open");

    const before = await framesDecoded(other);
    const start = performance.now();
    await other.shows(["one"], 360);
    await other.sees({ one: 6 });
    await until("a new frame", () => framesDecoded(other), (frames) => frames > before);
    const backMs = Math.round(performance.now() - start);
    stage.note(`silent ${paused.ms} ms after nobody looked, seen again after ${backMs} ms`);
    assert.ok(backMs <= BACK_WITHIN_MS, `${backMs} ms`);
    assert.ok((await bytesInASecond(one)) > 0);
  });
}

async function framesDecoded(person) {
  return person.page.evaluate(async () => {
    const { slots } = await window.call.stats();
    return slots.reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
  });
}

async function bytesInASecond(person) {
  const sent = async () =>
    (await person.sending()).reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  const before = await sent();
  await sleep(1_000);
  return (await sent()) - before;
}
