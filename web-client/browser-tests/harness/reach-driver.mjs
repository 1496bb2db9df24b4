// Run inside the namespace `people` of a reach network: a Chromium and a French Firefox, and beside
// them a Chromium in the namespace `witness`, meet while the network does what networks do.
//
//   node reach-driver.mjs SETTINGS
//
// SETTINGS is JSON: names (of the namespaces), origin, authority, folder, cases. Prints one line of
// JSON for each case, with a row for each of the two browsers.
import { chmodSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import path from "node:path";

import { launch } from "./browsers.mjs";
import { trust } from "./certificates.mjs";
import { Person } from "./person.mjs";
import { MEDIA, ReachNetwork } from "./reach-network.mjs";
import { sleep, until } from "./until.mjs";

const { names, origin, authority, folder, cases } = JSON.parse(process.argv[2]);
const network = new ReachNetwork(names);

/** Longer than anything that is asserted: what takes so long is printed before it fails. */
const LIMIT_MS = 75_000;
/** Before a change in the middle of a call, so that it is not judged by what came before it. */
const REST_MS = 3_000;

const home = path.join(folder, "chromium-home");
trust(path.join(home, ".pki/nssdb"), authority);
const program = path.join(folder, "chromium-elsewhere");
const chromiumProgram = process.env.PREAU_CHROMIUM ?? "/usr/bin/chromium";
const start = `exec ip netns exec ${names.witness} ${chromiumProgram} "$@"`;
writeFileSync(program, `#!/bin/sh\n${start}\n`);
chmodSync(program, 0o755);

const elsewhere = await launch("chromium", { env: { HOME: home }, program });
let [chromium, firefox] = await startBrowsers();

const witness = await Person.at(elsewhere, 4);
/** The two whose network is changed, by the browser they use. */
const people = new Map();
let link = null;

const STORIES = {
  /** Everybody joins with nothing in the way. */
  async both() {
    return join(() => network.closeOnly());
  },

  async udp_only() {
    return join(() => network.closeOnly("tcpMedia"));
  },

  /** UDP is closed, and nothing else. */
  async tcp_only() {
    const rows = await join(() => network.closeOnly("udp"));
    await tellsOfTcp();
    return rows;
  },

  /** Media connections are closed too: what is left is TLS to the site itself. */
  async tls_only() {
    const rows = await join(() => network.closeOnly("udp", "tcpMedia"));
    await tellsOfTcp();
    return rows;
  },

  /** The home router maps them anew; nobody tells them. */
  async rebinding() {
    return during(() => network.rebind());
  },

  async address_change() {
    return during(() => network.changeAddress());
  },

  async first_line_dies() {
    const isSecond = (pair) => pair.includes(MEDIA[1]);
    return during(() => network.closeOnly("firstLine"), isSecond);
  },

  async udp_dies() {
    const rows = await during(() => network.closeOnly("udp"), (pair) => !isUdp(pair));
    await tellsOfTcp();
    return rows;
  },

  async udp_is_back() {
    const rows = await during(() => network.closeOnly(), isUdp);
    for (const person of people.values()) {
      await person.look("no word of TCP", detourText, (text) => text === "");
    }
    return rows;
  },

  async ipv6_only() {
    const rows = await join(() => {
      network.closeOnly();
      network.loseIpv4();
    });
    await leave();
    network.changeAddress();
    return rows;
  },

  /** Neither side is told; the link takes no more than IPv6 must carry (RFC 8200 §5). */
  async mtu_1280() {
    const rows = await join(() => {
      network.closeOnly();
      network.limitPackets(1280);
    });
    await leave();
    network.limitPackets(1500);
    return rows;
  },

  /**
   * Below that the browsers' own handshake is lost, and a TCP that was told its size passes. Such a
   * link has no IPv6: a browser that was open before it would wait for what it has open over that.
   */
  async mtu_1200() {
    await leave();
    await Promise.all([chromium.close(), firefox.close()]);
    [chromium, firefox] = await startBrowsers();
    const rows = await join(() => {
      network.closeOnly();
      network.loseIpv6();
      network.limitPackets(1200);
    });
    await leave();
    network.limitPackets(1500);
    network.changeAddress();
    return rows;
  },
};

try {
  await witness.open(origin);
  await witness.page.locator("#create-room").click();
  await witness.join();
  link = witness.page.url();
  for (const name of cases) {
    const rows = await STORIES[name]();
    console.log(JSON.stringify({ name, rows }));
  }
} finally {
  await Promise.all([chromium, firefox, elsewhere].map((browser) => browser.close()));
}

/** The two in the network that changes. */
async function startBrowsers() {
  const profile = await mkdtemp(path.join(folder, "firefox-"));
  trust(profile, authority);
  return Promise.all([
    launch("chromium", { env: { HOME: home } }),
    launch("firefox", { profile, language: "fr" }),
  ]);
}

/** Both come into the room anew, one after the other, on a network made ready for them. */
async function join(prepare) {
  await leave();
  prepare();
  const rows = [];
  for (const [kind, number] of [["chromium", 1], ["firefox", 2]]) {
    const person = await sitDown(kind, number);
    // A browser goes by the names and addresses of before for some seconds.
    const opened = () => person.open(link).then(() => "", String);
    await until(`${kind}: the page`, opened, (error) => error === "", LIMIT_MS);
    const others = [witness, ...people.values()];
    const connectedMs = await person.join();
    let ms = connectedMs + (await person.sees(others));
    for (const other of others) ms += await person.hears(other);
    people.set(kind, person);
    rows.push({ kind, connectedMs, ms });
  }
  const [first, second] = people.values();
  await first.sees([witness, second]);
  await first.hears(second);
  await witness.sees([first, second]);
  for (const person of people.values()) await witness.hears(person);
  return withPairs(rows);
}

async function leave() {
  for (const person of people.values()) {
    await person.leave();
    await person.page.close();
  }
  people.clear();
}

/** A profile given to Firefox holds for its default context alone. */
async function sitDown(kind, number) {
  return kind === "firefox"
    ? Person.in(await firefox.newPage(), number)
    : Person.in(await chromium.newPage(), number);
}

/**
 * What everybody notices of a change in the middle of the call, until media goes as it should and
 * all hear one another. `backMs` is the longest silence of the witness to each.
 */
async function during(change, isPair = () => true) {
  if (people.size === 0) {
    await STORIES.both();
  }
  await sleep(REST_MS);
  const all = [witness, ...people.values()];
  await evaluate(all, () => {
    window.probe.toldAt = null;
    window.probe.markTiles();
    window.probe.watchGaps();
  });
  await sleep(1_000);
  const offers = await evaluate([...people.values()], () => window.probe.offersMade);
  const start = performance.now();
  change();
  const rows = [];
  await Promise.all(
    [...people].map(async ([kind, person], index) => {
      await until(`${kind}: pair`, () => pairOf(person), (pair) => isPair(pair ?? ""), LIMIT_MS);
      rows[index] = { kind, ms: Math.round(performance.now() - start) };
    }),
  );
  // Silence is noticed after 2 s, a lost socket after as much again.
  await sleep(5_000);
  for (const person of all) {
    for (const other of all) if (other !== person) await person.hears(other);
  }
  const [witnessed, ...seen] = await evaluate(all, () => ({
    gaps: window.probe.gapsSeen(),
    toldAt: window.probe.toldAt,
    tilesKept: window.probe.tilesKept(),
    offersMade: window.probe.offersMade,
  }));
  rows.forEach((row, index) => {
    const person = [...people.values()][index];
    const { gaps, toldAt, tilesKept, offersMade } = seen[index];
    const { soundMs, soundAt, pictureMs } = gaps.find(({ name }) => name === witness.name);
    const heard = witnessed.gaps.find(({ name }) => name === person.name);
    Object.assign(row, {
      soundMs,
      pictureMs,
      sinceToldMs: toldAt === null ? null : Math.round(soundAt - toldAt),
      heardMs: heard.soundMs,
      tilesKept: tilesKept && witnessed.tilesKept,
      restarts: offersMade - offers[index],
    });
  });
  return withPairs(rows);
}

async function withPairs(rows) {
  for (const row of rows) row.pair = await pairOf(people.get(row.kind));
  return rows;
}

function isUdp(pair) {
  return pair.startsWith("udp ");
}

function pairOf(person) {
  return person.page.evaluate(() => window.probe.pair());
}

function detourText() {
  return document.querySelector("#detour[role=status]").textContent;
}

/** The page says that UDP is blocked, each in its language, and on demand what that means. */
async function tellsOfTcp() {
  for (const [kind, person] of people) {
    const sentence = {
      chromium: "Your network blocks UDP: the call goes by TCP\u00a0443.",
      firefox: "Votre réseau bloque l’UDP\u00a0: la réunion passe par TCP\u00a0443.",
    }[kind];
    await person.look("word of TCP", detourText, (text) => text === sentence);
    await person.page.locator("#detour-details summary").click();
    await person.screenshot(`detour-${kind}`);
    await person.page.locator("#detour-details summary").click();
  }
}

function evaluate(all, see) {
  return Promise.all(all.map(({ page }) => page.evaluate(see)));
}
