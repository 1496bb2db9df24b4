// Run inside a namespace: a Chromium and a Firefox watch somebody through a network that gets bad.
//
//   node call-through-relay.mjs SETTINGS
//
// SETTINGS is JSON: homeUrl, authority, folder, relay (see `startRelay`), and stories, each with a
// name, a plan and the seconds that it is watched. Prints one line of JSON for each story: what
// each receiver got meanwhile, and what the network did to it.
import path from "node:path";

import { launch } from "./browsers.mjs";
import { trust } from "./certificates.mjs";
import { Person } from "./person.mjs";
import { startRelay } from "./relay.mjs";
import { sleep } from "./until.mjs";

const { homeUrl, authority, folder, relay: place, stories } = JSON.parse(process.argv[2]);

/** How often heights of pictures are noted. */
const LOOK_MS = 500;

/** Between stories, so that none begins with what the one before has left. */
const REST_MS = 4_000;

/** Large enough that the whole picture is wanted. */
const WINDOW = { width: 1400, height: 900 };

const home = path.join(folder, "chromium-home");
trust(path.join(home, ".pki/nssdb"), authority);
const profile = path.join(folder, "firefox-profile");
trust(profile, authority);

const relay = await startRelay({ ...place, folder });
const chromium = await launch("chromium", { env: { HOME: home } });
const firefox = await launch("firefox", { profile });
try {
  const first = await Person.at(chromium, 1, WINDOW);
  await first.open(homeUrl);
  await first.page.locator("#create-room").click();
  await first.join();
  // A profile given to Firefox holds for its default context alone.
  const page = await firefox.newPage();
  await page.setViewport(WINDOW);
  const second = await Person.in(page, 2);
  await second.open(first.page.url());
  await second.join();
  const receivers = { chromium: first, firefox: second };
  await relay.markReceivers();

  const watched = await Person.at(chromium, 3, { ...WINDOW, detail: true });
  await watched.open(first.page.url());
  await watched.join();
  for (const receiver of Object.values(receivers)) {
    await receiver.setTone(false);
    await receiver.page.keyboard.press("v");
  }
  for (const receiver of Object.values(receivers)) {
    await receiver.hears(watched);
    await receiver.look(
      "the largest picture",
      () => window.probe.received("Person 3"),
      ({ picture }) => picture !== null && picture.height >= 540,
      60_000,
    );
  }
  await sleep(REST_MS);
  for (const { name, plan, seconds } of stories) {
    await relay.begin(plan);
    const got = await watch(receivers, seconds);
    const { carried, lost } = await relay.clear();
    const [sendEstimate] = await each([watched], () => window.probe.sendEstimate());
    console.log(JSON.stringify({ name, seconds, got, carried, lost, sendEstimate }));
    await sleep(REST_MS);
  }
} finally {
  await chromium.close();
  await firefox.close();
  await relay.close();
}

/** What each receiver gets of Person 3 in so many seconds. */
async function watch(receivers, seconds) {
  const people = Object.values(receivers);
  const look = () => each(people, () => window.probe.received("Person 3"));
  const before = await look();
  const start = performance.now();
  const heights = people.map(() => []);
  while (performance.now() - start < 1_000 * seconds) {
    await sleep(LOOK_MS);
    const seen = await look();
    const at = Math.round((performance.now() - start) / 100) / 10;
    seen.forEach(({ picture }, place) => heights[place].push([at, picture?.height ?? 0]));
  }
  const after = await look();
  const difference = (later, earlier) =>
    Object.fromEntries(
      Object.entries(later ?? {}).map(([key, value]) => [
        key,
        value === null ? null : value - (earlier?.[key] ?? 0),
      ]),
    );
  return Object.fromEntries(
    Object.keys(receivers).map((kind, place) => [
      kind,
      {
        picture: difference(after[place].picture, before[place].picture),
        voice: difference(after[place].voice, before[place].voice),
        heights: heights[place],
      },
    ]),
  );
}

function each(people, see) {
  return Promise.all(people.map(({ page }) => page.evaluate(see)));
}
