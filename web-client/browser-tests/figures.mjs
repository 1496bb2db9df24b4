// One round of what only browsers can measure, as one line of JSON; `cargo xtask figures` takes
// medians of five.
//
// join: from pressing "join" to the first decoded frame of somebody else's picture, with connection
// and offer prepared in the preview. restore: the longest time without a new frame of anybody while
// the room is taken apart into snapshots and built again. Two Chromium and one Firefox, loopback.
import { launch } from "./harness/browsers.mjs";
import { Person } from "./harness/person.mjs";
import { startServer } from "./harness/server.mjs";
import { sleep } from "./harness/until.mjs";

const server = await startServer();
const { room, guestLink } = await server.createRoom();
const browsers = [await launch("chromium"), await launch("firefox")];
try {
  const [chromium, firefox] = browsers;
  const people = [];
  for (const [number, browser] of [[1, firefox], [2, chromium], [4, chromium]]) {
    const person = await Person.at(browser, number);
    await person.open(guestLink);
    people.push(person);
  }
  const [first, second, joiner] = people;
  await first.join();
  await second.join();
  await first.sees([second]);
  const joinMs = await joinToFirstPicture(joiner);
  for (const person of people) await person.sees(people.filter((other) => other !== person));

  await sleep(2_000);
  const inPage = (see) => Promise.all(people.map(({ page }) => page.evaluate(see)));
  await inPage(() => window.probe.watchGaps());
  await sleep(1_000);
  await server.restore(room);
  await sleep(3_000);
  const gaps = await inPage(() => window.probe.gapsSeen());
  const restoreMs = Math.max(...gaps.flat().map(({ pictureMs }) => pictureMs));
  console.log(JSON.stringify({ joinMs, restoreMs }));
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
