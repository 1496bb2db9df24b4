// The program under test, on free ports, with a data folder that goes away with it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM =
  process.env.PREAU_BINARY ??
  fileURLToPath(new URL("../../../target/debug/preau", import.meta.url));

const READY_WITHIN_MS = 10_000;

/**
 * @param {{ args?: string[], listen?: string, prefix?: string[], quiet?: boolean }} [options]
 *   `prefix` stands before the program, as `ip netns exec NAME` does; `args` behind its own.
 */
export async function startServer({ args = [], listen = "[::]:0", prefix = [] } = {}) {
  const data = await mkdtemp(path.join(os.tmpdir(), "preau-data-"));
  const metricsPort = await freePort();
  const own = ["--data", data, "--listen", listen];
  const metrics = ["--metrics-listen", `127.0.0.1:${metricsPort}`];
  const [program, ...rest] = [...prefix, PROGRAM, ...own, ...metrics, ...args];
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("PREAU_"));
  const child = spawn(program, rest, {
    env: { ...Object.fromEntries(environment), PREAU_LOG: process.env.PREAU_TEST_LOG ?? "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await readyUrl(child);
  const operator = `http://127.0.0.1:${metricsPort}`;
  return {
    url,
    port: Number(new URL(url).port),

    /** Makes a room over HTTP; links begin with `origin`. */
    async createRoom(origin = url) {
      const response = await fetch(`${origin}/api/v1/rooms`, { method: "POST" });
      if (!response.ok) throw new Error(`no room: ${response.status} ${await response.text()}`);
      const { room, host_link: hostLink, guest_link: guestLink } = await response.json();
      return { room, hostLink, guestLink };
    },

    /** Takes the room's media apart and builds it again from its snapshots. */
    async restore(room) {
      const response = await fetch(`${operator}/rooms/${room}/restore`, { method: "POST" });
      if (!response.ok) throw new Error(`no restore: ${response.status} ${await response.text()}`);
    },

    /** The sum of a metric over its labels, 0 while nothing was counted. */
    async metric(name) {
      const text = await (await fetch(`${operator}/metrics`)).text();
      const lines = text.split("\n").filter((line) => line.startsWith(name));
      return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    },

    /** Ends it as a service manager does; rejects where it does not end cleanly. */
    async stop() {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      await rm(data, { recursive: true, force: true });
      if (child.exitCode !== 0) {
        throw new Error(`preau ended with ${child.exitCode ?? child.signalCode}`);
      }
    },
  };
}

async function readyUrl(child) {
  const timer = setTimeout(() => child.kill("SIGKILL"), READY_WITHIN_MS);
  for await (const line of readline.createInterface({ input: child.stdout })) {
    if (line.startsWith("ready ")) {
      clearTimeout(timer);
      return line.slice("ready ".length);
    }
  }
  clearTimeout(timer);
  throw new Error(`preau did not get ready: ${PROGRAM}`);
}

async function freePort() {
  const holder = net.createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address();
  holder.close();
  await once(holder, "close");
  return port;
}
