// A page that is not ours: it knows the SDK at `/sdk.js` and nothing else.
import assert from "node:assert/strict";

import { install } from "./in-page.mjs";
import { until } from "./until.mjs";

/** A loaded machine and a socket that was lost take their time. */
const LIMIT_MS = 40_000;

/** An empty page at an address of the server, without the policies of our own pages. */
async function openBlank(page, url) {
  await page.setRequestInterception(true);
  const answer = (request) =>
    request.url() === url
      ? request.respond({ contentType: "text/html", body: "<!doctype html><title>Theirs</title>" })
      : request.continue();
  page.on("request", answer);
  await page.goto(url);
  page.off("request", answer);
  await page.setRequestInterception(false);
}

export class Embedder {
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  /**
   * Opens an empty page of the server and joins by the SDK, without devices unless `options` asks.
   *
   * @param {object} [options]  of `join`
   * @param {object} [person]  see `install`
   */
  static async join(browser, link, name, options = {}, person = {}) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.evaluateOnNewDocument(install, { number: 1, camera: "works", ...person });
    const { origin, pathname, hash } = new URL(link);
    await openBlank(page, `${origin}/embedder`);
    const call = { url: origin, room: pathname.slice(1), secret: hash.slice(1), name, ...options };
    await page.evaluate(enter, call);
    return new Embedder(page, name);
  }

  /** Writes to all or to one; says `passed on` or the code of the refusal. */
  async write(text, to = null) {
    return this.page.evaluate(
      async (text, to) => {
        const options = to === null ? [] : [{ to: window.idOf(to) }];
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

  /** Shows the cameras of these people, `height` device pixels high, and no others. */
  async shows(names, height = 720) {
    await this.views(names.map((name) => ({ name, source: "camera", height })));
  }

  /** Shows these pictures and no others. */
  async views(pictures) {
    await this.page.evaluate((pictures) => {
      const tile = ({ name, ...rest }) => ({ participant: window.idOf(name), ...rest });
      window.call.view({ stage: null, tiles: pictures.map(tile) });
    }, pictures);
  }

  /** Waits until the picture of each of these people is decoded: `{ NAME: NUMBER }`. */
  async sees(numbers, limitMs = LIMIT_MS) {
    const { ms } = await until(
      `${this.name} sees ${Object.keys(numbers)}`,
      () => this.page.evaluate(() => window.seen()),
      (seen) => Object.entries(numbers).every(([name, number]) => seen[name] === number),
      limitMs,
    );
    return ms;
  }

  /** What `call.stats()` says of the encodings of a source. */
  async sending(of = "camera") {
    return this.page.evaluate(async (of) => {
      const { sending } = await window.call.stats();
      return sending.filter(({ source }) => source === of);
    }, of);
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

  async close() {
    await this.page.browserContext().close();
  }
}

/** Runs in the page: joins, and keeps what it hears within reach. */
async function enter(options) {
  const { join } = await import("/sdk.js");
  window.lines = [];
  window.names = new Map();
  const videos = new Map();
  window.idOf = (name) => [...window.names].find(([, known]) => known === name)[0];
  window.seen = () =>
    Object.fromEntries(
      [...videos].map(([id, video]) => [window.names.get(id), window.probe.decodePicture(video)]),
    );
  window.startedAt = performance.now();
  window.call = await join(options);
  const learn = ({ id, name }) => window.names.set(id, name);
  window.call.participants.forEach(learn);
  window.call.on("participant", ({ participant }) => learn(participant));
  window.call.on("chat", (line) => window.lines.push(line));
  const show = ({ participant, source, track }) => {
    if (source !== "camera") return;
    videos.get(participant)?.remove();
    videos.delete(participant);
    if (track === null) return;
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    videos.set(participant, video);
    void video.play();
  };
  window.call.on("track", show);
  for (const { carries, track } of window.call.slots) {
    if (carries !== null) show({ ...carries, track });
  }
}
