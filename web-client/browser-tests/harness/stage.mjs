// Servers and browsers of a test. Servers end with their story, in the reverse order whatever
// happens. Browsers, which take seconds to start, serve all stories of a file one after the other;
// what a story opened in them is closed at its end.
import { after, test } from "node:test";

import { launch } from "./browsers.mjs";
import { startServer } from "./server.mjs";

/** A limit for a loaded machine: nothing that passes takes this long. */
const TIMEOUT_MS = 240_000;

/** Promises of the file's browsers, by kind and options. */
const browsers = new Map();

after(closeBrowsers);

/**
 * A test that gets a stage. What it notes is printed under its name.
 *
 * A story that fails is told once more from the beginning, in browsers started anew, because a
 * machine that is short of time stalls a browser now and then. Its first failure is printed, and
 * `cargo xtask test` counts it.
 *
 * @param {string} promise
 * @param {(stage: Stage) => Promise<void>} story
 * @typedef {Awaited<ReturnType<typeof makeStage>>} Stage
 */
export function onStage(promise, story) {
  test(promise, { timeout: 2 * TIMEOUT_MS }, async (context) => {
    try {
      await tell(story, context);
    } catch (error) {
      context.diagnostic(`unsteady: ${String(error.message).split("\n", 1)[0]}`);
      await tell(story, context);
    }
  });
}

async function tell(story, context) {
  const stage = makeStage(context);
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not told within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    await Promise.race([story(stage), tooLong]);
  } catch (error) {
    // What has stalled, or is still at work, is not for another story.
    await closeBrowsers();
    throw error;
  } finally {
    clearTimeout(timer);
    await stage.end();
  }
}

function makeStage(context) {
  const endings = [];
  const lent = new Set();
  return {
    /** Registers what is to be done at the end, last first. */
    onEnd: (ending) => endings.push(ending),

    async server(options) {
      const server = await startServer(options);
      endings.push(() => server.stop());
      return server;
    },

    /** The file's browser of that kind and options; people in it have profiles of their own. */
    async browser(kind, options = {}) {
      const key = kind + JSON.stringify(options);
      if (!browsers.has(key)) browsers.set(key, launch(kind, options));
      const browser = await browsers.get(key);
      if (!lent.has(browser)) {
        lent.add(browser);
        endings.push(() => clear(browser));
      }
      return browser;
    },

    /** Prints a measurement. */
    note: (text) => context.diagnostic(text),

    /** Counts the test as skipped, with the reason in the report; the story then returns. */
    skip: (reason) => context.skip(reason),

    async end() {
      const failures = [];
      for (const ending of endings.reverse()) {
        await ending().catch((error) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Closes everybody's profile, and with it their pages. */
async function clear(browser) {
  if (!browser.connected) return;
  const profiles = browser.browserContexts();
  const opened = profiles.filter((profile) => profile !== browser.defaultBrowserContext());
  await Promise.all(opened.map((profile) => profile.close()));
}

async function closeBrowsers() {
  const started = await Promise.allSettled(browsers.values());
  browsers.clear();
  await Promise.all(started.map(({ value }) => value?.close()));
}
