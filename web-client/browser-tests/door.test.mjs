// Before the room, and in it on devices that come and go: codes, the lobby, sharing, the test of
// the connection, blocked sound, browsers that lack something.
import assert from "node:assert/strict";

import { meet } from "./harness/meeting.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: a cut link asks for the code, and its bearer is let in`, async (stage) => {
    const { hostLink, people: [host] } = await meet(stage, [{ as: "host" }]);
    const browser = await stage.browser(kind);
    await host.page.locator("#invite").click();
    await host.page.waitForSelector("#room-code");
    const code = await host.page.$eval("#room-code", ({ textContent }) => textContent);
    assert.match(code, /^\d{3}\u00a0\d{3}$/);
    await host.page.keyboard.press("Escape");

    const guest = await Person.at(browser, 2);
    const says = (selector) => guest.page.$eval(selector, ({ textContent }) => textContent);
    const tryCode = async (typed) => {
      await guest.page.locator("#room-code-typed").fill(typed);
      await guest.page.locator("#try-code").click();
    };
    await guest.open(hostLink.split("#")[0]);
    await tryCode("12 34");
    assert.equal(await says("#code-trouble"), "A code has six digits, such as 042 917.");
    const wrong = code.startsWith("0") ? "100-000" : "000-000";
    await tryCode(wrong);
    await guest.page.locator("#name").fill(guest.name);
    await guest.page.locator("#join").click();
    await guest.page.waitForSelector("#code-trouble:not(:empty)");
    assert.match(await says("#code-trouble"), /^This code does not open the room/);

    await tryCode(code);
    await guest.page.waitForSelector(".preview video");
    await guest.page.locator("#join").click();
    await guest.page.waitForSelector('#waiting[data-host="here"]');
    const titled = (title) => /^Waiting · Room /.test(title);
    await guest.look("a title that says so", () => document.title, titled);
    await guest.screenshot("waiting");
    // What one changes while waiting is so in the room.
    await guest.page.locator("#preview-camera").click();
    await guest.page.locator("#preview-microphone").click();
    await host.page.evaluate(() => window.preau.call.moderate({ action: "admit", whom: "all" }));
    await guest.isConnected();
    const here = await guest.page.evaluate(() => {
      const { camera, microphoneOn } = window.preau.call.local;
      return { camera, microphoneOn, title: document.title };
    });
    assert.deepEqual({ ...here, title: "" }, { camera: null, microphoneOn: false, title: "" });
    assert.doesNotMatch(here.title, /Waiting/);
    await host.look(
      "the guest with microphone and camera off",
      () => window.preau.call.participants.map(({ role, sources }) => [role, sources.length]),
      (people) => people.some(([role, sources]) => role === "guest" && sources === 0),
    );
    await guest.leave();
    // With sound only, nobody's picture comes, nor does one's own go.
    await guest.page.locator("#join-again").click();
    await guest.page.locator("#join-sound").click();
    await guest.page.waitForSelector("#waiting");
    await host.page.evaluate(() => window.preau.call.moderate({ action: "admit", whom: "all" }));
    await guest.isConnected();
    assert.equal(await guest.page.evaluate(() => window.preau.call.local.camera), null);
    assert.equal(await guest.page.$(".tile video"), null);
    await guest.leave();

    const other = await Person.at(browser, 3);
    await other.open(hostLink.split("#")[0]);
    await other.page.locator("#room-code-typed").fill(code);
    await other.page.locator("#try-code").click();
    await other.page.locator("#name").fill(other.name);
    await other.page.locator("#join").click();
    await other.page.waitForSelector("#waiting");
    await host.page.evaluate(() => window.preau.call.moderate({ action: "deny", whom: "all" }));
    await other.page.waitForSelector("#ended");
    const title = await other.page.$eval("#ended h1", ({ textContent }) => textContent);
    assert.equal(title, "The host did not let you in");
  });
}

onStage("a host shares the room by link, QR code, mail and calendar", async (stage) => {
  const server = await stage.server();
  const person = await Person.at(await stage.browser("chromium"), 1);
  await person.open(server.url);
  await person.page.evaluate(() => {
    const { createObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      blob.text().then((text) => (window.saved = text));
      return createObjectURL.call(URL, blob);
    };
    HTMLAnchorElement.prototype.click = function () {
      window.savedAs = this.download;
    };
  });
  await person.page.locator("#room-name").fill("Classe de 5e");
  await person.page.locator("#create-room").click();
  await person.page.locator("#invite-before").click();
  await person.page.waitForSelector("#guest-link");
  const link = await person.page.$eval("#guest-link", ({ value }) => value);
  assert.equal(link, person.page.url());
  const mail = new URL(await person.page.$eval("#mail-link", ({ href }) => href));
  assert.equal(mail.protocol, "mailto:");
  assert.ok(mail.searchParams.get("body").includes(link), "the mail has the link");

  await person.page.locator("#show-qr summary").click();
  await person.page.waitForSelector("#qr-code path");
  await person.page.locator("#show-calendar summary").click();
  await person.page.waitForSelector("#calendar-form");
  await person.page.evaluate(() => {
    const { date, time, minutes } = document.querySelector("#calendar-form").elements;
    [date.value, time.value, minutes.value] = ["2026-12-03", "14:30", "90"];
  });
  await person.page.locator("#save-calendar").click();
  const { seen } = await until("the file", () => person.page.evaluate(() => window.saved), Boolean);
  const start = new Date("2026-12-03T14:30").toISOString().replace(/[-:]|\.\d+/g, "");
  const unfolded = seen.replaceAll("\r\n ", "");
  assert.match(unfolded, /^BEGIN:VCALENDAR\r\n/);
  assert.ok(unfolded.includes(`\r\nDTSTART:${start}\r\n`), unfolded);
  assert.ok(unfolded.includes(`\r\nURL:${link}\r\n`), unfolded);
  assert.equal(await person.page.evaluate(() => window.savedAs), "classe-de-5e.ics");

  // The room is on the home page, marked, until it is forgotten there.
  await person.open(server.url);
  await person.page.waitForSelector('[data-room="classe-de-5e"] .badge');
  await person.page.locator("#forget-all").click();
  await person.page.locator("#forget-yes").click();
  await person.page.waitForSelector("#recent-rooms", { hidden: true });
  const kept = await person.page.evaluate(() => Object.keys(localStorage));
  assert.deepEqual(kept.filter((key) => key.startsWith("preau.")), []);
});

onStage("the test of the connection tells what this network lets through", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const person = await Person.at(await stage.browser("chromium"), 1);
  await person.open(guestLink);
  await person.page.locator("#more-settings summary").click();
  await person.page.locator("#check-network").click();
  const finds = async (finding) => {
    await person.page.waitForSelector(`#network-result[data-finding="${finding}"]`);
    return person.page.$eval("#network-result", ({ textContent }) => textContent);
  };
  assert.match(await finds("udp"), /^Everything passes/);
  await person.page.evaluate(() => (window.RealSocket = WebSocket));
  const again = async (break_) => {
    await person.page.evaluate(break_);
    await person.page.locator("#check-again").click();
  };
  // Media go by UDP here; what the page reads of it is changed on the way.
  await again(() => {
    const { getStats } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.getStats = async function (...given) {
      const entries = [...(await getStats.apply(this, given))];
      return new Map(entries.map(([id, entry]) => [id, { ...entry, protocol: "tcp" }]));
    };
  });
  assert.match(await finds("tcp"), /^Your network blocks UDP/);
  await again(() => {
    window.WebSocket = class extends EventTarget {
      constructor() {
        super();
        setTimeout(() => this.onclose?.(new CloseEvent("close")));
      }
      close() {}
    };
  });
  assert.match(await finds("no_socket"), /WebSocket/);
  await again(() => (window.fetch = () => Promise.reject(new TypeError("offline"))));
  assert.match(await finds("unreachable"), /cannot be reached/);
});

/** What some browser does not have, Safari above all; a call works without each. */
const ABSENCES = {
  "what Safari lacks": () => {
    const absent = [
      [HTMLMediaElement.prototype, "setSinkId"],
      [Navigator.prototype, "wakeLock"],
      [Navigator.prototype, "connection"],
      [Navigator.prototype, "clipboard"],
      [MediaStreamTrack.prototype, "getCapabilities"],
      [HTMLVideoElement.prototype, "requestVideoFrameCallback"],
      [window, "documentPictureInPicture"],
      [window, "RTCRtpScriptTransform"],
    ];
    for (const [owner, name] of absent) {
      if (!(name in owner)) window.probe.errors.push(`${name} was not there anyway`);
      delete owner[name];
    }
  },
  CompressionStream: () => delete window.CompressionStream,
  storage: () => {
    for (const area of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, area, {
        get() {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    }
  },
  devices: () => Object.defineProperty(navigator, "mediaDevices", { value: undefined }),
};

onStage("a call works without what some browsers lack", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const browser = await stage.browser("chromium");
  for (const [name, remove] of Object.entries(ABSENCES)) {
    const person = await Person.at(browser, 1);
    await person.page.evaluateOnNewDocument(remove);
    await person.open(guestLink);
    await person.page.locator("#name").fill("Awa");
    await person.page.locator("#join").click();
    stage.note(`without ${name}: in the room after ${await person.isConnected()} ms`);
    const { errors } = await person.call();
    assert.deepEqual(errors, [], `without ${name}`);
    await person.close();
  }
});

/** What nothing works without. */
const TOO_OLD = {
  WebRTC: () => delete window.RTCPeerConnection,
  "Intl.DisplayNames": () => delete Intl.DisplayNames,
  "Object.hasOwn": () => delete Object.hasOwn,
};

onStage("an older browser gets a plain page that names what works", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const browser = await stage.browser("chromium");
  for (const [name, remove] of Object.entries(TOO_OLD)) {
    const page = await (await browser.createBrowserContext()).newPage();
    await page.evaluateOnNewDocument(remove);
    await page.goto(guestLink);
    const text = await page.evaluate(() => document.body.innerText);
    for (const words of ["Safari à partir de la version 16.4", "Safari from version 16.4", name]) {
      assert.ok(text.includes(words), `${name}: ${text}`);
    }
    const address = await page.$eval("#old-browser-address", ({ value }) => value);
    assert.equal(address, guestLink);
    await page.setViewport({ width: 320, height: 640 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    assert.equal(await page.$("#name"), null, "nothing that would not work");
    await page.close();
  }
  const manifest = await fetch(`${server.url}/manifest.webmanifest`);
  assert.equal(manifest.headers.get("content-type"), "application/manifest+json");
  for (const { src, type } of (await manifest.json()).icons) {
    const icon = await fetch(server.url + src);
    assert.deepEqual([icon.status, icon.headers.get("content-type")], [200, type], src);
  }
});

/** Browsers that play no sound before somebody has touched the page. */
const SILENT = [
  ["chromium", { args: ["--autoplay-policy=user-gesture-required"] }],
  ["firefox", { preferences: { "media.autoplay.default": 1 } }],
];

for (const [kind, options] of SILENT) {
  onStage(`${kind}: sound that the browser refuses is one press away`, async (stage) => {
    const silent = { kind, browser: options };
    const { people: [person, other] } = await meet(stage, [silent, "chromium"]);
    // Firefox draws, and so presses buttons, in the tab that is in front.
    await person.page.bringToFront();
    await person.page.locator("#microphone").click();
    await person.look(
      "muted",
      () => window.preau.call.local.microphoneOn,
      (on) => !on,
    );
    await other.sees([person]);
    // Whatever a test asks of a page counts as a touch: that it is back is seen by the other alone.
    const ids = () => window.preau.call.participants.map(({ id }) => id).join();
    const before = await other.page.evaluate(ids);
    await person.page.reload();
    await other.look("somebody else", ids, (now) => now !== before && now.includes(","));
    await other.sees([person]);
    assert.equal(await person.page.evaluate(() => window.preau.call.local.microphoneOn), false);
    await person.page.waitForSelector("#sound-on");
    const paused = () =>
      [...document.querySelectorAll("audio[data-slot]")].filter(({ paused }) => paused).length;
    assert.ok((await person.page.evaluate(paused)) > 0, "the browser does refuse");
    await person.screenshot(`sound-refused-${kind}`);
    await person.page.locator("#sound-on").click();
    await person.page.waitForSelector("#sound-on", { hidden: true });
    await person.look("all voices play", paused, (count) => count === 0);
  });
}

onStage("devices that go and come leave one in the call", async (stage) => {
  const prepare = () => {
    window.locks = 0;
    navigator.wakeLock.request = async () => {
      window.locks += 1;
      return { release: async () => undefined };
    };
  };
  const { people: [person, other] } = await meet(stage, [{ prepare }, "chromium"]);
  await other.hears(person);

  const loses = (kind) =>
    person.page.evaluate((kind) => {
      const track = window.preau.call.local[kind];
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }, kind);
  const shows = (hidden) =>
    person.page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);

  await loses("microphone");
  await person.look(
    "another microphone",
    () => window.preau.call.local.microphone?.readyState,
    (state) => state === "live",
  );
  await other.hears(person);

  await shows(true);
  await loses("camera");
  await person.look(
    "no camera",
    () => window.preau.call.local.camera,
    (camera) => camera === null,
  );
  await shows(false);
  await other.sees([person]);
  assert.equal(await person.page.evaluate(() => window.locks), 2, "awake again");

  // A telephone call stops what plays.
  await person.page.evaluate(() =>
    document.querySelectorAll("audio[data-slot]").forEach((audio) => audio.pause()),
  );
  await person.look(
    "all voices play again",
    () => [...document.querySelectorAll("audio[data-slot]")].every(({ paused }) => !paused),
    (playing) => playing,
  );
});
