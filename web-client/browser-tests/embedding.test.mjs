// Other sites: a room in a frame that speaks with its host, and the examples of the SDK.
import assert from "node:assert/strict";

import { Embedder } from "./harness/embedder.mjs";
import { install } from "./harness/in-page.mjs";
import { startSite } from "./harness/static-site.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

const HOST = `<!doctype html><title>Host</title><body><script>
  window.heard = [];
  addEventListener("message", ({ origin, data }) => heard.push({ origin, ...data }));
  window.show = (src) => {
    window.frame = document.createElement("iframe");
    frame.allow = "camera; microphone; display-capture; autoplay; fullscreen";
    [frame.width, frame.height, frame.src] = [900, 600, src];
    document.body.append(frame);
  };
  window.command = (message, origin) =>
    frame.contentWindow.postMessage({ preau: 1, ...message }, origin);
</script>`;

/** A server that `site` may embed, and a room on it. */
async function serve(stage, site) {
  const server = await stage.server({ args: ["--allowed-origins", site.url] });
  return { server, ...(await server.createRoom()) };
}

async function open(browser, url) {
  const page = await (await browser.createBrowserContext()).newPage();
  await page.setViewport({ width: 1024, height: 700 });
  await page.evaluateOnNewDocument(install, { number: 1, camera: "works" });
  await page.goto(url);
  return page;
}

const hears = (page, what, isThere) =>
  until(what, () => page.evaluate(() => window.heard), (heard) => heard.some(isThere), 40_000);

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: an allowed page embeds a room and speaks with it`, async (stage) => {
    const site = await startSite({ "/host": HOST });
    stage.onEnd(() => site.close());
    const { server, guestLink } = await serve(stage, site);
    const browser = await stage.browser(kind);
    const page = await open(browser, `${site.url}/host`);
    const [path, secret] = guestLink.split("#");
    const source = `${path}?name=Awa&preview=skip&language=fr#${secret}`;
    await page.evaluate((source) => window.show(source), source);
    await hears(page, "joined", ({ event }) => event === "joined");
    await hears(page, "one person", ({ event, count }) => event === "participants" && count === 1);

    const frame = page.frames().find((frame) => frame.url().startsWith(server.url));
    const look = async () => ({
      language: await frame.evaluate(() => document.documentElement.lang),
      microphone: await frame.$eval("#microphone", (button) => button.getAttribute("aria-pressed")),
      chat: (await frame.$("#chat-panel")) !== null,
    });
    assert.deepEqual(await look(), { language: "fr", microphone: "false", chat: false });
    const command = (message) =>
      page.evaluate((message, url) => window.command(message, url), message, server.url);
    await command({ command: "microphone", on: true, id: 7 });
    await command({ command: "chat", open: true });
    await command({ command: "explode", id: "odd" });
    await until("turned on", look, ({ microphone, chat }) => microphone === "true" && chat);
    await hears(page, "an answer", ({ reply, ok }) => reply === 7 && ok);
    const isRefused = ({ reply, error }) => reply === "odd" && error === "unknown_command";
    await hears(page, "a refusal", isRefused);

    const other = await Embedder.join(browser, guestLink, "Bo");
    await hears(page, "two people", ({ event, count }) => event === "participants" && count === 2);
    await other.leave();
    await command({ command: "leave" });
    await hears(page, "the end", ({ event, reason }) => event === "left" && reason === "left");

    const heard = await page.evaluate(() => window.heard);
    assert.ok(heard.every(({ origin, preau }) => origin === server.url && preau === 1));
    assert.ok(!JSON.stringify(heard).includes(secret), "the secret stays inside");
  });

  onStage(`${kind}: nobody else embeds a room, nor loads the SDK`, async (stage) => {
    const [site, stranger] = [await startSite(), await startSite({ "/host": HOST })];
    stage.onEnd(() => site.close());
    stage.onEnd(() => stranger.close());
    const { server, guestLink } = await serve(stage, site);
    const page = await open(await stage.browser(kind), `${stranger.url}/host`);
    await page.evaluate(
      (source) =>
        new Promise((loaded) => {
          window.show(source);
          window.frame.onload = loaded;
          setTimeout(loaded, 3_000);
        }),
      guestLink,
    );
    const shown = await Promise.all(
      page.frames().map((frame) => frame.$("#app, #join").catch(() => null)),
    );
    assert.deepEqual(shown.filter((element) => element !== null), []);
    assert.deepEqual(await page.evaluate(() => window.heard), []);
    const sdk = await page.evaluate(
      (url) => import(url).then(() => "loaded", () => "refused"),
      `${server.url}/sdk.js`,
    );
    assert.equal(sdk, "refused");
    const socket = await page.evaluate(
      (url) =>
        new Promise((tell) => {
          const socket = new WebSocket(url, "preau.v1");
          socket.onopen = () => tell("open");
          socket.onerror = () => tell("refused");
        }),
      `${server.url.replace("http", "ws")}/ws`,
    );
    assert.equal(socket, "refused");
  });

  onStage(`${kind}: the examples of the SDK run from another site`, async (stage) => {
    const site = await startSite();
    stage.onEnd(() => site.close());
    const { guestLink } = await serve(stage, site);
    const browser = await stage.browser(kind);
    const status = (page, isGood) => {
      const look = () => page.$eval("#status", ({ textContent }) => textContent);
      return until("status", look, isGood, 40_000);
    };
    const picture = (page, number) =>
      until(
        `picture ${number}`,
        () => page.$$eval("video", (videos) => videos.map((v) => window.probe.decodePicture(v))),
        (seen) => seen.includes(number),
        40_000,
      );

    const minimal = await open(browser, `${site.url}/minimal.html#${guestLink}`);
    await minimal.locator("button").click();
    await picture(minimal, 1);
    const audience = await open(browser, `${site.url}/audience.html#${guestLink}`);
    await audience.locator("button").click();
    await status(audience, (text) => text === "On screen: Ana");
    await picture(audience, 1);
    const bot = await open(browser, `${site.url}/bot.html#${guestLink}`);
    await status(bot, (text) => text === "In the room.");
    await status(minimal, (text) => text === "In the room: Ana, Audience, Bot");

    const listener = await Embedder.join(browser, guestLink, "Cy");
    await listener.write("!count", "Bot");
    await listener.hasLines([["Cy", "Bot", "!count"], ["Bot", "Cy", "3 people are here."]]);
    await minimal.locator("#leave").click();
    await status(minimal, (text) => text === "Ended: left");
  });
}
