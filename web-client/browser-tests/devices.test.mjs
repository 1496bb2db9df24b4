// Devices in the middle of a call: changed in the settings, pulled out and put in again, and the
// space bar that opens a muted microphone.
import assert from "node:assert/strict";

import { meet } from "./harness/meeting.mjs";
import { onStage } from "./harness/stage.mjs";

/** What the second microphone and camera of a person carry; see `installDevices`. */
const SECOND = 6;

for (const kind of ["chromium", "firefox"]) {
  const promise = "another device is heard and seen, and a headset goes and comes";
  onStage(`${kind}: ${promise}`, async (stage) => {
    const opening = [{ kind, prepare: installDevices }, "chromium"];
    const { people: [person, other] } = await meet(stage, opening);
    await other.hears(person);
    const second = { name: person.name, number: SECOND };

    // Whoever is muted or not seen stays so with another device.
    for (const tool of ["#microphone", "#camera"]) await press(person, tool);
    await person.look("nothing on", isOn, (on) => on === "false false");
    await chooses(person, { microphone: "microphone-2", camera: "camera-2" });
    await person.look(
      "the headset is open, and muted",
      () => {
        const { microphone, microphoneOn, camera } = window.preau.call.local;
        return [microphone?.getSettings().deviceId, microphoneOn, camera].join();
      },
      (seen) => seen === "microphone-2,false,",
    );
    for (const tool of ["#microphone", "#camera"]) await press(person, tool);
    await other.sees([second]);
    await other.hears(second);
    await chooses(person, { camera: "camera-1" });
    await other.sees([person]);
    assert.deepEqual((await person.call()).errors, []);
    // From a Firefox without a sound card nothing is heard of a track that takes over from an ended
    // one, and it is not known why: the rest is told in Chromium alone.
    if (kind === "firefox") return;

    await person.page.evaluate(() => window.devices.unplug("microphone-2"));
    await other.hears(person);
    await person.look("by what one is heard", told, (text) => text.includes("Built-in microphone"));
    await person.page.evaluate(() => window.devices.plugIn("microphone-2"));
    await other.hears(second);
    await person.look("by what one is heard", told, (text) => text.includes("Headset microphone"));
    assert.deepEqual((await person.call()).errors, []);

    await holdsSpace(person, other, second);
  });
}

/** Muted, one is told so while one speaks, and heard as long as the space bar is held. */
async function holdsSpace(person, other, second) {
  const { keyboard } = person.page;
  await press(person, "#microphone");
  await other.hearsNobody();
  await person.look(
    "that one is muted",
    () => document.querySelector("#muted-hint").textContent,
    (text) => text.startsWith("Your microphone is off"),
  );
  // In a field the space bar writes a space.
  await press(person, "#chat");
  await person.page.waitForSelector("#chat-text");
  await person.page.type("#chat-text", "a b");
  assert.equal(await person.page.$eval("#chat-text", ({ value }) => value), "a b");
  assert.equal(await person.page.evaluate(isOn), "false true");
  await keyboard.press("Escape");

  // After a press of a pointer the space bar is not the button's.
  await press(person, "#microphone");
  await press(person, "#microphone");
  await person.look("muted", isOn, (on) => on === "false true");
  await keyboard.down("Space");
  await person.page.waitForSelector("#push-to-talk");
  await other.hears(second);
  await keyboard.up("Space");
  await person.look("muted again", isOn, (on) => on === "false true");
  await person.page.waitForSelector("#push-to-talk", { hidden: true });
  await other.hearsNobody();
}

async function chooses(person, devices) {
  await press(person, "#more");
  await press(person, "#settings");
  for (const [kind, id] of Object.entries(devices)) {
    await person.page.waitForSelector(`#${kind}-choice option[value="${id}"]`);
    await person.page.select(`#${kind}-choice`, id);
  }
  await person.page.keyboard.press("Escape");
  await person.page.waitForSelector("#settings-panel", { hidden: true });
}

/** Firefox draws nothing in a window behind another, and a press waits for what is drawn. */
async function press(person, selector) {
  await person.page.bringToFront();
  await person.page.locator(selector).click();
}

// These run in the page.

function isOn() {
  const on = (id) => document.querySelector(id).ariaPressed;
  return `${on("#microphone")} ${on("#camera")}`;
}

function told() {
  return document.querySelector("#status").textContent;
}

/**
 * Two microphones and two cameras: the first of each carry the person's number, the second ones
 * another. Goes in behind `install`.
 */
function installDevices() {
  const SECOND = 6;
  if (!navigator.mediaDevices) return;
  const { probe } = window;
  const plugged = [
    ["audioinput", "microphone-1", "Built-in microphone"],
    ["audioinput", "microphone-2", "Headset microphone"],
    ["videoinput", "camera-1", "Built-in camera"],
    ["videoinput", "camera-2", "Camera on a cable"],
  ].map(([kind, deviceId, label]) => ({ kind, deviceId, label, groupId: "" }));
  let there = plugged;
  const open = new Map();
  const change = () => navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  window.devices = {
    /** Its tracks end, as the browser ends them. */
    unplug(id) {
      there = there.filter(({ deviceId }) => deviceId !== id);
      for (const track of open.get(id) ?? []) {
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
      change();
    },
    plugIn(id) {
      there = plugged.filter((device) => device.deviceId === id || there.includes(device));
      change();
    },
  };
  navigator.mediaDevices.enumerateDevices = async () => there;
  const take = (kind, { deviceId = {} }, make) => {
    const wanted = deviceId.exact ?? deviceId.ideal;
    const all = there.filter((device) => device.kind === kind);
    const device = all.find((one) => one.deviceId === wanted);
    if (device === undefined && deviceId.exact) throw new DOMException("", "OverconstrainedError");
    const { deviceId: id, label } = device ?? all[0];
    const track = make(id.endsWith("-2") ? SECOND : undefined);
    const { width, height } = track.getSettings();
    track.getSettings = () => ({ width, height, deviceId: id });
    Object.defineProperty(track, "label", { value: label });
    open.set(id, [...(open.get(id) ?? []), track]);
    return track;
  };
  navigator.mediaDevices.getUserMedia = async ({ audio, video }) =>
    new MediaStream([
      ...(audio ? [take("audioinput", audio, probe.microphoneTrack)] : []),
      ...(video ? [take("videoinput", video, probe.cameraTrack)] : []),
    ]);
}
