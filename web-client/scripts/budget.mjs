// Prints what a browser loads, and fails over either budget: 60 kB of JavaScript for a room page,
// and 100 kB for everything: page, styles, and every script that a person may come to open. Sizes
// are gzipped. A person loads one language: the heaviest counts.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ROOM_BYTES_MAX = 60_000;
const EVERYTHING_BYTES_MAX = 100_000;

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const page = readFileSync(join(dist, "index.html"), "utf8");
const named = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path]) => path);
// Scripts and their preloads; there is no other way in, as the CSP allows no inline script.
const entries = named.filter((path) => path.endsWith(".js"));
if (entries.length === 0) {
  throw new Error("dist/index.html names no script: is the client built?");
}

const all = reachable(entries, /["'`](?:\.\/|\/?assets\/)([\w.-]+\.js)["'`]/g);
// A language is two files: the words that a page begins with, and those of what is opened later.
const words = all.filter((path) => path.startsWith("assets/locale-"));
const first = heaviest(words.filter((path) => path.includes("-first-")));
const later = heaviest(words.filter((path) => path.includes("-later-")));
const scripts = all.filter((path) => [first, later].includes(path) || !words.includes(path));
// What is imported by `from`, not on demand; and the words without which nothing is drawn.
const atOnce = [...reachable(entries, /(?:from|import)["']\.\/([\w.-]+\.js)["']/g), first];
const others = ["index.html", ...named.filter((path) => path.endsWith(".css"))];

for (const path of scripts) {
  const note = atOnce.includes(path) ? "" : "  on demand";
  console.log(`${kilobytes(size(path))}  ${path}${note}`);
}
const room = sum(atOnce);
const everything = sum([...others, ...scripts]);
const [roomMax, everythingMax] = [ROOM_BYTES_MAX, EVERYTHING_BYTES_MAX].map(kilobytes);
console.log(`${kilobytes(room)}  of ${roomMax} for the room page (gzip)`);
console.log(`${kilobytes(everything)}  of ${everythingMax} for everything`);
console.log(`${kilobytes(sum(words))}  all languages together`);
console.log(`${kilobytes(size("sdk.js"))}  sdk.js, apart`);
process.exitCode = room > ROOM_BYTES_MAX || everything > EVERYTHING_BYTES_MAX ? 1 : 0;

/** Scripts that the entries lead to, and those that these lead to. */
function reachable(entries, reference) {
  const found = new Set(entries);
  const built = new Set(readdirSync(join(dist, "assets")));
  for (const path of found) {
    const text = readFileSync(join(dist, path), "utf8");
    for (const [, name] of text.matchAll(reference)) {
      if (built.has(name)) found.add(`assets/${name}`);
    }
  }
  return [...found];
}

/** Of the files of the same words in each language; there are French and English. */
function heaviest(files) {
  if (files.length < 2) {
    throw new Error("French and English are not both built");
  }
  return files.reduce((one, other) => (size(one) >= size(other) ? one : other));
}

function size(path) {
  return gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;
}

function sum(paths) {
  return paths.reduce((total, path) => total + size(path), 0);
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(8);
}
