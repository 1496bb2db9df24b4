// What people say beside their voices, and how hosts keep order, by the buttons of the room page.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { isOpenToEverybody } from "./harness/axe.mjs";
import { meet } from "./harness/meeting.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

onStage("people write, raise hands and vote, and a host keeps order", async (stage) => {
  const small = { width: 320, height: 640 };
  const { guestLink, people } = await meet(stage, [{ as: "host" }, "chromium", small]);
  const [host, guest, phone] = people;
  const browser = await stage.browser("chromium");

  await writeToOneAnother(stage, host, guest, phone);
  await raiseHands(host, guest, phone);
  await press(guest, "#reactions");
  await press(guest, "#react-applause");
  await shows(phone, '.floating [data-reaction="applause"]');
  await keepOrder(stage, host, guest);
  await hold(guest, host);
  await vote(stage, host, guest, phone);
  await mindTheDoor(stage, browser, host, guestLink);
  await takeAttendance(browser, host);

  await act(host, phone, "remove");
  await press(host, "#confirm-yes");
  await shows(phone, "#ended", /A host has removed you/);
  await hostTool(host, "#end-all");
  await press(host, "#confirm-yes");
  await shows(guest, "#ended", /ended the call for everybody/);
  for (const person of [host, guest]) assert.deepEqual(await errorsOf(person), []);
});

onStage("firefox: people write, raise hands and are turned off", async (stage) => {
  const { people } = await meet(stage, [{ kind: "firefox", as: "host" }, "firefox"]);
  const [host, guest] = people;
  await write(guest, "see https://a.example/");
  await press(host, "#chat");
  await shows(host, '.chat-line a[href="https://a.example/"]');
  await guest.page.keyboard.press("Escape");
  await press(guest, "#hand");
  await press(host, "#people");
  await shows(host, "#hands [data-hand]", /Person 2/);
  await act(host, guest, "off-microphone");
  await shows(guest, '[data-request="turned_off"]', /Person 1 turned your microphone off/);
  await shows(guest, "#muted-hint", /^Your microphone is off/);
  await isOpenToEverybody(stage, host, "firefox: people");
  for (const person of people) assert.deepEqual(await errorsOf(person), []);
});

async function writeToOneAnother(stage, host, guest, phone) {
  const hostile = "javascript:alert(1) <b onclick=alert(2)>x</b> https://u@evil.example";
  await write(guest, `${hostile} (https://a.example/b).`);
  await shows(host, "#chat .count", /^1$/);
  await shows(host, "#announcer", /^Message from Person 2: javascript/);
  await press(host, "#chat");
  await shows(host, ".chat-line .chat-text", /<b onclick=alert\(2\)>x<\/b>/);
  const links = await host.page.$$eval(".chat-line a", (found) =>
    found.map(({ href, rel, target }) => [href, rel, target]),
  );
  assert.deepEqual(links, [["https://a.example/b", "noopener noreferrer", "_blank"]]);
  await lacks(host, "#chat .count");

  // By keyboard alone: the field has the focus, and Escape gives it back.
  await choose(host, "#chat-to", "Person 2");
  await host.page.type("#chat-text", "psst");
  await host.page.keyboard.press("Enter");
  await shows(guest, ".chat-line.private", /to you alone[^]*psst/);
  await host.page.type("#chat-text", "x".repeat(3));
  await shows(host, "#chat-left", /^$/);
  await isOpenToEverybody(stage, host, "chat");
  await host.page.keyboard.press("Escape");
  await host.look("focus goes back", () => document.activeElement.id, (id) => id === "chat");
  await lacks(phone, "#chat-panel");
  await press(phone, "#chat");
  await shows(phone, ".chat-line", /javascript/);
  assert.equal(await phone.page.$(".chat-line.private"), null, "a bystander reads nothing");
  await isOpenToEverybody(stage, phone, "chat on a phone");
  await phone.page.keyboard.press("Escape");
}

async function raiseHands(host, guest, phone) {
  await press(phone, "#hand");
  await shows(phone, '#hand[aria-pressed="true"] .count', /^1$/);
  await guest.page.keyboard.press("Escape");
  await guest.page.keyboard.press("h");
  await shows(guest, '#hand[aria-pressed="true"] .count', /^2$/);
  await press(host, "#people");
  await shows(host, "#hands", /2 raised hands[^]*Person 3[^]*Person 2/);
  await press(host, "#lower-all");
  await shows(guest, '#hand[aria-pressed="false"]');
  await lacks(host, "#hands");
}

async function keepOrder(stage, host, guest) {
  await act(host, guest, "off-microphone");
  await shows(guest, '[data-request="turned_off"]', /Person 1 turned your microphone off/);
  await shows(guest, '#microphone[aria-pressed="false"]');
  // Said once a minute to somebody who speaks into a closed microphone.
  await shows(guest, "#muted-hint", /^Your microphone is off/);
  await press(guest, '[data-request="turned_off"] [data-action="put-aside"]');
  await act(host, guest, "ask-microphone");
  await shows(guest, '[data-request="asked"]', /Person 1 asks you to turn your microphone on/);
  await shows(guest, '#microphone[aria-pressed="false"]');
  await isOpenToEverybody(stage, guest, "asked");
  await press(guest, '[data-action="comply"]');
  await shows(guest, '#microphone[aria-pressed="true"]');
  await lacks(guest, '[data-request="asked"]');

  for (const rule of ["camera", "chat"]) await hostTool(host, `#rule-${rule}`);
  await shows(guest, '#camera[aria-pressed="false"]');
  await press(guest, "#camera");
  await shows(guest, "#status", /keeps guests’ cameras off/);
  await press(guest, "#chat");
  await shows(guest, "#chat-trouble", /closed the chat to everybody/);
  await guest.page.waitForSelector("#chat-text:disabled");
  await choose(guest, "#chat-to", "Person 1 (host)");
  await guest.page.waitForSelector("#chat-text:enabled");
  await guest.page.keyboard.press("Escape");
}

/** Push to talk. */
async function hold(guest, host) {
  await press(guest, "#microphone");
  await shows(guest, '#microphone[aria-pressed="false"]');
  await guest.page.keyboard.down("Space");
  await shows(guest, "#push-to-talk");
  await host.hears(guest);
  await guest.page.keyboard.up("Space");
  await shows(guest, '#microphone[aria-pressed="false"]');
}

async function vote(stage, host, guest, phone) {
  await hostTool(host, "#poll-question", "A break?");
  await press(host, "#open-poll");
  for (const [person, choice] of [[host, "yes"], [guest, "abstain"], [phone, "no"]]) {
    await shows(person, "#poll", /A break\?/);
    await press(person, `#vote-${choice}`);
  }
  await press(guest, "#vote-yes");
  await shows(host, "#poll", /3 of 3 have voted/);
  await shows(guest, '#vote-yes[aria-pressed="true"]');
  await isOpenToEverybody(stage, phone, "vote on a phone");
  await press(host, "#close-poll");
  await shows(phone, '[data-choice="yes"][data-votes="2"]', /^Yes: 2$/);
  await shows(phone, '[data-choice="abstain"][data-votes="0"]');
  await isOpenToEverybody(stage, host, "result and people");
  await press(host, "#dismiss-poll");
  await lacks(guest, "#poll");

  await hostTool(host, "#timer-minutes", "0.02");
  await press(host, "#start-timer");
  await shows(guest, "#clock", /Time is up/);
  await shows(guest, "#announcer", /Time is up/);
}

async function mindTheDoor(stage, browser, host, guestLink) {
  await hostTool(host, "#rule-lobby");
  await host.page.waitForSelector("#rule-lobby:checked");
  await isOpenToEverybody(stage, host, "host tools");
  await host.page.keyboard.press("Escape");
  await press(host, "#people");
  const knockers = [];
  for (const number of [4, 5]) {
    const knocker = await Person.at(browser, number);
    await knocker.open(guestLink);
    await knocker.page.waitForSelector(".preview video");
    await knocker.page.locator("#name").fill(knocker.name);
    await press(knocker, "#join");
    knockers.push(knocker);
  }
  const [first, second] = knockers;
  await shows(host, "#lobby-notice", /^2 people wait$/);
  await shows(host, "#people .count", /^2$/);
  await press(host, "#see-lobby");
  await shows(host, "#lobby-list", /Person 4[^]*Person 5/);
  await isOpenToEverybody(stage, host, "lobby");
  await press(host, '[aria-label="Deny Person 5"]');
  await shows(second, "body", /did not let you in/);
  await press(host, '[aria-label="Admit Person 4"]');
  await first.isConnected();
  await lacks(host, "#lobby-list");
  await act(host, first, "ban");
  await press(host, "#confirm-yes");
  await shows(first, "#ended", /removed you/);
}

async function takeAttendance(browser, host) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "preau-attendance-"));
  const session = await browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: folder,
    browserContextId: host.page.browserContext().id,
  });
  await hostTool(host, "#take-attendance");
  const isThere = (names) => names.some((found) => found.endsWith(".csv"));
  const { seen } = await until("an attendance file", () => readdir(folder), isThere);
  const name = seen.find((found) => found.endsWith(".csv"));
  const rows = (await readFile(path.join(folder, name), "utf8")).split("\r\n");
  await rm(folder, { recursive: true });
  assert.equal(rows[0], '\ufeff"Name","Role","From","To"');
  const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
  const people = rows.slice(1, -1).map((row) => row.slice(1, -1).split('","'));
  assert.deepEqual(
    people.map(([name, role]) => [name, role]),
    [["Person 1", "host"], ["Person 2", "guest"], ["Person 3", "guest"], ["Person 4", "guest"]],
  );
  for (const [, , from] of people) assert.match(from, time);
  assert.deepEqual(people.map(([, , , to]) => time.test(to)), [false, false, false, true]);
  await host.page.keyboard.press("Escape");
}

async function write(person, text) {
  await press(person, "#chat");
  await person.page.locator("#chat-text").fill(text);
  await press(person, "#chat-send");
  await shows(person, ".chat-line.mine");
}

/** Chooses what is done about somebody; the people panel is open. */
async function act(host, other, action) {
  const id = await other.page.evaluate(() => window.preau.call.you);
  await press(host, `[data-person="${id}"] button[aria-expanded]`);
  await press(host, `[data-person="${id}"] [data-action="${action}"]`);
}

/** Fills or presses something among the host tools; opens them where they are not. */
async function hostTool(host, selector, text) {
  if ((await host.page.$("#host-panel")) === null) {
    await press(host, "#more");
    await press(host, "#host-tools");
  }
  const tool = host.page.locator(selector);
  await (text === undefined ? tool.click() : tool.fill(text));
  if (selector.startsWith("#rule-") && !selector.endsWith("lobby")) {
    await host.page.waitForSelector(`${selector}:not(:checked)`);
    await host.page.keyboard.press("Escape");
    await host.page.waitForSelector("#host-panel", { hidden: true });
  }
}

/** Waits for what is pressed a little longer than for what is seen, and names it. */
async function press(person, selector) {
  try {
    // Firefox draws nothing in a window behind another, and a press waits for what is drawn.
    await person.page.bringToFront();
    await person.page.locator(selector).setTimeout(20_000).click();
  } catch (error) {
    await person.screenshot("failed-talk");
    throw new Error(`${person.name} cannot press ${selector}`, { cause: error });
  }
}

async function choose(person, selector, label) {
  const value = await person.page.$$eval(
    `${selector} option`,
    (options, label) => options.find(({ text }) => text === label)?.value,
    label,
  );
  assert.notEqual(value, undefined, `${label} can be chosen`);
  await person.page.select(selector, value);
}

async function shows(person, selector, text = /(?:)/) {
  const look = () => person.page.$$eval(selector, (all) => all.map((one) => one.textContent));
  try {
    await until(`${person.name}: ${selector} ${text}`, look, (seen) =>
      seen.some((one) => text.test(one.trim())),
    );
  } catch (error) {
    await person.screenshot("failed-talk");
    throw error;
  }
}

async function lacks(person, selector) {
  const look = () => person.page.$$(selector);
  await until(`${person.name}: no ${selector}`, look, (seen) => seen.length === 0);
}

const errorsOf = (person) => person.page.evaluate(() => window.probe.errors);
