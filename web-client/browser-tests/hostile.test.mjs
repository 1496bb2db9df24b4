// A whole call among people who mean harm: nothing of theirs runs, and one host is spoken to.
import assert from "node:assert/strict";
import os from "node:os";

import { Embedder } from "./harness/embedder.mjs";
import { NAMES, NO_NAMES, TEXTS } from "./harness/hostile.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

for (const kind of ["chromium", "firefox"]) {
  const promise = "of 200 hostile names and texts nothing runs, and one host is named";
  onStage(`${kind}: ${promise}`, async (stage) => {
    const server = await stage.server();
    const { guestLink } = await server.createRoom();
    const browser = await stage.browser(kind);
    const person = await Person.at(browser, 1);
    const dialogs = [];
    person.page.on("dialog", (dialog) => dialogs.push(dialog.message()));
    const popups = [];
    person.page.on("popup", (popup) => popups.push(popup.url()));
    await person.page.evaluateOnNewDocument(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    await person.open(guestLink);
    await person.join();
    await person.page.locator("#chat").click();
    await person.page.waitForSelector("#chat-panel");

    const crowd = await Embedder.join(browser, guestLink, "Mallory");
    await crowd.page.evaluate(bringCrowd, NAMES, TEXTS, guestLink);
    assert.deepEqual(
      await crowd.page.evaluate((names) => Promise.all(names.map(window.tryName)), NO_NAMES),
      NO_NAMES.map(() => "bad_name"),
    );
    const tidy = (text) => text.replace(/\s+/g, " ").trim();
    const { seen } = await until(
      "every text in the chat",
      () =>
        person.page.$$eval(".chat-line", (lines) =>
          lines.map((line) => [
            line.querySelector(".chat-author").textContent,
            line.querySelector(".chat-text").textContent,
          ]),
        ),
      (lines) => lines.length >= TEXTS.length,
      40_000,
    );
    const shown = new Map(seen.map(([author, text]) => [author, tidy(text)]));
    for (const [index, name] of NAMES.entries()) {
      assert.equal(shown.get(name), tidy(TEXTS[index]), `what ${name} wrote`);
    }
    assert.deepEqual(await person.page.evaluate(findHarm), NO_HARM, "beside the chat");

    // Firefox draws no page behind another one, and nothing that is not drawn can be clicked.
    await person.page.bringToFront();
    await person.page.locator("#people").click();
    await person.page.waitForSelector("#people-panel");
    const people = () => person.page.$$eval("[data-person]", (rows) => rows.length);
    await until("everybody in the list", people, (count) => count === NAMES.length + 2);

    assert.deepEqual(await person.page.evaluate(findHarm), NO_HARM, "beside the people");
    const { addresses, sockets, relays } = await person.page.evaluate(findWays);
    assert.deepEqual([dialogs, popups], [[], []]);
    await person.isConnected();
    await person.screenshot(`hostile-${kind}`);
    await person.leave();

    // What a HAR of this call names: pages, sockets, relays, and where media went.
    const { host } = new URL(server.url);
    const asked = [...person.requests, ...sockets, ...relays].filter(
      (url) => !/^(data|blob|about):/.test(url),
    );
    assert.deepEqual([...new Set(asked.map((url) => new URL(url).host))], [host]);
    const own = Object.values(os.networkInterfaces()).flat().map(({ address }) => address);
    assert.ok(addresses.length > 0, "media went somewhere");
    assert.deepEqual(addresses.filter((address) => !own.includes(address)), []);
    stage.note(`${kind}: ${asked.length} requests and sockets, all to ${host}`);
  });
}

/** What `findHarm` says of a page of 1024 by 640 that nobody has harmed. */
const NO_HARM = {
  ran: null,
  violations: [],
  errors: [],
  strange: 0,
  protocols: [],
  size: [1024, 640],
};

/** Runs in the page: what hostile words have brought about. */
function findHarm() {
  const { scrollWidth, scrollHeight } = document.documentElement;
  const links = [...document.querySelectorAll("#app a")].map(({ protocol }) => protocol);
  return {
    ran: window.ran ?? null,
    violations: window.violations,
    errors: window.probe.errors,
    strange: document.querySelectorAll("#app :is(script, iframe, style, base, link, math)").length,
    protocols: [...new Set(links)].filter((name) => name !== "http:" && name !== "https:"),
    size: [scrollWidth, scrollHeight],
  };
}

/** Runs in the page: whom it speaks with. */
async function findWays() {
  const { connections, sockets } = window.probe;
  const relays = connections.flatMap((made) => made.getConfiguration().iceServers);
  const stats = await connections.at(-1).getStats();
  const remote = [...stats.values()].filter(({ type }) => type === "remote-candidate");
  return {
    addresses: remote.map(({ address, ip }) => address ?? ip),
    relays: relays.flatMap(({ urls }) => urls),
    sockets: sockets.map(({ url }) => url),
  };
}

/** Runs in the page: brings everybody by a WebSocket of their own, with the offer of this page. */
async function bringCrowd(names, texts, link) {
  const { origin, pathname, hash } = new URL(link);
  const { join } = await import("/sdk.js");
  // The words of a join of our own, to say them again under other names.
  const spoken = new Promise((said) => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      const message = JSON.parse(text);
      if (message.kind === "join") {
        WebSocket.prototype.send = send;
        said(message);
      }
      return send.call(this, text);
    };
  });
  const secret = hash.slice(1);
  const scout = await join({ url: origin, room: pathname.slice(1), secret, name: "Scout" });
  const words = await spoken;
  scout.leave();

  const enter = (name, onJoined) =>
    new Promise((told) => {
      const socket = new WebSocket(`${origin.replace("http", "ws")}/ws`, "preau.v1");
      socket.onopen = () => socket.send(JSON.stringify({ ...words, name }));
      socket.onmessage = ({ data }) => {
        const { kind, code } = JSON.parse(data);
        if (kind === "error") told(code);
        if (kind === "joined") {
          onJoined?.(socket);
          told("joined");
        }
      };
    });
  window.tryName = (name) => enter(name);
  for (const [index, name] of names.entries()) {
    const outcome = await enter(name, (socket) =>
      socket.send(JSON.stringify({ id: 2, kind: "chat", text: texts[index] })),
    );
    if (outcome !== "joined") throw new Error(`${JSON.stringify(name)}: ${outcome}`);
  }
}
