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
const END_WITHIN_MS = 4_000;

/**
 * @param {{ args?: string[], listen?: string, prefix?: string[] }} [options]
 *   `prefix` stands before the program, as `ip netns exec NAME` does; `args` behind its own.
 */
export async function startServer({ args = [], listen = "[::]:0", prefix = [] } = {}) {
  const data = await mkdtemp(path.join(os.tmpdir(), "preau-data-"));
  const metricsPort = await freePort();
  const start = (listen) => {
    const own = ["--data", data, "--listen", listen];
    const metrics = ["--metrics-listen", `127.0.0.1:${metricsPort}`];
    const [program, ...rest] = [...prefix, PROGRAM, ...own, ...metrics, ...args];
    return spawn(program, rest, { env: environment(), stdio: ["ignore", "pipe", "inherit"] });
  };
  let child = start(listen);
  const url = await readyUrl(child);
  const { port } = new URL(url);
  const operator = `http://127.0.0.1:${metricsPort}`;
  return {
    url,
    port: Number(port),

    /** Makes a room over HTTP. */
    async createRoom() {
      const response = await fetch(`${url}/api/v1/rooms`, { method: "POST" });
      if (!response.ok) throw new Error(`no room: ${response.status} ${await response.text()}`);
      const { room, host_link: hostLink, guest_link: guestLink } = await response.json();
      return { room, hostLink, guestLink };
    },

    /** What the node counts, by name; those with labels are left out. */
    async metrics() {
      const text = await (await fetch(`${operator}/metrics`)).text();
      const lines = text.split("\n").map((line) => line.split(" "));
      return new Map(lines.filter(([name]) => /^\w+$/.test(name)).map(([name, v]) => [name, +v]));
    },

    /** Takes the room's media apart and builds it again from its snapshots. */
    async restore(room) {
      const response = await fetch(`${operator}/rooms/${room}/restore`, { method: "POST" });
      if (!response.ok) throw new Error(`no restore: ${response.status} ${await response.text()}`);
    },

    /** Ends it by a signal and starts it again on the same port, with the same data. */
    async restart(signal) {
      await end(child, signal);
      child = start(listen.replace(/:0$/, `:${port}`));
      await readyUrl(child);
    },

    /** Ends it as a service manager does; rejects where it does not end cleanly. */
    async stop() {
      if (child.exitCode === null) {
        await end(child, "SIGTERM");
      }
      await rm(data, { recursive: true, force: true });
      if (child.exitCode !== 0) {
        throw new Error(`preau ended with ${child.exitCode ?? child.signalCode}`);
      }
    },
  };
}

/** The caller's settings are not the test's. */
function environment() {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith("PREAU_"));
  return { ...Object.fromEntries(entries), PREAU_LOG: process.env.PREAU_TEST_LOG ?? "warn" };
}

/** An end takes 2 s at most, people told; a loaded machine is given twice that. */
async function end(child, signal) {
  const start = performance.now();
  child.kill(signal);
  await once(child, "exit");
  const ms = Math.round(performance.now() - start);
  if (ms > END_WITHIN_MS) throw new Error(`preau took ${ms} ms to end by ${signal}`);
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
