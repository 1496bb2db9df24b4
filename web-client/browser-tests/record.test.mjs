// Recording one's own view: everybody knows, the file can be played, and a rule ends it.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { meet } from "./harness/meeting.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep, until } from "./harness/until.mjs";

/** What is recorded at least. */
const RECORDED_MS = 3_000;

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: a recording is announced, can be played, and ends by a rule`, async (stage) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "preau-recording-"));
    stage.onEnd(() => rm(folder, { recursive: true, force: true }));
    const preferences = { "browser.download.dir": folder, "browser.download.folderList": 2 };
    const { people: [person, host] } = await meet(stage, [
      { kind, browser: { preferences }, prepare: ownPictureAsScreen },
      { as: "host" },
    ]);
    await person.hears(host);
    if (kind === "chromium") await downloadsTo(person, folder);

    await startRecording(person);
    await everybodyKnows(person, host);
    await sleep(RECORDED_MS);
    await press(person, "#more");
    await press(person, "#record");
    await host.look("nobody records", recordedBy, (text) => text === "");
    const { name, bytes } = await fileIn(folder);
    const seen = await play(person.page.browser(), bytes);
    stage.note(`${name}: ${bytes.length} bytes, ${JSON.stringify(seen)}`);
    assert.ok(seen.duration >= RECORDED_MS / 1_000 && seen.duration < 30, "it says its length");
    const { number } = person;
    assert.deepEqual(seen.pictures, [number, number], "at the end, and back at the beginning");
    assert.deepEqual(seen.tones, [person.number, host.number], "everybody's sound and one's own");
    assert.ok(Math.abs(seen.soundS - seen.duration) < 1.5, "sound all along");

    // What a rule forbids in the middle ends, and what there is of it is kept.
    await startRecording(person);
    await everybodyKnows(person, host);
    await press(host, "#more");
    await press(host, "#host-tools");
    await press(host, "#rule-recording");
    await host.look("nobody records", recordedBy, (text) => text === "");
    await person.look(
      "nothing is captured any more",
      () => window.screens.map(({ readyState }) => readyState).join(),
      (states) => states === "ended,ended",
    );
    assert.ok((await fileIn(folder)).bytes.length > 1_000);
    await startRecording(person);
    await person.look(
      "why it cannot be recorded",
      () => document.querySelector("#record-trouble").textContent,
      (text) => text.startsWith("The rules of this room"),
    );
    assert.equal(await host.page.evaluate(recordedBy), "");
    assert.deepEqual((await person.call()).errors, []);
  });
}

async function everybodyKnows(person, host) {
  await host.look("who records", recordedBy, (text) => text === `Recording: ${person.name}`);
  await person.look("that one records", recordedBy, (text) => text === "Recording: you");
}

async function startRecording(person) {
  await press(person, "#more");
  await press(person, "#record");
  await press(person, "#start-recording");
}

/** Firefox draws nothing in a window behind another, and a press waits for what is drawn. */
async function press({ page }, selector) {
  await page.bringToFront();
  await page.locator(selector).click();
}

async function downloadsTo(person, folder) {
  const session = await person.page.browser().target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: folder,
    browserContextId: person.page.browserContext().id,
  });
}

/** Waits for a recording, and takes it out of the folder. */
async function fileIn(folder) {
  const { seen } = await until(
    "a file",
    () => readdir(folder),
    (names) => names.length === 1 && /\.(webm|mp4)$/.test(names[0]),
  );
  const file = path.join(folder, seen[0]);
  const bytes = await readFile(file);
  await rm(file);
  return { name: seen[0], bytes };
}

/** Plays a recording to its end and jumps back, in a page of its own. */
async function play(browser, bytes) {
  const player = await Person.at(browser, 15);
  await player.open("about:blank");
  const seen = await player.page.evaluate(watch, bytes.toString("base64"));
  await player.close();
  return seen;
}

// These run in the page.

function recordedBy() {
  return document.querySelector("#recording").textContent.trim();
}

/** No browser of these tests has a screen. What it records is downloaded at the end. */
function ownPictureAsScreen() {
  delete window.showSaveFilePicker;
  if (!navigator.mediaDevices) return;
  window.screens = [];
  navigator.mediaDevices.getDisplayMedia = async () => {
    const track = window.probe.cameraTrack();
    window.screens.push(track);
    return new MediaStream([track]);
  };
}

/** What a recording shows at its end and again near its beginning, and lets hear. */
async function watch(base64) {
  const { probe } = window;
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([bytes]));
  document.body.append(video);
  const happens = (name) =>
    new Promise((happened, failed) => {
      video.addEventListener(name, happened, { once: true });
      video.onerror = () => failed(new Error(video.error.message));
    });
  await happens("loadeddata");
  const { duration } = video;
  video.playbackRate = 4;
  const ended = happens("ended");
  await video.play();
  await ended;
  const pictures = [probe.decodePicture(video)];
  const back = happens("seeked");
  video.currentTime = 0.5;
  await back;
  pictures.push(probe.decodePicture(video));

  const sound = await new AudioContext({ sampleRate: 48_000 }).decodeAudioData(bytes.buffer);
  const samples = sound.getChannelData(0).subarray(sound.length / 2, sound.length / 2 + 24_000);
  // One term of Fourier's sum: how much of one frequency there is.
  const loudness = (hz) => {
    let [re, im] = [0, 0];
    samples.forEach((sample, index) => {
      re += sample * Math.cos((2 * Math.PI * hz * index) / 48_000);
      im += sample * Math.sin((2 * Math.PI * hz * index) / 48_000);
    });
    return Math.hypot(re, im) / samples.length;
  };
  const numbers = Array.from({ length: 15 }, (_, index) => index + 1);
  const tones = numbers.filter((number) => loudness(500 + 200 * number) > 0.02);
  return { duration, pictures, tones, soundS: sound.duration };
}
