// For everybody: with a screen reader, without a mouse, on a small screen, without movement.
//
// One visit goes through many states, because each look of axe costs about half a second.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { isOpenToEverybody } from "./harness/axe.mjs";
import { Crowd } from "./harness/crowd.mjs";
import { meet } from "./harness/meeting.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

/** How pages begin their titles, to see that the language is the one that was asked for. */
const TITLES = { fr: "Salle ", en: "Room " };

/** Buttons of the room that open a view, and what is there then. Escape closes each. */
const OPENED = [
  [["#chat"], "#chat-panel"],
  [["#people"], "#people-panel"],
  [["#more"], "#more-popup"],
  [["#more", "#settings"], "#settings-panel"],
  [["#invite"], "#invite-panel"],
];

for (const language of ["fr", "en"]) {
  onStage(`${language}: axe finds nothing on any view, light or dark`, async (stage) => {
    const server = await stage.server();
    const browser = await stage.browser("chromium", { language });
    const person = await Person.at(browser, 1, { width: 1280, height: 720 });
    const look = (place) => isOpenToEverybody(stage, person, place);
    await person.open(server.url);
    await person.page.waitForSelector("#create-room");
    await look("home");

    const { guestLink, hostLink } = await server.createRoom();
    await person.open(guestLink.split("#")[0]);
    await person.page.waitForSelector("h1");
    await look("link without its secret");
    await person.open("about:blank");
    await person.open(hostLink);
    await person.page.waitForSelector("#name");
    await look("preview");

    await person.join();
    const { lang, title } = await person.page.evaluate(() => ({
      lang: document.documentElement.lang,
      title: document.title,
    }));
    assert.deepEqual([lang, title.startsWith(TITLES[language])], [language, true], title);
    await look("alone");
    const crowd = await Crowd.at(browser, server.url);
    await crowd.is(2, guestLink);
    await crowd.does(0, "chat", "Bonjour ! https://example.org/");
    await crowd.does(0, "setHand", true);
    await crowd.does(1, "shareScreen", true);
    await person.page.waitForSelector(".tile.screen video[data-shown=true]");
    await look("room with a shared screen");
    for (const [buttons, view] of OPENED) {
      for (const button of buttons) await person.page.locator(button).click();
      await person.page.waitForSelector(view);
      await look(view);
      await person.page.keyboard.press("Escape");
      await person.page.waitForSelector(view, { hidden: true });
    }
    await person.leave();
    await look("ended");
    await crowd.close();
  });
}

for (const language of ["fr", "en"]) {
  onStage(`${language}: axe finds nothing where hosts keep order`, async (stage) => {
    const browser = { language };
    const { guestLink, people } = await meet(stage, [{ as: "host", browser }, { browser }]);
    const [host, guest] = people;
    const moderate = (order) =>
      host.page.evaluate((order) => window.preau.call.moderate(order), order);
    const opens = async (view, ...buttons) => {
      for (const button of buttons) await host.page.locator(button).click();
      await host.page.waitForSelector(view);
      await isOpenToEverybody(stage, host, view);
      await host.page.keyboard.press("Escape");
      await host.page.waitForSelector(view, { hidden: true });
    };
    await guest.page.evaluate(() => {
      const { call } = window.preau;
      const { id } = call.participants.find(({ role }) => role === "host");
      return call.chat("Entre nous", { to: id });
    });
    await opens(".chat-line.private", "#chat");
    await opens("#host-panel", "#more", "#host-tools");
    await opens("#record-panel", "#more", "#record");

    await moderate({ action: "open_poll", question: "Une pause ?" });
    await guest.page.waitForSelector("#vote-yes");
    await isOpenToEverybody(stage, guest, "poll");
    await guest.page.locator("#vote-yes").click();
    const poll = await guest.page.evaluate(() => window.preau.call.room.poll.id);
    await moderate({ action: "close_poll", poll });
    await guest.page.waitForSelector("[data-choice][data-votes]");
    await isOpenToEverybody(stage, guest, "result of the poll");

    const rules = await host.page.evaluate(() => window.preau.call.room.rules);
    await moderate({ action: "set_rules", rules: { ...rules, lobby: true } });
    const waiting = await Person.at(await stage.browser("chromium", browser), 3);
    await waiting.open(guestLink);
    await waiting.page.locator("#name").fill(waiting.name);
    await waiting.page.locator("#join").click();
    await waiting.page.waitForSelector("#waiting");
    await isOpenToEverybody(stage, waiting, "lobby");
    await host.page.waitForSelector("#lobby-notice");
    await isOpenToEverybody(stage, host, "somebody at the door");
  });

  onStage(`${language}: axe finds nothing on an operator's own pages`, async (stage) => {
    const server = await stage.server({ args: await furnishings(stage) });
    const browser = await stage.browser("chromium", { language });
    const person = await Person.at(browser, 1);
    const look = async (path, selector) => {
      await person.open(server.url + path);
      await person.page.waitForSelector(selector);
      await isOpenToEverybody(stage, person, `${path} with ${selector}`);
    };
    await look("/", ".brand img");
    await look("/legal", "#legal h2");
    await look("/privacy", "#privacy h2");

    const { guestLink } = await server.createRoom();
    await person.open(guestLink);
    await person.page.locator("#more-settings summary").click();
    await person.page.locator("#check-network").click();
    await person.page.waitForSelector("#network-result[data-finding]");
    await isOpenToEverybody(stage, person, "test of the network");

    const old = await Person.at(browser, 1);
    await old.page.evaluateOnNewDocument(() => delete window.RTCPeerConnection);
    await old.open(guestLink);
    await old.page.waitForSelector("#old-browser:not([hidden])");
    await isOpenToEverybody(stage, old, "older browser");
  });
}

onStage("firefox: axe finds nothing on home, preview and room", async (stage) => {
  const server = await stage.server();
  const person = await Person.at(await stage.browser("firefox"), 1);
  await person.open(server.url);
  await person.page.waitForSelector("#create-room");
  await isOpenToEverybody(stage, person, "home");
  await person.open((await server.createRoom()).hostLink);
  await person.join();
  await person.page.locator("#people").click();
  await person.page.waitForSelector("#people-panel");
  await isOpenToEverybody(stage, person, "people");
});

onStage("a whole visit by keyboard, and one sees where one is", async (stage) => {
  const server = await stage.server();
  const person = await Person.at(await stage.browser("chromium"), 1);
  const { keyboard } = person.page;
  await person.open(server.url);
  await person.page.waitForSelector("#create-room");
  await tabTo(person, "#create-room");
  await keyboard.press("Enter");
  await person.page.waitForSelector("#name");
  await tabTo(person, "#name");
  await keyboard.type("Aïcha");
  await keyboard.press("Enter");
  await person.isConnected();

  await tabTo(person, "#microphone");
  await keyboard.press("Enter");
  await person.page.waitForSelector('#microphone[aria-pressed="false"]');
  await tabTo(person, "#chat");
  await keyboard.press("Enter");
  await isFocused(person, "#chat-text");
  await keyboard.type("Bonjour");
  await keyboard.press("Enter");
  await person.page.waitForSelector(".chat-line");
  await keyboard.press("Escape");
  await isFocused(person, "#chat");
  await tabTo(person, "#hand");
  await keyboard.press("Enter");
  await person.page.waitForSelector('#hand[aria-pressed="true"]');
  await tabTo(person, "#people");
  await keyboard.press("Enter");
  await person.page.waitForSelector("#people-panel");
  // Not a trap: the way out leads through the panel and on.
  await tabTo(person, "#leave");
  await keyboard.press("Enter");
  await person.page.waitForSelector("#ended");
  await tabTo(person, "#join-again");
});

/** 320 px upright, and what 200 % zoom leaves of a laptop's 1366 by 768. */
const SMALL = [
  { width: 320, height: 640 },
  { width: 683, height: 384 },
];

onStage("at 320 px and at 200 % nothing is cut off and nothing is missing", async (stage) => {
  const server = await stage.server();
  const { hostLink, guestLink } = await server.createRoom();
  const browser = await stage.browser("chromium", { language: "fr" });
  const person = await Person.at(browser, 1, SMALL[0]);
  const look = async (place) => {
    for (const size of SMALL) {
      await person.page.setViewport(size);
      await fits(person, size.width, place);
    }
    await person.page.setViewport(SMALL[0]);
  };
  await person.open(server.url);
  await person.page.waitForSelector("#create-room");
  await look("home");
  await person.open(hostLink);
  await person.page.waitForSelector("#name");
  await look("preview");
  await person.join();
  const crowd = await Crowd.at(browser, server.url);
  await crowd.is(4, guestLink);
  await until(
    "everybody is there",
    () => person.page.evaluate(() => window.preau.call.participants.length),
    (count) => count === 5,
  );
  await look("room");
  for (const [buttons, view] of OPENED) {
    for (const button of buttons) {
      // What the bar has no room for is in its menu.
      if ((await person.page.$(button)) === null) await person.page.locator("#more").click();
      await person.page.locator(button).click();
    }
    await person.page.waitForSelector(view);
    await look(view);
    await person.page.keyboard.press("Escape");
    await person.page.waitForSelector(view, { hidden: true });
  }
  await crowd.close();
});

/** Of 25 things that happen; a voice needs two to three seconds for a sentence. */
const SENTENCES_MAX = 12;

onStage("a busy moment moves nothing and is not chattered about", async (stage) => {
  const { server, guestLink, people } = await meet(stage, [{ as: "host" }]);
  const [person] = people;
  await person.page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
  await person.page.evaluate(() => {
    const said = (window.said = []);
    const moved = (window.moved = []);
    const note = () => {
      for (const region of document.querySelectorAll("[role=status], [role=alert], [aria-live]")) {
        const text = region.textContent.trim();
        if (text !== "" && region.lastSaid !== text) said.push(text);
        region.lastSaid = text;
      }
      moved.push(...document.getAnimations().map((animation) => String(animation.animationName)));
    };
    const observer = new MutationObserver(note);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const crowd = await Crowd.at(await stage.browser("chromium"), server.url);
  for (let number = 0; number < 10; number += 1) {
    await crowd.come(guestLink, { camera: false, microphone: false });
    await crowd.does(number, "chat", `Message ${number}`);
    if (number % 2 === 0) await crowd.does(number, "react", "heart");
  }
  const { seen } = await until(
    "everything has come",
    () => person.page.evaluate(() => [window.preau.call.participants.length, window.said]),
    ([people]) => people === 11,
  );
  const [, said] = seen;
  const moved = await person.page.evaluate(() => window.moved);
  stage.note(`25 things happened, ${said.length} sentences: ${JSON.stringify(said)}`);
  assert.ok(said.length > 0, "something is said");
  assert.ok(said.length <= SENTENCES_MAX, `${said.length} sentences`);
  assert.deepEqual(moved, []);
  await crowd.close();
});

/** Settings of a site with a name, a logo, a colour that is hard to read in, and a legal page. */
async function furnishings(stage) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "preau-look-"));
  stage.onEnd(() => rm(folder, { recursive: true, force: true }));
  const logo = path.join(folder, "logo.svg");
  const drawing = '<circle cx="16" cy="16" r="14" fill="#f2c200"/>';
  await writeFile(
    logo,
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${drawing}</svg>`,
  );
  const legal = path.join(folder, "legal.fr.md");
  const text = ["# Mentions", "## Éditeur", "Le lycée, [ses pages](https://example.org)."];
  await writeFile(legal, `${text.join("\n\n")}\n`);
  const look = ["--site-name", "Lycée Ada Lovelace", "--site-accent", "#f2c200"];
  return [...look, "--site-logo", logo, "--site-legal", legal];
}

/** Presses Tab until something has the focus; each stop on the way is seen. */
async function tabTo(person, selector) {
  const stops = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await person.page.keyboard.press("Tab");
    const stop = await person.page.evaluate(focused, selector);
    if (stop === null) continue;
    stops.push(stop.name);
    assert.ok(stop.ringed, `${stop.name} shows no focus`);
    assert.ok(stop.inView, `${stop.name} has the focus and is not in view`);
    if (stop.reached) return;
  }
  assert.fail(`Tab does not lead to ${selector}, but to ${stops}`);
}

/** In the page: what has the focus, and whether one sees that. */
function focused(selector) {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  const { top, left, bottom, right } = element.getBoundingClientRect();
  return {
    name: `${element.tagName}#${element.id}`,
    reached: element.matches(selector),
    ringed: (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none",
    inView: bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
  };
}

async function isFocused(person, selector) {
  await until(
    `${selector} has the focus`,
    () => person.page.evaluate((selector) => document.activeElement.matches(selector), selector),
    (is) => is,
  );
}

/** Nothing scrolls sideways, and no button stands outside of the window. */
async function fits(person, width, place) {
  const look = () =>
    person.page.evaluate(() => {
      const outside = [...document.querySelectorAll("button, a, input, select, textarea")].filter(
        (control) => {
          if (control.closest("[inert]") !== null || !control.checkVisibility()) return false;
          const { left, right } = control.getBoundingClientRect();
          return left < -1 || right > innerWidth + 1;
        },
      );
      return {
        width: document.documentElement.scrollWidth,
        outside: outside.map(({ tagName, id }) => `${tagName}#${id}`),
      };
    });
  const isRight = (seen) => seen.width <= width && seen.outside.length === 0;
  await until(`${place} fits into ${width} px`, look, isRight, 5_000);
}
