// Runs all stories: `npm run browsers [FILE…]`, where a file is named as `call` or `stage`.
//
// Two files are told side by side, because stories wait more than they compute. Those that assert
// times are beside those that mostly wait; what is left goes to whichever lane is free. Each file's
// report is printed in one piece.
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** Stories that mostly wait: for what networks do, for somebody who is asleep. */
const WAITING = ["reach", "impairment", "sleep"];

/** Stories that assert how long something takes, or how evenly it goes on. */
const BY_THE_CLOCK = ["constraints", "fallback", "recovery", "restore", "stage"];

const ENDING = ".test.mjs";
const known = (await readdir(FOLDER))
  .filter((name) => name.endsWith(ENDING))
  .map((name) => name.slice(0, -ENDING.length))
  .sort();
const chosen = process.argv.length > 2 ? process.argv.slice(2) : known;
const stray = chosen.find((name) => !known.includes(name));
if (stray !== undefined) {
  console.error(`there is no file ${stray}; there are ${known.join(", ")}`);
  process.exit(2);
}

const among = (names) => names.filter((name) => chosen.includes(name));
const rest = chosen.filter((name) => ![...WAITING, ...BY_THE_CLOCK].includes(name));
const codes = await Promise.all([among(WAITING), among(BY_THE_CLOCK)].map(tellInTurn));
process.exitCode = Math.max(...codes);

/** Tells these files one after the other, then of the rest; the worst exit code. */
async function tellInTurn(names) {
  const next = () => names.shift() ?? rest.shift();
  let worst = 0;
  for (let name = next(); name !== undefined; name = next()) {
    worst = Math.max(worst, await tell(name));
  }
  return worst;
}

function tell(name) {
  const start = performance.now();
  const child = spawn(process.execPath, ["--test", path.join(FOLDER, name + ENDING)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const report = [];
  child.stdout.on("data", (piece) => report.push(piece));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      const seconds = ((performance.now() - start) / 1_000).toFixed(1);
      process.stdout.write(Buffer.concat(report));
      console.log(`${name} took ${seconds} s`);
      resolve(code ?? 1);
    });
  });
}
