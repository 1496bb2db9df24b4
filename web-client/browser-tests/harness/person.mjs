// Somebody at a browser: opens a link, joins, and says what they see and hear.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { install } from "./in-page.mjs";
import { until } from "./until.mjs";

const ARTIFACTS = fileURLToPath(new URL("../artifacts/", import.meta.url));

export class Person {
  /** @param {import("puppeteer-core").Page} page @param {number} number @param {string} camera */
  constructor(page, number, camera) {
    this.page = page;
    this.number = number;
    /** What their picture shows to others. */
    this.picture = camera === "works" ? number : null;
    this.name = `Person ${number}`;
    /** Every address the page asked for. */
    this.requests = [];
    page.on("request", (request) => this.requests.push(request.url()));
  }

  /**
   * Sits down at a browser, in a profile of their own.
   *
   * @param {import("puppeteer-core").Browser} browser
   * @param {number} number  1 to 15; it is in their picture and their tone
   * @param {object} [options]
   * @param {"works"|"missing"|"denied"} [options.camera]
   * @param {boolean} [options.detail]  a picture that costs bits; see `install`
   * @param {number} [options.width]  of the window, as `height`
   * @param {number} [options.height]
   */
  static async at(browser, number, options = {}) {
    const { camera = "works", width = 1024, height = 640, detail = false } = options;
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport({ width, height });
    return Person.in(page, number, { camera, detail });
  }

  /** Takes a page that is open already. */
  static async in(page, number, { camera = "works", detail = false } = {}) {
    await page.evaluateOnNewDocument(install, { number, camera, detail });
    return new Person(page, number, camera);
  }

  async open(link) {
    await this.page.goto(link);
  }

  /** From the preview into the room; returns how long the button's press took to bring media. */
  async join() {
    // Firefox draws only the page in front, and presses only what is drawn.
    await this.page.bringToFront();
    await this.page.waitForSelector("#name");
    await this.look(
      "own picture in the preview",
      () => {
        const video = document.querySelector(".preview video");
        return video && window.probe.decodePicture(video);
      },
      (picture) => picture === this.picture,
    );
    await this.page.locator("#name").fill(this.name);
    await this.page.locator("#join").click();
    return this.isConnected();
  }

  /** Waits until words and media flow. */
  async isConnected() {
    const { ms } = await this.look(
      "connected",
      () => window.probe.call(),
      ({ connection }) => connection === "connected",
    );
    return ms;
  }

  /** Waits until everybody in `others` is seen under their name, and nobody else. */
  async sees(others) {
    const wanted = JSON.stringify(others.map(({ name, picture }) => [name, picture]).sort());
    const { ms } = await this.look(
      `pictures of ${others.map(({ name }) => name)}`,
      () => window.probe.pictures(),
      (seen) => JSON.stringify(seen.map(({ name, picture }) => [name, picture]).sort()) === wanted,
    );
    return ms;
  }

  /** Waits until `other` is heard in a slot that is said to carry them. */
  async hears(other) {
    const { ms } = await this.look(
      `tone of ${other.name}`,
      () => window.probe.voices(),
      (voices) => voices.some(({ name, tone }) => name === other.name && tone === other.number),
    );
    return ms;
  }

  /** Waits until none of the voices has a tone. */
  async hearsNobody() {
    await this.look(
      "silence",
      () => window.probe.voices(),
      (voices) => voices.every(({ tone }) => tone === null),
    );
  }

  async setTone(on) {
    await this.page.evaluate((on) => window.probe.setTone(on), on);
  }

  /** What `window.probe.call()` says. */
  async call() {
    return this.page.evaluate(() => window.probe.call());
  }

  /** Evaluates `see` in the page until `isGood`. */
  async look(what, see, isGood, limitMs) {
    try {
      return await until(`${this.name}: ${what}`, () => this.page.evaluate(see), isGood, limitMs);
    } catch (error) {
      await this.screenshot(`failed-${what.replace(/[^\w]+/g, "-")}`);
      const status = await this.page.evaluate(() => ({
        call: window.probe.call(),
        text: document.body.innerText.slice(0, 500),
      }));
      error.message += `\n${JSON.stringify(status)}`;
      throw error;
    }
  }

  async screenshot(name) {
    await mkdir(ARTIFACTS, { recursive: true });
    await this.page.screenshot({ path: `${ARTIFACTS}${name}-${this.number}.png` });
  }

  async leave() {
    await this.page.locator("#leave").click();
    await this.page.waitForSelector("#ended");
  }

  async close() {
    await this.page.browserContext().close();
  }
}
