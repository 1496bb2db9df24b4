// Ways to look: one picture pinned, the whole screen, a small window over other programs.
import assert from "node:assert/strict";

import { meet } from "./harness/meeting.mjs";
import { onStage } from "./harness/stage.mjs";

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: one is pinned, fills the screen, and gives it back`, async (stage) => {
    const { viewer, others } = await threeOf(stage, kind);
    const [, pinned] = others;
    const id = await idOf(pinned);
    const tile = `.tile[data-participant="${id}"]`;
    await press(viewer, `${tile} .pin`);
    await viewer.look("pinned", large, (seen) => seen === id);
    const pressed = await viewer.page.$eval(`${tile} .pin`, ({ ariaPressed }) => ariaPressed);
    assert.equal(pressed, "true");
    await press(viewer, `${tile} .pin`);
    await viewer.look("nobody large", large, (seen) => seen === null);

    await press(viewer, "#more");
    await press(viewer, "#full-screen");
    await viewer.look("the page fills the screen", filling, (seen) => seen === "HTML");
    await viewer.sees(others);
    await press(viewer, "#more");
    await press(viewer, "#full-screen");
    await viewer.look("the screen is given back", filling, (seen) => seen === null);
    await press(viewer, `${tile} .fill`);
    await viewer.look("one picture fills the screen", filling, (seen) => seen === `LI ${id}`);
    await viewer.look(
      "its own size",
      () => {
        const { width, height } = document.fullscreenElement.getBoundingClientRect();
        return [width - innerWidth, height - innerHeight].join();
      },
      (seen) => seen === "0,0",
    );
    await press(viewer, `${tile} .fill`);
    await viewer.look("the screen is given back", filling, (seen) => seen === null);
    await viewer.sees(others);
    assert.deepEqual((await viewer.call()).errors, []);
  });
}

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: a small window shows who is looked at, and it alone costs`, async (stage) => {
    const { viewer, others } = await threeOf(stage, kind);
    const [shown] = others;
    await press(viewer, `.tile[data-participant="${await idOf(shown)}"] .pin`);
    await press(viewer, "#more");
    await press(viewer, "#float");
    const { seen } = await viewer.look("the small window", smallWindow, (seen) =>
      seen?.picture === shown.number,
    );
    assert.deepEqual([seen.name, seen.microphone], [shown.name, "true"]);
    await viewer.page.evaluate(lookAway);
    // Whoever looks away for two seconds sees no picture; this one is looked at all the same.
    await viewer.look("one picture alone", picturesThatCome, (come) => come.join() === shown.name);
    await viewer.page.evaluate(() => {
      const { document } = window.documentPictureInPicture.window;
      document.querySelector(".switch").click();
    });
    await viewer.look("muted from there", smallWindow, (seen) => seen.microphone === "false");
    await shown.look(
      "muted for others",
      () => window.preau.call.participants.map(({ sources }) => sources.length),
      (sources) => sources.includes(1),
    );
    await viewer.page.evaluate(() => window.documentPictureInPicture.window.close());
    await viewer.look("closed", smallWindow, (seen) => seen === null);
  });
}

onStage("without small windows the picture alone floats, or nothing is offered", async (stage) => {
  const { viewer, others } = await threeOf(stage, "chromium", [withoutWindows, withoutPictures]);
  const [, poor] = others;
  await press(viewer, "#more");
  await press(viewer, "#float");
  const floating = () => {
    const video = document.pictureInPictureElement;
    return video && window.probe.decodePicture(video);
  };
  const { seen } = await viewer.look("a floating picture", floating, (number) => number > 0);
  await viewer.page.evaluate(lookAway);
  const name = `Person ${seen}`;
  await viewer.look("one picture alone", picturesThatCome, (come) => come.join() === name);
  await viewer.page.evaluate(() => document.exitPictureInPicture());
  await viewer.look("no picture at all", picturesThatCome, (come) => come.length === 0);

  await press(poor, "#more");
  await poor.page.waitForSelector("#full-screen");
  assert.equal(await poor.page.$("#float"), null, "no button that does nothing");
});

/** Somebody at a browser of that kind among two others; the first and the last may lack things. */
async function threeOf(stage, kind, [before, beforeLast] = []) {
  const { people } = await meet(stage, [
    { kind, prepare: before },
    "chromium",
    { prepare: beforeLast },
  ]);
  const [viewer, ...others] = people;
  return { viewer, others };
}

/** Firefox draws nothing in a window behind another, and a press waits for what is drawn. */
async function press({ page }, selector) {
  await page.bringToFront();
  await page.locator(selector).click();
}

async function idOf(person) {
  return String(await person.page.evaluate(() => window.preau.call.you));
}

// These run in the page.

function large() {
  return document.querySelector('.tile[data-large="true"]')?.dataset.participant ?? null;
}

function filling() {
  const element = document.fullscreenElement;
  const id = element?.dataset.participant;
  return element && element.tagName + (id === undefined ? "" : ` ${id}`);
}

function withoutWindows() {
  delete window.documentPictureInPicture;
}

function withoutPictures() {
  delete window.documentPictureInPicture;
  Object.defineProperty(document, "pictureInPictureEnabled", { value: false });
}

function lookAway() {
  Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
}

/** Whose pictures have new frames within a second. */
async function picturesThatCome() {
  const { call } = window.preau;
  const frames = async () => (await call.stats()).slots.map(({ framesDecoded }) => framesDecoded);
  const before = await frames();
  await new Promise((wake) => setTimeout(wake, 1_000));
  const after = await frames();
  const names = new Map(call.participants.map(({ id, name }) => [id, name]));
  return call.slots
    .filter(({ kind }, index) => kind === "video" && after[index] > before[index])
    .map(({ carries }) => names.get(carries?.participant));
}

/** What the small window shows; null where there is none. */
function smallWindow() {
  const { document: small } = window.documentPictureInPicture.window ?? {};
  if (!small) return null;
  const video = small.querySelector("video");
  return {
    name: small.querySelector(".tile-name-text")?.textContent,
    picture: video && window.probe.decodePicture(video),
    microphone: small.querySelector(".switch")?.ariaPressed,
  };
}
