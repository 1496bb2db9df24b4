// One round of what only browsers can measure, as one line of JSON for `cargo xtask figures`.
//
// join: from pressing "join" to the first decoded frame of somebody else's picture, with connection
// and offer prepared in the preview. restore: the longest time without a new frame of anybody while
// the room is taken apart into snapshots and built again. Two Chromium and one Firefox, loopback.
// task: the longest task of a page with 25 tiles, all fed by one decoded stream, while its person
// turns pages and resizes and others speak.
import { launch } from "./harness/browsers.mjs";
import { gather, installCrowd, stress } from "./harness/full-room.mjs";
import { Person } from "./harness/person.mjs";
import { startServer } from "./harness/server.mjs";
import { sleep, until } from "./harness/until.mjs";

/** As many as fit into the time of a round: the 95th of a hundred needs some dozens. */
const JOINS = 8;

const server = await startServer();
const { room, guestLink } = await server.createRoom();
const browsers = [await launch("chromium"), await launch("firefox")];
try {
  const [chromium, firefox] = browsers;
  const people = [];
  for (const [number, browser] of [[1, firefox], [2, chromium]]) {
    const person = await Person.at(browser, number);
    await person.open(guestLink);
    await person.join();
    people.push(person);
  }
  await people[0].sees([people[1]]);
  const joinMs = [];
  for (let join = 1; join <= JOINS; join += 1) {
    const joiner = await Person.at(chromium, 4);
    await joiner.open(guestLink);
    joinMs.push(await joinToFirstPicture(joiner));
    await joiner.sees(people);
    if (join < JOINS) await joiner.close();
    else people.push(joiner);
  }
  for (const person of people) await person.sees(people.filter((other) => other !== person));

  await sleep(2_000);
  const inPage = (see) => Promise.all(people.map(({ page }) => page.evaluate(see)));
  await inPage(() => window.probe.watchGaps());
  await sleep(1_000);
  await server.restore(room);
  await sleep(3_000);
  const gaps = await inPage(() => window.probe.gapsSeen());
  const restoreMs = Math.max(...gaps.flat().map(({ pictureMs }) => pictureMs));
  for (const person of people) await person.close();
  const taskMs = await longestTask(chromium, (await server.createRoom()).guestLink);
  console.log(JSON.stringify({ joinMs, restoreMs, taskMs }));
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await server.stop();
}

/** Timed inside the page, so that the driver's own steps do not count. */
async function joinToFirstPicture(person) {
  await person.page.waitForSelector("#name");
  await person.page.locator("#name").fill(person.name);
  // The preview has its picture and the offer is made by then.
  await sleep(1_500);
  return person.page.evaluate(
    () =>
      new Promise((resolve) => {
        const start = performance.now();
        const watch = () => {
          const selector = '.tile[data-self="false"] video';
          for (const video of document.querySelectorAll(selector)) {
            video.requestVideoFrameCallback((now) => resolve(Math.round(now - start)));
          }
          if (!document.querySelector(selector)) setTimeout(watch, 5);
        };
        document.querySelector("#join").click();
        watch();
      }),
  );
}

async function longestTask(browser, link) {
  const laptop = { width: 1366, height: 768 };
  const [person, other] = [await Person.at(browser, 1, laptop), await Person.at(browser, 2)];
  await person.page.evaluateOnNewDocument(installCrowd);
  for (const each of [other, person]) {
    await each.open(link);
    await each.join();
  }
  await person.sees([other]);
  await gather(person, 48);
  const pictures = () =>
    person.page.$$eval('.tile video[data-shown="true"]', ({ length }) => length);
  await until("25 tiles, each with a picture", pictures, (shown) => shown === 25);
  const categories = ["blink.user_timing", "disabled-by-default-devtools.timeline"];
  await person.page.tracing.start({ categories });
  await person.page.evaluate(stress);
  const { traceEvents } = JSON.parse(Buffer.from(await person.page.tracing.stop()).toString());
  const { pid, tid, ts } = traceEvents.find(({ name }) => name === "stress");
  const tasks = traceEvents.filter(
    (event) =>
      event.name === "RunTask" && event.pid === pid && event.tid === tid && event.ts > ts,
  );
  // Microseconds.
  return Math.max(...tasks.map(({ dur }) => dur)) / 1_000;
}
