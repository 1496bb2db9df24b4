// Waiting for a condition, with a message that says what was last seen.

/**
 * Asks `look` every 100 ms until `isGood` of its answer; returns `{ seen, ms }`.
 *
 * @template T
 * @param {string} what  the promise under test, for the message
 * @param {() => Promise<T>} look
 * @param {(seen: T) => boolean} isGood
 * @param {number} [limitMs]  a limit for a loaded machine, not a target
 */
export async function until(what, look, isGood, limitMs = 20_000) {
  const start = performance.now();
  for (;;) {
    const seen = await look();
    const ms = Math.round(performance.now() - start);
    if (isGood(seen)) return { seen, ms };
    if (ms > limitMs) {
      throw new Error(`not within ${limitMs} ms: ${what}; last seen: ${JSON.stringify(seen)}`);
    }
    await sleep(100);
  }
}

export const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
