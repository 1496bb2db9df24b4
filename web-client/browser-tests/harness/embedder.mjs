// A page that is not ours: it knows the SDK at `/sdk.js` and nothing else.
import assert from "node:assert/strict";

import { install } from "./in-page.mjs";
import { until } from "./until.mjs";

/** A loaded machine and a socket that was lost take their time. */
const LIMIT_MS = 40_000;

export class Embedder {
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  /**
   * Opens an empty page of the server and joins by the SDK, without devices unless `options` asks.
   *
   * @param {number} [number]  in their picture and their tone, as in `Person`
   */
  static async join(browser, link, name, options = {}, number = 1) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.evaluateOnNewDocument(install, { number, camera: "works" });
    const { origin, pathname, hash } = new URL(link);
    await page.goto(`${origin}/healthz`);
    const call = { url: origin, room: pathname.slice(1), secret: hash.slice(1), name, ...options };
    await page.evaluate(async (call) => {
      const { join } = await import("/sdk.js");
      window.lines = [];
      window.names = new Map();
      window.call = await join(call);
      const learn = ({ id, name }) => window.names.set(id, name);
      window.call.participants.forEach(learn);
      window.call.on("participant", ({ participant }) => learn(participant));
      window.call.on("chat", (line) => window.lines.push(line));
    }, call);
    return new Embedder(page, name);
  }

  /** Writes to all or to one; says `passed on` or the code of the refusal. */
  async write(text, to = null) {
    return this.page.evaluate(
      async (text, to) => {
        const known = [...window.names].find(([, name]) => name === to);
        const options = to === null ? [] : [{ to: known[0] }];
        try {
          await window.call.chat(text, ...options);
          return "passed on";
        } catch (error) {
          return error.code ?? String(error);
        }
      },
      text,
      to,
    );
  }

  /** Waits until these lines have come, and no others: writer, addressee, text. */
  async hasLines(lines) {
    const look = () =>
      this.page.evaluate(() => {
        const name = (id) => (id === null ? null : window.names.get(id));
        return window.lines.map(({ from, to, text }) => [name(from), name(to), text]);
      });
    const { seen } = await until(
      `${lines.length} lines at ${this.name}`,
      look,
      (seen) => seen.length >= lines.length,
      LIMIT_MS,
    );
    assert.deepEqual(seen, lines, this.name);
  }

  async isConnectedAs(connection) {
    await until(
      `${this.name} is ${connection}`,
      () => this.page.evaluate(() => window.call.state.connection),
      (seen) => seen === connection,
      LIMIT_MS,
    );
  }

  /** Waits until these people are in the room, and no others. */
  async isWith(names) {
    await until(
      `${this.name} is with ${names}`,
      () => this.page.evaluate(() => window.call.participants.map(({ name }) => name)),
      (seen) => String(seen) === String(names),
      LIMIT_MS,
    );
  }

  async leave() {
    await this.page.evaluate(() => window.call.leave());
  }
}
