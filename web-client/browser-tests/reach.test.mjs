// Whom the network is in the way of: closed ports, other addresses, small packets. One call of
// three goes through it all, of which a Chromium and a Firefox are in the network that changes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { makeCertificates } from "./harness/certificates.mjs";
import { makeReachNetwork, MEDIA, NAME } from "./harness/reach-network.mjs";
import { startServer } from "./harness/server.mjs";

/** For a machine with other things to do: what is promised times this is what is asserted. */
const PATIENCE = 4;

const [FIRST_LINE, SECOND_LINE, MEDIA_V6] = MEDIA.map((address) => `${address}:443`);

/** The longest waits a minute for UDP. */
const STORY_MS_MAX = 150_000;

/** The node's own connections. */
const VIA_TCP = [`tcp ${FIRST_LINE}`, `tcp ${SECOND_LINE}`, `tcp ${MEDIA_V6}`];

/** The stories in their order, with what is promised of each row. */
const STORIES = [
  {
    name: "both",
    promise: "where everything is open, media go by UDP",
    check: (row) => {
      assert.equal(row.pair, `udp ${FIRST_LINE}`);
      joinsWithin(5_000, row);
    },
  },
  {
    name: "rebinding",
    promise: "a home router that forgets its mapping is survived, and nobody notices another",
    check: (row) => goesOn(4_000, row),
  },
  {
    name: "address_change",
    promise: "another address is survived: the same tiles, sound 1 s after signaling is back",
    check: (row) => {
      goesOn(null, row);
      assert.notEqual(row.sinceToldMs, null, "signaling was lost and is back");
      assert.ok(row.sinceToldMs <= PATIENCE * 1_000, "sound follows signaling");
    },
  },
  {
    name: "first_line_dies",
    promise: "when one of the server's two lines dies, media go by the other",
    check: (row) => {
      goesOn(4_000, row);
      assert.equal(row.pair, `udp ${SECOND_LINE}`);
    },
  },
  {
    name: "udp_dies",
    promise: "UDP that is blocked in the middle of a call is replaced by TCP, and the page says so",
    check: (row) => {
      goesOn(4_000, row);
      assert.ok(VIA_TCP.includes(row.pair), row.pair);
    },
  },
  {
    name: "udp_is_back",
    needs: "udp_dies",
    promise: "UDP that is open again is used again within a minute, and sound is not cut",
    check: (row) => {
      goesOn(500, row);
      assert.match(row.pair, /^udp /);
      assert.ok(row.ms <= 60_000, `${row.kind} uses UDP again after ${row.ms} ms`);
    },
  },
  {
    name: "tcp_only",
    promise: "where UDP is closed three meet over TCP 443, and the page says so",
    check: (row) => {
      joinsWithin(5_000, row);
      assert.ok(VIA_TCP.includes(row.pair), row.pair);
    },
  },
  {
    name: "tls_only",
    promise: "where only TLS to the site passes, three meet over the relay, and the page says so",
    check: (row) => {
      joinsWithin(5_000, row);
      assert.match(row.pair, /^tls relay /);
    },
  },
  {
    name: "ipv6_only",
    promise: "people without IPv4 join",
    check: (row) => {
      assert.equal(row.pair, `udp ${MEDIA_V6}`);
      joinsWithin(5_000, row);
    },
  },
  {
    name: "mtu_1280",
    promise: "a link that takes 1280 bytes and says nothing carries a call",
    check: (row) => {
      assert.equal(row.pair, `udp ${FIRST_LINE}`);
      joinsWithin(5_000, row);
    },
  },
  {
    name: "udp_only",
    promise: "where only UDP is open to media, a call needs no more",
    check: (row) => {
      assert.equal(row.pair, `udp ${FIRST_LINE}`);
      joinsWithin(5_000, row);
    },
  },
  {
    name: "mtu_1200",
    promise: "a link that swallows the browsers' handshake over UDP is got round by TCP",
    check: (row) => {
      joinsWithin(10_000, row);
      assert.doesNotMatch(row.pair, /^udp /);
    },
  },
];

let driver = null;
const told = [];

after(async () => {
  for (const line of table(told)) console.log(line);
  await driver?.end();
});

for (const [index, { promise }] of STORIES.entries()) {
  test(promise, { timeout: 2 * STORY_MS_MAX }, async (context) => {
    if (process.getuid() !== 0) {
      context.skip("network namespaces need root: run the browser tests as root to include it");
      return;
    }
    try {
      await tell(index, context);
    } catch (error) {
      // As in `onStage`: once more from the beginning, because a loaded machine stalls browsers.
      context.diagnostic(`unsteady: ${String(error.message).split("\n", 1)[0]}`);
      await driver?.end();
      driver = null;
      await tell(index, context);
    }
  });
}

/** The driver goes from one story to the next by itself. */
async function tell(index, context) {
  const { name, needs = name, check } = STORIES[index];
  const first = STORIES.findIndex((story) => story.name === needs);
  driver ??= await startDriver(STORIES.slice(first).map((story) => story.name));
  const story = await driver.next(name);
  for (const row of story.rows) context.diagnostic(JSON.stringify(row));
  assert.deepEqual(story.rows.map(({ kind }) => kind), ["chromium", "firefox"]);
  story.rows.forEach(check);
  told.push(story);
}

/** From the button's press until everybody there is seen and heard. */
function joinsWithin(msMax, row) {
  assert.ok(row.ms <= PATIENCE * msMax, `${row.kind} joins within ${msMax} ms times ${PATIENCE}`);
}

function goesOn(msMax, row) {
  assert.ok(row.tilesKept, `${row.kind}: the same tiles, and no other`);
  const silentMs = Math.max(row.soundMs, row.heardMs);
  assert.ok(
    msMax === null || silentMs <= PATIENCE * msMax,
    `${row.kind}: sound is back within ${msMax} ms times ${PATIENCE}`,
  );
}

/** A server behind the network, and the browsers inside of it. */
async function startDriver(cases) {
  const endings = [];
  const end = async () => {
    for (const ending of endings.reverse()) await ending();
  };
  try {
    const folder = await mkdtemp(path.join(os.tmpdir(), "preau-reach-"));
    endings.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const certificates = makeCertificates(folder, NAME);
    const { names, close } = makeReachNetwork();
    endings.push(async () => close());
    const origin = `https://${NAME}`;
    const server = await startServer({
      prefix: ["ip", "netns", "exec", names.server],
      listen: "[::]:443",
      args: [
        ...["--tls-cert", certificates.chain, "--tls-key", certificates.key],
        ...["--public-url", origin, ...MEDIA.flatMap((address) => ["--advertise", address])],
      ],
    });
    endings.push(() => server.stop());
    const settings = { names, origin, authority: certificates.authority, folder, cases };
    const script = fileURLToPath(new URL("harness/reach-driver.mjs", import.meta.url));
    const inside = ["netns", "exec", names.people, process.execPath, script];
    const child = spawn("ip", [...inside, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    endings.push(async () => {
      child.kill("SIGTERM");
      await ended;
    });
    const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (name) => {
      for (;;) {
        const { value, done } = await lines.next();
        assert.ok(!done, `the driver ended before it had told ${name}`);
        const story = JSON.parse(value);
        if (story.name === name) return story;
      }
    };
    return { next, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function table(stories) {
  const heads = ["story", "browser", "pair", "joined ms", "moved ms", "silent ms", "not heard ms"];
  const rows = stories.flatMap(({ name, rows }) =>
    rows.map(({ kind, pair, connectedMs, ms, soundMs, heardMs, sinceToldMs }) => [
      ...[name, kind, pair],
      ...(soundMs === undefined ? [`${ms} (${connectedMs})`, "-"] : ["-", ms]),
      ...[soundMs ?? "-", heardMs ?? "-", sinceToldMs ?? "-"],
    ]),
  );
  const lines = [[...heads, "since told ms"], ...rows];
  const widths = lines[0].map((_, column) =>
    Math.max(...lines.map((line) => String(line[column]).length)),
  );
  return lines.map((line) => line.map((cell, at) => String(cell).padEnd(widths[at])).join("  "));
}
