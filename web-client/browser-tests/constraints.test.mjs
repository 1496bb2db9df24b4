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
    // Firefox shares a screen only where a person presses a button.
    const shares = kind === "chromium";
    if (shares) await one.page.evaluate(() => window.call.shareScreen(true));
    const camera = { name: "one", source: "camera", height: 360 };
    const screen = (height) => (shares ? [{ name: "one", source: "screen", height }] : []);
    await other.views([camera, ...screen(720)]);
    await other.sees({ one: 6 });
    const full = shares ? await screenHeight(one, (height) => height > 400) : null;

    await other.views(screen(90));
    const paused = await until(
      "nothing of the camera is sent any more",
      () => bytesInASecond(one),
      (bytes) => bytes === 0,
      PAUSED_WITHIN_MS,
    );
    const state = await one.page.evaluate(() => {
      const { camera } = window.call.local;
      return [camera.readyState, camera.enabled];
    });
    assert.deepEqual(state, ["live", true], "the camera itself stays open");
    const small = shares ? await screenHeight(one, (height) => height < full / 3) : null;

    const before = await framesDecoded(other);
    const start = performance.now();
    await other.views([camera, ...screen(720)]);
    await other.sees({ one: 6 });
    await until("a new frame", () => framesDecoded(other), (frames) => frames > before);
    const backMs = Math.round(performance.now() - start);
    stage.note(`silent ${paused.ms} ms after nobody looked, seen again after ${backMs} ms`);
    assert.ok(backMs <= BACK_WITHIN_MS, `${backMs} ms`);
    assert.ok((await bytesInASecond(one)) > 0);
    if (shares) {
      await screenHeight(one, (height) => height === full);
      stage.note(`a screen in a tile of 90 lines is sent with ${small} instead of ${full}`);
    }
  });
}

/** Waits until the shared screen is sent with a good height. */
async function screenHeight(person, isGood) {
  const { seen } = await until(
    "the height of the screen",
    async () => (await person.sending("screen"))[0]?.height ?? 0,
    isGood,
  );
  return seen;
}

/** Of the camera: a screen that stays in sight has frames of its own. */
async function framesDecoded(person) {
  return person.page.evaluate(async () => {
    const { slots } = await window.call.stats();
    const cameras = slots.filter(({ carries }) => carries?.source === "camera");
    return cameras.reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
  });
}

async function bytesInASecond(person) {
  const sent = async () =>
    (await person.sending()).reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  const before = await sent();
  await sleep(1_000);
  return (await sent()) - before;
}
