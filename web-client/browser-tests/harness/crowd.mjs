// Several people in one page, through the SDK: a room fills without a browser for each of them.
import { installPortraits } from "./portraits.mjs";

/** Names as a French class has them: long, short, with a title. */
export const NAMES = [
  "Aïcha Benali",
  "Léo Martin",
  "Mme Dubois",
  "Jean-Baptiste de La Rochefoucauld",
  "Inès",
  "Thiên Nguyễn",
  "Camille Lefèvre-Morvan",
  "Oumar Diallo",
  "Zoé",
  "Noé Girard",
  "Fatou Sow",
  "Élise Roux",
];

export class Crowd {
  /** @param {import("puppeteer-core").Page} page */
  constructor(page) {
    this.page = page;
    this.size = 0;
  }

  /** @param {import("puppeteer-core").Browser} browser @param {string} url of the server */
  static async at(browser, url) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.evaluateOnNewDocument(installPortraits);
    await page.goto(url);
    return new Crowd(page);
  }

  /**
   * Somebody comes: by index the next one.
   *
   * @param {string} link
   * @param {{ name?: string, camera?: boolean, microphone?: boolean }} [person]
   */
  async come(link, person = {}) {
    const number = this.size;
    this.size += 1;
    const { pathname, hash } = new URL(link);
    const { name = NAMES[number % NAMES.length], camera = true, microphone = true } = person;
    const options = { room: pathname.slice(1), secret: hash.slice(1), name };
    await this.page.evaluate(join, { number, camera, microphone, options });
  }

  /** Brings or sends people until `size` are there. Some are muted, some have no camera. */
  async is(size, link) {
    while (this.size < size) {
      const number = this.size;
      await this.come(link, { camera: number % 5 !== 3, microphone: number % 3 !== 2 });
    }
    while (this.size > size) await this.go();
  }

  /** Who came last leaves. */
  async go() {
    this.size -= 1;
    await this.page.evaluate((number) => window.crowd[number].leave(), this.size);
  }

  /** Has one of them do something: a method of `Call`. */
  async does(number, method, ...given) {
    await this.page.evaluate(
      async ({ number, method, given }) => {
        await window.crowd[number][method](...given);
      },
      { number, method, given },
    );
  }

  async close() {
    await this.page.browserContext().close();
  }
}

/** In the page. */
async function join({ number, camera, microphone, options }) {
  const { join } = await import("/sdk.js");
  window.crowd ??= [];
  window.crowd[number] = await join({
    ...options,
    url: location.origin,
    audio: microphone ? window.portraits.voice(number) : false,
    video: camera ? window.portraits.picture(number) : false,
    // They look at nobody, so that a full room costs the machine what it sends alone.
    videoSlots: 1,
    view: { stage: null, tiles: [] },
  });
}
