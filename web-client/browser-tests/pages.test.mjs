// The pages themselves: open to everybody, small, and talking to nobody else.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";

import { AxePuppeteer } from "@axe-core/puppeteer";

import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";

const SCRIPT_BYTES_MAX = 60_000;

onStage("axe finds nothing on home, preview, room and its panels", async (stage) => {
  const server = await stage.server();
  const browser = await stage.browser("chromium");
  const person = await Person.at(browser, 1);
  await person.open(server.url);
  await person.page.waitForSelector("#create-room");
  await isOpenToEverybody(stage, person, "home");

  await person.page.locator("#create-room").click();
  await person.page.waitForSelector("#join");
  await isOpenToEverybody(stage, person, "preview");

  await person.join();
  const other = await Person.at(browser, 2);
  await other.open(person.page.url());
  await other.join();
  await person.sees([other]);
  await isOpenToEverybody(stage, person, "room");

  for (const panel of ["people", "invite", "settings"]) {
    await person.page.locator(`#${panel}`).click();
    await person.page.waitForSelector(`#${panel}-panel`);
    await isOpenToEverybody(stage, person, panel);
    await person.page.keyboard.press("Escape");
    await person.page.waitForSelector(`#${panel}-panel`, { hidden: true });
  }

  await person.leave();
  await isOpenToEverybody(stage, person, "ended");
});

onStage("a phone shows the room without sideways scrolling", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const browser = await stage.browser("chromium");
  const phone = await Person.at(browser, 1, { width: 320, height: 640 });
  const other = await Person.at(browser, 2);
  for (const person of [other, phone]) {
    await person.open(guestLink);
    await person.join();
  }
  await phone.sees([other]);
  const width = await phone.page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 320);
  await isOpenToEverybody(stage, phone, "phone");
  await phone.screenshot("phone");
});

onStage("why there are no pictures is told politely, and can be put aside", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const person = await Person.at(await stage.browser("chromium"), 1);
  await person.open(guestLink);
  await person.join();
  // The server's own word on this good line must not come between.
  await person.page.evaluate(() => {
    const socket = window.probe.sockets.at(-1);
    window.hear = socket.onmessage;
    socket.onmessage = ({ data }) =>
      window.hear({ data: data.replace('"kind":"connection"', '"kind":"ignored"') });
  });
  const say = (pictures) =>
    person.page.evaluate((pictures) => {
      const message = { seq: 0, kind: "connection", bits_per_second: 90_000, pictures };
      window.hear({ data: JSON.stringify(message) });
    }, pictures);
  const shows = async (text) => {
    const look = () => document.querySelector("#sound-alone[role=status]").textContent;
    await person.look(`the notice is "${text}"`, look, (seen) => seen === text);
  };

  const reason = "Your connection is too thin for pictures; sound goes on.";
  await shows("");
  await say("paused");
  await shows(reason);
  await isOpenToEverybody(stage, person, "sound alone");
  await person.screenshot("sound-alone");
  await person.page.locator("#dismiss-sound-alone").click();
  await shows("");
  await say("paused");
  await shows("");
  await say("reduced");
  await say("paused");
  await shows(reason);
  await say("full");
  await shows("");
});

onStage("no request leaves for anybody else, and the scripts are small", async (stage) => {
  const server = await stage.server();
  for (const kind of ["chromium", "firefox"]) {
    const browser = await stage.browser(kind);
    const person = await Person.at(browser, 1);
    const scripts = new Set();
    person.page.on("response", (response) => {
      const type = response.headers()["content-type"] ?? "";
      if (type.includes("javascript")) scripts.add(response.url());
    });
    await person.open(server.url);
    await person.page.locator("#create-room").click();
    await person.join();
    await person.screenshot(`alone-${kind}`);
    await person.leave();

    const elsewhere = person.requests.filter((url) => {
      const { protocol, origin } = new URL(url);
      return !["data:", "blob:", "about:"].includes(protocol) && origin !== server.url;
    });
    assert.deepEqual(elsewhere, []);
    assert.ok(person.requests.length >= 3, "requests are seen");

    assert.ok(scripts.size > 0, "scripts are seen");
    let bytes = 0;
    for (const url of scripts) {
      const text = await (await fetch(url)).arrayBuffer();
      bytes += gzipSync(new Uint8Array(text), { level: 9 }).length;
    }
    stage.note(`${kind}: ${scripts.size} scripts, ${(bytes / 1000).toFixed(1)} kB gzip`);
    assert.ok(bytes <= SCRIPT_BYTES_MAX, `${bytes} bytes of script`);
    await person.close();
  }
});

async function isOpenToEverybody(stage, person, place) {
  // Legacy mode stays in the page; the other one opens a tab of its own.
  const { violations, passes } = await new AxePuppeteer(person.page).setLegacyMode().analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
  assert.deepEqual(found, [], place);
  assert.ok(passes.length > 5, "axe has looked");
  stage.note(`${place}: 0 violations, ${passes.length} rules passed`);
}
