// Pictures of the main views, for people to look at: `cargo xtask screenshots [--only VIEW]…`.
//
// One person at the real page, with a crowd beside them, goes through `views.mjs` once for each
// language; each view is taken in the sizes and themes below. The pictures and `index.html`, which
// shows them all, go to the folder in PREAU_SCREENSHOTS.
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { launch } from "./harness/browsers.mjs";
import { Scene } from "./screenshots/scene.mjs";
import { VIEWS } from "./screenshots/views.mjs";

const SIZES = {
  phone: { width: 390, height: 844 },
  small: { width: 320, height: 640 },
  landscape: { width: 844, height: 390 },
  laptop: { width: 1366, height: 768 },
  projector: { width: 1920, height: 1080 },
};

/** Not the whole product: the two sizes that most people have, and each other one once. */
const SHOTS = [
  ...["phone", "laptop"].flatMap((size) => [
    { size, theme: "light", languages: ["fr", "en"] },
    { size, theme: "dark", languages: ["fr", "en"] },
  ]),
  { size: "small", theme: "light", languages: ["fr"] },
  { size: "landscape", theme: "dark", languages: ["fr"] },
  { size: "projector", theme: "light", languages: ["fr"] },
];

const FOLDER =
  process.env.PREAU_SCREENSHOTS ??
  fileURLToPath(new URL("../../target/screenshots", import.meta.url));

const views = chosen(process.argv.slice(2));
if (views.length === VIEWS.length) await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
const taken = [];
for (const language of ["fr", "en"]) await takeAll(language);
await writeFile(path.join(FOLDER, "index.html"), contactSheet(taken));
console.log(`${taken.length} screenshots in ${FOLDER}; open index.html there to see them all`);

/** The views named behind `--only`, each with one of its own, else all. */
function chosen(given) {
  const known = VIEWS.map(({ name }) => name);
  const names = given.filter((_word, index) => index % 2 === 1);
  const flags = given.filter((_word, index) => index % 2 === 0);
  if (flags.some((flag) => flag !== "--only") || flags.length !== names.length) {
    console.error("usage: cargo xtask screenshots [--only VIEW]…");
    process.exit(2);
  }
  const stray = names.find((name) => !known.includes(name));
  if (stray !== undefined) {
    console.error(`there is no view ${stray}; there are ${known.join(", ")}`);
    process.exit(2);
  }
  return names.length === 0 ? VIEWS : VIEWS.filter(({ name }) => names.includes(name));
}

async function takeAll(language) {
  const browser = await launch("chromium", { language });
  const scene = new Scene(browser);
  const shots = SHOTS.filter(({ languages }) => languages.includes(language));
  try {
    for (const view of views) {
      await scene.show(view);
      for (const { size, theme } of shots) {
        const name = [view.name, size, theme, language].join("-") + ".png";
        await scene.take(SIZES[size], theme, path.join(FOLDER, name));
        taken.push({ view: view.name, name });
      }
      await scene.leave(view);
    }
  } finally {
    await scene.close();
    await browser.close();
  }
}

/** All pictures on one page, small; a click shows one as it is. */
function contactSheet(pictures) {
  const sections = VIEWS.flatMap(({ name: view }) => {
    const own = pictures.filter((picture) => picture.view === view);
    if (own.length === 0) return [];
    const figures = own.map(
      ({ name }) =>
        `<a href="${name}"><img src="${name}" alt="" loading="lazy"><br>${name}</a>`,
    );
    return [`<h2>${view}</h2><div>${figures.join("\n")}</div>`];
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Screenshots</title>
<style>
  body { font: 16px system-ui; }
  div { display: flex; flex-wrap: wrap; gap: 16px; align-items: start; }
  img { max-width: 360px; max-height: 360px; border: 1px solid #888; }
  a { max-width: 360px; overflow-wrap: anywhere; font-size: 12px; }
</style>
${sections.join("\n")}
</html>
`;
}
