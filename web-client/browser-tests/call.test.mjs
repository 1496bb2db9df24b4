// People see and hear each other: whose picture and whose tone it is, is decoded on every page.
import assert from "node:assert/strict";

import { meet } from "./harness/meeting.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep, until } from "./harness/until.mjs";

onStage("a room made on the home page brings two people together", async (stage) => {
  const server = await stage.server();
  const chromium = await stage.browser("chromium");
  const host = await Person.at(chromium, 1);
  await host.open(server.url);
  await host.page.locator("#create-room").click();
  stage.note(`host: media ${await host.join()} ms after pressing join`);

  // After joining, the address bar holds the guest link, which is what people pass on.
  const guestLink = host.page.url();
  assert.match(guestLink, new RegExp(`^${server.url}/[a-z0-9-]+#[\\w-]{20,}$`));
  const guest = await Person.at(chromium, 2);
  await guest.open(guestLink);
  stage.note(`guest: media ${await guest.join()} ms after pressing join`);
  assert.equal(guest.page.url(), guestLink);

  stage.note(`host sees guest after ${await host.sees([guest])} ms more`);
  stage.note(`guest sees host after ${await guest.sees([host])} ms more`);
  stage.note(`host hears guest after ${await host.hears(guest)} ms more`);
  stage.note(`guest hears host after ${await guest.hears(host)} ms more`);
  assert.equal(await roleOf(host), "host");
  assert.equal(await roleOf(guest), "guest");

  await host.screenshot("two");
  await guest.leave();
  await host.sees([]);
});

onStage("only a host can hand on the host link, and only by asking for it", async (stage) => {
  const { guestLink, hostLink, people } = await meet(stage, [{ as: "host" }, "chromium"]);
  const [host, guest] = people;
  assert.equal(host.page.url(), guestLink, "the address bar does not show the host's secret");
  assert.deepEqual(await linksOffered(guest), [guestLink]);
  const [, offered] = await linksOffered(host);
  assert.equal(offered, hostLink);
  const second = await Person.at(await stage.browser("chromium"), 3);
  await second.open(offered);
  await second.join();
  assert.deepEqual(await Promise.all([host, guest, second].map(roleOf)), ["host", "guest", "host"]);
});

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: keys M and V turn sound and picture off and on`, async (stage) => {
    const { people: [one, other] } = await meet(stage, [kind, "chromium"]);
    await other.hears(one);

    await one.page.keyboard.press("m");
    await other.hearsNobody();
    await one.page.keyboard.press("v");
    const { ms: goneMs } = await other.look(
      "no picture, and no frozen one",
      () => document.querySelectorAll('.tile[data-self="false"] video').length,
      (videos) => videos === 0,
    );

    await one.page.keyboard.press("m");
    const heardMs = await other.hears(one);
    await one.page.keyboard.press("v");
    const seenMs = await other.sees([one]);
    stage.note(`picture gone after ${goneMs} ms; heard again ${heardMs} ms, seen ${seenMs} ms`);
  });
}

onStage("three Chromium and one Firefox all see and hear each other", async (stage) => {
  const firefox = { kind: "firefox", number: 6 };
  const { people } = await meet(stage, [{ number: 3 }, firefox, { number: 9 }, { number: 12 }]);
  const othersOf = (person) => people.filter((other) => other !== person);
  await people[0].screenshot("four");

  // There are three voice slots for four people, so they speak in turn.
  for (const person of people) await person.setTone(false);
  for (const speaker of people) {
    await speaker.setTone(true);
    const waits = [];
    for (const listener of othersOf(speaker)) waits.push(await listener.hears(speaker));
    stage.note(`${speaker.name} is heard by the others after ${waits.join(", ")} ms`);
    const [listener] = othersOf(speaker);
    const floor = await listener.look(
      `the ring around ${speaker.name}`,
      () => document.querySelector(".tile.floor .tile-name-text")?.textContent ?? null,
      (name) => name === speaker.name,
    );
    stage.note(`${speaker.name} has the floor ${floor.ms} ms later`);
    await speaker.setTone(false);
    for (const listener of othersOf(speaker)) await listener.hearsNobody();
  }
  for (const person of people) assert.deepEqual((await person.call()).errors, []);
});

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: who looks away gets sound and no picture`, async (stage) => {
    const { people: [one, other] } = await meet(stage, [kind, "chromium"]);
    await lookAway(one, true);
    await until("no picture comes", () => received(one, 1_000), ({ video }) => video === 0);
    assert.ok((await received(one, 1_000)).audio > 0, "sound goes on");
    await lookAway(one, false);
    stage.note(`the picture is back after ${await one.sees([other])} ms`);
  });
}

/** A headless page is always in sight, so it is told otherwise. */
async function lookAway(person, away) {
  await person.page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, away ? "hidden" : "visible");
}

/** Packets of each kind that come within `ms`. */
async function received(person, ms) {
  const count = () => person.page.evaluate(async () => {
    const packets = { audio: 0, video: 0 };
    for (const connection of window.probe.connections) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === "inbound-rtp") packets[report.kind] += report.packetsReceived;
      }
    }
    return packets;
  });
  const before = await count();
  await sleep(ms);
  const after = await count();
  return { audio: after.audio - before.audio, video: after.video - before.video };
}

async function roleOf(person) {
  return person.page.evaluate(() => window.preau.call.role);
}

/** The links in the panel "Invite". */
async function linksOffered(person) {
  await person.page.locator("#invite").click();
  await person.page.waitForSelector("#invite-panel");
  const links = await person.page.$$eval("#invite-panel input", (fields) =>
    fields.map(({ value }) => value),
  );
  await person.page.keyboard.press("Escape");
  return links;
}
