// The pages themselves: what they tell of the network, small, and talking to nobody else.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";

import { isOpenToEverybody } from "./harness/axe.mjs";
import { meet } from "./harness/meeting.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";

/** Of the page that a room's link opens, in bytes gzipped. */
const SCRIPT_BYTES_MAX = 60_000;
/** With what is loaded while one joins, stays and leaves. */
const CALL_BYTES_MAX = 64_000;

onStage("why there are no pictures is told politely, and can be put aside", async (stage) => {
  const { people: [person] } = await meet(stage, ["chromium"]);
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

/** What a person on a network that blocks UDP reads, on a screen of their own. */
const DETOURS = [
  {
    language: "en",
    width: 1024,
    reason: "Your network blocks UDP: the call goes by TCP\u00a0443.",
    again: "UDP gets through again: the call uses it.",
  },
  {
    language: "fr",
    width: 320,
    reason: "Votre réseau bloque l’UDP\u00a0: la réunion passe par TCP\u00a0443.",
    again: "L’UDP passe de nouveau\u00a0: la réunion l’utilise.",
  },
];

for (const { language, width, reason, again } of DETOURS) {
  const promise = "a network that blocks UDP is named, explained and forgotten";
  onStage(`${language}: ${promise}`, async (stage) => {
    const reader = { browser: { language }, width, height: 640 };
    const { people: [person] } = await meet(stage, [reader]);
    // Media go by UDP here; what the page reads of it is changed on the way.
    await person.page.evaluate(() => {
      const { getStats } = RTCPeerConnection.prototype;
      RTCPeerConnection.prototype.getStats = async function (...given) {
        const report = new Map(await getStats.apply(this, given));
        for (const [id, entry] of report) {
          const port = entry.type === "remote-candidate" ? { port: 443 } : {};
          report.set(id, { ...entry, ...port, protocol: window.transport ?? entry.protocol });
        }
        return report;
      };
    });
    const use = (transport) =>
      person.page.evaluate((transport) => (window.transport = transport), transport);
    const shows = async (id, text) => {
      const look = () =>
        [...document.querySelectorAll("[role=status]")].map(({ id, textContent }) => [
          id,
          textContent,
        ]);
      const isShown = (seen) => seen.some(([place, said]) => place === id && said === text);
      await person.look(`${id} is "${text}"`, look, isShown);
    };

    await shows("detour", "");
    await use("tcp");
    await shows("detour", reason);
    await isOpenToEverybody(stage, person, "detour");
    await person.screenshot(`detour-${language}`);
    await person.page.locator("#detour-details summary").click();
    await isOpenToEverybody(stage, person, "detour explained");
    const scrolled = await person.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(scrolled, width, "no sideways scrolling");
    await person.screenshot(`detour-details-${language}`);
    await use("udp");
    await shows("status", again);
    await shows("detour", "");
    await use("tcp");
    await shows("detour", reason);
    await person.page.locator("#dismiss-detour").click();
    await shows("detour", "");
  });
}

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
    const { guestLink } = await server.createRoom();
    await person.open(guestLink);
    await person.page.waitForSelector(".speaker-test");
    const atOnce = await weigh(scripts);
    await person.join();
    await person.screenshot(`alone-${kind}`);
    await person.leave();
    const inAll = await weigh(scripts);

    const elsewhere = person.requests.filter((url) => {
      const { protocol, origin } = new URL(url);
      return !["data:", "blob:", "about:"].includes(protocol) && origin !== server.url;
    });
    assert.deepEqual(elsewhere, []);
    assert.ok(person.requests.length >= 3, "requests are seen");

    assert.ok(atOnce > 0, "scripts are seen");
    const kilobytes = [atOnce, inAll].map((bytes) => (bytes / 1000).toFixed(1));
    stage.note(`${kind}: the page ${kilobytes[0]} kB of script, a whole call ${kilobytes[1]} kB`);
    assert.ok(atOnce <= SCRIPT_BYTES_MAX, `${atOnce} bytes of script`);
    assert.ok(inAll <= CALL_BYTES_MAX, `${inAll} bytes of script in a whole call`);
    await person.close();
  }
});

/** The bytes of scripts, gzipped. */
async function weigh(scripts) {
  let bytes = 0;
  for (const url of scripts) {
    const text = await (await fetch(url)).arrayBuffer();
    bytes += gzipSync(new Uint8Array(text), { level: 9 }).length;
  }
  return bytes;
}
