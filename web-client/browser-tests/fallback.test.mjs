// Somebody whose browser has VP8 alone comes into a room of AV1, and is no worse off.
import assert from "node:assert/strict";

import { Embedder } from "./harness/embedder.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

const SEEN_WITHIN_MS = 2_000;

onStage("who has VP8 alone sees everyone in a room of AV1 within 2 s", async (stage) => {
  const server = await stage.server({ args: ["--codecs", "opus,red,av1,vp8"] });
  const { guestLink } = await server.createRoom();
  const [chromium, firefox] = [await stage.browser("chromium"), await stage.browser("firefox")];
  const video = { video: true };
  const ana = await Embedder.join(chromium, guestLink, "Ana", video, { number: 3 });
  const bo = await Embedder.join(firefox, guestLink, "Bo", video, { number: 6 });
  await ana.shows(["Bo"], 360);
  await bo.shows(["Ana"], 360);
  await ana.sees({ Bo: 6 });
  await bo.sees({ Ana: 3 });
  for (const person of [ana, bo]) await sendsIn(person, "video/AV1");

  const start = performance.now();
  const person = { number: 9, only: "video/VP8" };
  const old = await Embedder.join(chromium, guestLink, "Old", video, person);
  await old.shows(["Ana", "Bo"], 360);
  await old.sees({ Ana: 3, Bo: 6 });
  const sinceOpened = Math.round(performance.now() - start);
  const sinceJoin = Math.round(await old.page.evaluate(() => performance.now() - window.startedAt));
  stage.note(`sees both ${sinceJoin} ms after join was asked, ${sinceOpened} after the page`);

  for (const other of [ana, bo]) await sendsIn(other, "video/VP8");
  await ana.shows(["Bo", "Old"], 360);
  await bo.shows(["Ana", "Old"], 360);
  await ana.sees({ Bo: 6, Old: 9 });
  await bo.sees({ Ana: 3, Old: 9 });
  assert.ok(sinceJoin <= SEEN_WITHIN_MS, `${sinceJoin} ms`);

  await old.leave();
  for (const other of [ana, bo]) stage.note(`${other.name}: ${await backInMs(other)}`);
  await ana.sees({ Bo: 6 });
  await bo.sees({ Ana: 3 });
});

async function codecsOf(person) {
  const sending = await person.sending();
  return [...new Set(sending.map(({ codec }) => codec).filter((codec) => codec !== null))];
}

async function sendsIn(person, codec) {
  await until(
    `${person.name} sends ${codec}`,
    () => codecsOf(person),
    (codecs) => String(codecs) === codec,
  );
}

async function backInMs(person) {
  const { ms } = await until(
    `${person.name} is back in AV1`,
    () => codecsOf(person),
    (codecs) => String(codecs) === "video/AV1",
    30_000,
  );
  return `back in AV1 after ${ms} ms`;
}
