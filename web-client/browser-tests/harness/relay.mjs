// A bad network for media: `preau-load relay` in the router's namespace.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = path.join(
  process.env.PREAU_BINARY
    ? path.dirname(process.env.PREAU_BINARY)
    : fileURLToPath(new URL("../../../target/debug", import.meta.url)),
  "preau-load",
);

/**
 * @param {{ namespace: string, listen: string, to: string, folder: string, seed: number }} options
 *   `folder` is for its plans.
 */
export async function startRelay({ namespace, listen, to, folder, seed }) {
  const own = ["relay", "--listen", listen, "--to", to, "--seed", String(seed)];
  const child = spawn("ip", ["netns", "exec", namespace, PROGRAM, ...own], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the relay ended: ${PROGRAM}`);
    return JSON.parse(value);
  };
  const tell = (line) => {
    child.stdin.write(`${line}\n`);
    return answer();
  };
  await answer();
  return {
    /** Whoever has sent media so far is a receiver, in the words of plans. */
    markReceivers: () => tell("receivers"),

    /** Begins a plan, given as its text; says what was carried and lost since the line before. */
    async begin(plan) {
      const file = path.join(folder, "plan.toml");
      await writeFile(file, plan);
      return tell(`plan ${file}`);
    },

    /** Ends the plan; says what was carried and lost under it. */
    clear: () => tell("clear"),

    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}
