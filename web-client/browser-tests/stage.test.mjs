// What one looks at: pages, one large, pins, shared screens with sound, who leads, and what is not
// looked at costs nothing.
import assert from "node:assert/strict";

import { gather, installCrowd, stress } from "./harness/full-room.mjs";
import { meet } from "./harness/meeting.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep, until } from "./harness/until.mjs";

/** The target is 50 ms, which `cargo xtask figures` asserts on a quiet machine. */
const LONG_TASK_MS_MAX = 200;

onStage("25 pictures are paged, pinned and resized without a long task", async (stage) => {
  const laptop = { width: 1366, height: 768, prepare: installCrowd };
  const { people: [, person] } = await meet(stage, ["chromium", laptop]);
  await gather(person, 48);
  await person.look("the page", page, (seen) => seen === "1 / 2");
  await person.look(
    "25 tiles, each with a picture",
    () => document.querySelectorAll('.tile video[data-shown="true"]').length,
    (videos) => videos === 25,
  );

  const longest = await person.page.evaluate(stress);
  stage.note(`longest task ${longest.ms} ms while turning, resizing and speaking`);
  assert.ok(longest.turns >= 6, "pages were turned");
  assert.ok(longest.ms < LONG_TASK_MS_MAX, `${longest.ms} ms`);

  const [{ id }] = (await tiles(person)).filter(({ self }) => !self);
  await person.page.keyboard.press("PageDown");
  await person.look("the page", page, (seen) => seen === "2 / 2");
  const here = await tiles(person);
  assert.ok(!here.some(({ self }) => self), "oneself is on the first page");
  // A speaker on another page is told of, and nothing moves.
  await person.page.evaluate(
    (participant) => window.crowd.tell({ kind: "speaker", participant }),
    Number(id),
  );
  await person.look("who speaks elsewhere", elsewhere, (seen) => seen !== null);
  assert.deepEqual(await tiles(person), here);
  await person.page.locator("#speaker-elsewhere").click();
  await person.look("the page", page, (seen) => seen === "1 / 2");

  const pin = `.tile[data-participant="${id}"] .pin`;
  await person.page.locator(pin).click();
  await person.look("one large", large, (seen) => String(seen) === id);
  await person.page.locator(pin).click();
  await person.look("nobody large", large, (seen) => seen.length === 0);
  assert.deepEqual((await person.call()).errors, []);
});

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: one screen with sound large, tabs for two, and a host leads`, async (stage) => {
    const prepare = screens;
    const { people } = await meet(stage, [{ as: "host", prepare }, { prepare }, { kind, prepare }]);
    const [host, sharer, guest] = people;
    const [hostId, sharerId] = [await idOf(host), await idOf(sharer)];

    await sharer.page.evaluate(() => window.preau.call.shareScreen(true));
    await guest.look("the screen large", large, (seen) => String(seen) === sharerId);
    await guest.look(
      "the whole screen, not cropped",
      () => {
        const video = document.querySelector(".screen video");
        return video && getComputedStyle(video).objectFit;
      },
      (fit) => fit === "contain",
    );
    await guest.look(
      "the sharer's sound",
      () => {
        const { slots } = window.preau.call;
        const slot = slots.find(({ carries }) => carries?.source === "screen_audio");
        return slot ? window.probe.decodeTone(slot.track) : null;
      },
      (tone) => tone === 2,
    );
    assert.equal(await hint(sharer), "detail");

    await host.page.evaluate(() => window.preau.call.shareScreen(true));
    await guest.look("the newest large", large, (seen) => String(seen) === hostId);
    await guest.page.locator(`.screen-tab[data-screen="${sharerId}"]`).click();
    await guest.look("the chosen one large", large, (seen) => String(seen) === sharerId);

    // A host shows somebody to all; whoever chooses for themselves is told how to follow again.
    const pin = `.tile[data-participant="${sharerId}"][data-source="camera"] .pin`;
    await host.page.locator(pin).click();
    await host.page.locator("#more").click();
    await host.page.locator("#lead").click();
    await guest.look("the notice", notice, (seen) => seen.length > 0);
    await guest.look("what the host shows", largePicture, (seen) => seen === `${sharerId} camera`);
    await guest.page.locator("#led-notice-button").click();
    await host.page.locator(pin).click();
    await host.look("a screen is large at the host", largePicture, (seen) => / screen$/.test(seen));
    await guest.page.locator("#led-notice-button").click();
    await guest.look("the host's screen", largePicture, (seen) => / screen$/.test(seen));
    await host.page.locator("#leading-notice-button").click();
    await guest.look("no notice", notice, (seen) => seen === "");
    for (const person of people) assert.deepEqual((await person.call()).errors, []);
  });
}

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: with sound only the server forwards no picture`, async (stage) => {
    // A picture that costs bits, so that it is told from a voice.
    const { server, people } = await meet(stage, [kind, { detail: true }]);
    const [listener, speaker] = people;
    // Nobody but the listener receives a picture from here on.
    await speaker.page.evaluate(() => window.preau.call.view({ stage: null, tiles: [] }));
    const withPictures = await until(
      "pictures flow",
      () => rate(server, listener),
      ({ bytes, pictures }) => bytes > PICTURE_BYTES_MIN && pictures > 0,
    );
    await listener.page.locator("#more").click();
    await listener.page.locator("#sound-only").click();
    await listener.look("no picture is sent", ownCamera, (seen) => seen === null);
    const quiet = await until(
      "sound alone",
      () => rate(server, listener),
      ({ bytes, pictures }) => bytes < VOICES_BYTES_MAX && pictures === 0,
    );
    assert.ok(quiet.seen.packets > 20, "sound goes on");
    stage.note(
      `${withPictures.seen.bytes} B/s with pictures, ${quiet.seen.bytes} B/s with sound only`,
    );
    await listener.hears(speaker);
    await listener.page.locator("#sound-only-notice-button").click();
    await listener.sees([speaker]);
    await listener.look("the camera is on again", ownCamera, (seen) => seen !== null);

    await listener.page.locator("#more").click();
    await listener.page.locator("#settings").click();
    await listener.look(
      "megabytes",
      () => document.querySelector("#traffic p")?.textContent ?? "",
      (text) => /[1-9]/.test(text),
    );
  });
}

/** Two voices of 50 packets a second, RED and headers included, stay below it; in a second. */
const VOICES_BYTES_MAX = 25_000;
/** What two voices and a picture with noise in it cost at the least, in a second. */
const PICTURE_BYTES_MIN = 2 * VOICES_BYTES_MAX;

/** In a second: what the node forwards to all, and packets of pictures that one of them gets. */
async function rate(server, listener) {
  const look = async () => ({
    metrics: await server.metrics(),
    pictures: await listener.page.evaluate(picturePackets),
  });
  const before = await look();
  await sleep(1_000);
  const after = await look();
  const grown = (name) => after.metrics.get(name) - before.metrics.get(name);
  return {
    packets: grown("sfu_forwarded_packets_total"),
    bytes: grown("sfu_forwarded_packet_bytes_total"),
    pictures: after.pictures - before.pictures,
  };
}

async function idOf(person) {
  return String(await person.page.evaluate(() => window.preau.call.you));
}

async function hint(person) {
  return person.page.evaluate(() => window.preau.call.local.screen.contentHint);
}

async function tiles(person) {
  return person.page.$$eval(".tile", (all) =>
    all.map(({ dataset }) => ({ id: dataset.participant, self: dataset.self === "true" })),
  );
}

// These run in the page.

function page() {
  return document.querySelector("#page [aria-hidden]")?.textContent ?? null;
}

function elsewhere() {
  return document.querySelector("#speaker-elsewhere")?.textContent ?? null;
}

function large() {
  const all = [...document.querySelectorAll('.tile[data-large="true"]')];
  return all.map(({ dataset }) => dataset.participant);
}

function largePicture() {
  const { participant, source } = document.querySelector('.tile[data-large="true"]')?.dataset ?? {};
  return `${participant} ${source}`;
}

function notice() {
  return document.querySelector("#led-notice").textContent;
}

function ownCamera() {
  return window.preau.call.local.camera?.id ?? null;
}

async function picturePackets() {
  let packets = 0;
  for (const report of (await window.probe.connections.at(-1).getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "video") packets += report.packetsReceived;
  }
  return packets;
}

/** A screen to share, with the person's own tone as its sound. */
function screens() {
  if (!navigator.mediaDevices) return;
  navigator.mediaDevices.getDisplayMedia = async () => {
    const { probe } = window;
    return new MediaStream([probe.cameraTrack(), probe.microphoneTrack()]);
  };
}
