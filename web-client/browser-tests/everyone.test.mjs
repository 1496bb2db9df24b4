// For everybody: with a screen reader, without a mouse, on a small screen, without movement.
//
// One visit goes through many states, because each look of axe costs about half a second. In the
// dark, where the page's structure is the same, axe looks at contrast alone.
import assert from "node:assert/strict";

import { AxePuppeteer } from "@axe-core/puppeteer";

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

async function isOpenToEverybody(stage, person, place) {
  const start = performance.now();
  const root = (theme) =>
    person.page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
  // Legacy mode stays in the page; the other one opens a tab of its own.
  const axe = () => new AxePuppeteer(person.page).setLegacyMode();
  await root("light");
  const light = await axe().analyze();
  await root("dark");
  const dark = await axe().withRules(["color-contrast"]).analyze();
  const found = [...light.violations, ...dark.violations].map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary)}`,
  );
  assert.deepEqual(found, [], place);
  assert.ok(light.passes.length > 5 && dark.passes.length === 1, "axe has looked");
  const ms = Math.round(performance.now() - start);
  stage.note(`${place}: 0 violations, ${light.passes.length} rules passed, ${ms} ms`);
}
