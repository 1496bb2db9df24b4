// The room in which pictures are taken: one server, one host at the real page, and a crowd.
import { Crowd } from "../harness/crowd.mjs";
import { installPortraits } from "../harness/portraits.mjs";
import { startServer } from "../harness/server.mjs";
import { until } from "../harness/until.mjs";

const HOST = "Claire Vidal";

export class Scene {
  #server = null;
  #crowd = null;
  #inRoom = false;

  constructor(browser) {
    this.browser = browser;
  }

  /** Brings the page to a view of `views.mjs`. */
  async show(view) {
    await this.#begin();
    const people = view.people ?? null;
    if (people === null) {
      await this.#leaveRoom();
    } else {
      await this.#enterRoom();
      await this.#crowd.is(people - 1, this.links.guestLink);
      await this.#sees(people);
    }
    await view.show?.(this);
  }

  /** Undoes what a view opened. */
  async leave(view) {
    await view.hide?.(this);
  }

  /** Takes a picture once the page is at rest in this size and theme. */
  async take(viewport, theme, path) {
    await this.page.setViewport(viewport);
    await this.page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: theme },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    // Two frames: one for the new size, one for what follows it.
    await this.page.evaluate(
      () =>
        new Promise((drawn) =>
          requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn, 150))),
        ),
    );
    await this.page.screenshot({ path });
  }

  /** Goes to an address of the server, outside of a room. */
  async open(address, ready) {
    await this.page.goto(new URL(address, this.server.url).href);
    await this.page.waitForSelector(ready);
  }

  /** Clicks what a click opens; on a wide window, where all buttons are in the bar. */
  async press(...selectors) {
    await this.page.setViewport({ width: 1366, height: 768 });
    for (const selector of selectors) await this.page.locator(selector).click();
  }

  async hasLeft() {
    this.#inRoom = false;
  }

  get server() {
    return this.#server;
  }

  get crowd() {
    return this.#crowd;
  }

  async close() {
    await this.#crowd?.close();
    await this.page?.browserContext().close();
    await this.#server?.stop();
  }

  async #begin() {
    if (this.#server !== null) return;
    this.#server = await startServer();
    this.links = await this.#server.createRoom();
    this.#crowd = await Crowd.at(this.browser, this.#server.url);
    const context = await this.browser.createBrowserContext();
    this.page = await context.newPage();
    await this.page.setViewport({ width: 1366, height: 768 });
    await this.page.evaluateOnNewDocument(installPortraits);
  }

  async #enterRoom() {
    if (this.#inRoom) return;
    await this.open(this.links.hostLink, "#name");
    await this.page.locator("#name").fill(HOST);
    await this.page.locator("#join").click();
    await this.page.waitForSelector('#status[data-connection="connected"]');
    this.#inRoom = true;
  }

  async #leaveRoom() {
    if (!this.#inRoom) return;
    await this.page.goto("about:blank");
    await this.#crowd.is(0, this.links.guestLink);
    this.#inRoom = false;
  }

  /** Waits until everybody is there, and everybody's picture who sends one. */
  async #sees(people) {
    await this.page.setViewport({ width: 1366, height: 768 });
    const look = () =>
      this.page.evaluate(() => {
        const { participants, you } = window.preau.call;
        const sends = ({ id, sources }) =>
          id !== you && sources.some(({ source }) => source === "camera");
        const shown = '.tile[data-source="camera"][data-self="false"] video[data-shown="true"]';
        return {
          people: participants.length,
          missing: participants.filter(sends).length - document.querySelectorAll(shown).length,
        };
      });
    const isRight = (seen) => seen.people === people && seen.missing === 0;
    await until(`${people} people are seen`, look, isRight);
  }
}
