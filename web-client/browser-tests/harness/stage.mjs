// Servers and browsers of a test, closed in the reverse order whatever happens.
import { test } from "node:test";

import { launch } from "./browsers.mjs";
import { startServer } from "./server.mjs";

/** A limit for a loaded machine: nothing that passes takes this long. */
const TIMEOUT_MS = 240_000;

/**
 * A test that gets a stage. What it notes is printed under its name.
 *
 * A story that fails is told once more from the beginning, because a machine that is short of time
 * stalls a browser now and then. Its first failure is printed, and `cargo xtask test` counts it.
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
  } finally {
    clearTimeout(timer);
    await stage.end();
  }
}

function makeStage(context) {
  const endings = [];
  const browsers = new Map();
  return {
    /** Registers what is to be done at the end, last first. */
    onEnd: (ending) => endings.push(ending),

    async server(options) {
      const server = await startServer(options);
      endings.push(() => server.stop());
      return server;
    },

    /** The test's browser of that kind and language; people in it have profiles of their own. */
    async browser(kind, options = {}) {
      const key = kind + JSON.stringify(options);
      if (!browsers.has(key)) {
        const browser = await launch(kind, options);
        endings.push(() => browser.close());
        browsers.set(key, browser);
      }
      return browsers.get(key);
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
