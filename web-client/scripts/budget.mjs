// Prints what a browser loads for a room, and fails over the budget of 60 kB gzip JavaScript.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 60_000;

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const page = readFileSync(join(dist, "index.html"), "utf8");
// Scripts and their preloads; there is no other way in, as the CSP allows no inline script.
const scripts = [...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, path]) => path);
if (scripts.length === 0) {
  throw new Error("dist/index.html names no script: is the client built?");
}

let total = 0;
for (const path of new Set([...scripts, ...scripts.flatMap(imports)])) {
  const size = gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;
  total += size;
  console.log(`${kilobytes(size)}  ${path}`);
}
console.log(`${kilobytes(total)}  of ${kilobytes(BUDGET_BYTES)} for the room page (gzip)`);
console.log(
  `${kilobytes(gzipSync(readFileSync(join(dist, "sdk.js")), { level: 9 }).length)}  sdk.js, apart`,
);
process.exitCode = total > BUDGET_BYTES ? 1 : 0;

/** Chunks that a script asks for while it runs, which count as well. */
function imports(path) {
  const text = readFileSync(join(dist, path), "utf8");
  return [...text.matchAll(/["'`]\.\/([\w.-]+\.js)["'`]/g)].map(([, name]) => `assets/${name}`);
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(8);
}
