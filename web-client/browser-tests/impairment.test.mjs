// What a bad network does to picture and sound, as the browsers themselves count it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { makeCertificates } from "./harness/certificates.mjs";
import {
  makeNamespaces,
  PUBLIC_ADDRESS,
  PUBLIC_NAME,
  SERVER_ADDRESS,
} from "./harness/namespaces.mjs";
import { onStage } from "./harness/stage.mjs";

const PORT = 8443;

/** In bits per second. */
const SEND_ESTIMATE_MIN = 1_000_000;

/** The plans of `preau-load sim`; `both` ways, so that the round trip is twice the delay. */
const both = (fields) => `[[network]]\ndirection = "both"\n${fields}\n`;
const down = (fields) => `[[network]]\n${fields}\n`;
const plan = (seconds, ...steps) => `seconds = ${seconds}\n${steps.join("")}`;

const STORIES = [
  {
    name: "5 % loss, 60 ms",
    seconds: 10,
    plan: plan(10, both("delay_ms = 30"), down("delay_ms = 30\nloss_percent = 5")),
  },
  {
    name: "bursts of loss",
    seconds: 10,
    plan: plan(
      10,
      both("delay_ms = 20"),
      down("delay_ms = 20\nburst = { begin_percent = 0.5, end_percent = 20, loss_percent = 70 }"),
    ),
  },
  {
    name: "jitter and disorder",
    seconds: 8,
    plan: plan(8, both("delay_ms = 40\njitter_ms = 30\nreorder_percent = 2")),
  },
  {
    name: "2 to 0.7 Mb/s and back",
    seconds: 28,
    plan: plan(
      28,
      down("delay_ms = 20\nrate_kbps = 2000"),
      down("at = 6\ndelay_ms = 20\nrate_kbps = 700"),
      down("at = 16\ndelay_ms = 20\nrate_kbps = 2000"),
    ),
  },
  {
    name: "3 s of nothing",
    seconds: 12,
    plan: plan(
      12,
      both("at = 2\ndelay_ms = 0\nloss_percent = 100"),
      both("at = 5\ndelay_ms = 0"),
    ),
  },
];

onStage("picture and sound live through bad networks", async (stage) => {
  if (process.getuid() !== 0) {
    stage.skip("network namespaces need root: run the browser tests as root to include this one");
    return;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "preau-impairment-"));
  stage.onEnd(() => rm(folder, { recursive: true, force: true }));
  const certificates = makeCertificates(folder, PUBLIC_NAME);
  const namespaces = makeNamespaces({ relay: true });
  stage.onEnd(async () => namespaces.close());
  const homeUrl = `https://${PUBLIC_NAME}:${PORT}`;
  await stage.server({
    prefix: ["ip", "netns", "exec", namespaces.server],
    listen: `0.0.0.0:${PORT}`,
    args: [
      ...["--tls-cert", certificates.chain, "--tls-key", certificates.key],
      ...["--public-url", homeUrl, "--advertise", PUBLIC_ADDRESS],
    ],
  });

  const settings = {
    homeUrl,
    authority: certificates.authority,
    folder,
    stories: STORIES,
    relay: {
      namespace: namespaces.router,
      listen: `${PUBLIC_ADDRESS}:${PORT}`,
      to: `${SERVER_ADDRESS}:${PORT}`,
      seed: 1,
    },
  };
  const driver = fileURLToPath(new URL("harness/call-through-relay.mjs", import.meta.url));
  const command = ["netns", "exec", namespaces.people, process.execPath, driver];
  const run = promisify(execFile);
  const { stdout } = await run("ip", [...command, JSON.stringify(settings)]);
  const stories = stdout.trim().split("\n").map((line) => JSON.parse(line));
  for (const line of table(stories)) stage.note(line);
  assert.equal(stories.length, STORIES.length);
  for (const { name, got, carried } of stories) {
    assert.ok(carried.down > 0, `${name}: the relay is in the way`);
    for (const [kind, { picture, voice }] of Object.entries(got)) {
      const where = `${name}, ${kind}`;
      assert.ok(picture.frames > 0 && voice.samples > 0, `${where}: picture and sound go on`);
    }
  }
  // Whoever is watched has a clean line, but is told to send less while nobody has room for more,
  // and an estimate does not grow by what is not sent. Without word of arrivals Chromium never
  // leaves 300 kb/s.
  const sendEstimate = Math.max(...stories.map((story) => story.sendEstimate ?? 0));
  assert.ok(sendEstimate > SEND_ESTIMATE_MIN, `the uplink is told of arrivals: ${sendEstimate}`);
});

/** The stories as lines of text: one for each receiver. */
function table(stories) {
  const rows = stories.flatMap(({ name, seconds, got, carried, lost, sendEstimate }) =>
    Object.entries(got).map(([kind, { picture, voice, heights }]) => [
      name,
      kind,
      picture.frames,
      Math.round((8 * picture.bytes) / seconds / 1_000),
      picture.freezes ?? "-",
      picture.frozenS === null ? "-" : picture.frozenS.toFixed(2),
      voice.samples ? percent(voice.concealed - voice.silent, voice.samples) : "-",
      picture.lost,
      picture.repaired ?? "-",
      picture.nacks,
      picture.keyframeRequests,
      ladder(heights),
      `${percent(lost.down, carried.down)} of ${carried.down}`,
      sendEstimate === null ? "-" : Math.round(sendEstimate / 1_000),
    ]),
  );
  const heads = ["network", "receiver", "frames", "kb/s", "freezes", "frozen s", "concealed %"];
  const more = ["lost", "repaired", "NACK", "PLI", "heights at seconds", "relay lost %", "up kb/s"];
  const lines = [[...heads, ...more], ...rows];
  const widths = lines[0].map((_, column) =>
    Math.max(...lines.map((line) => String(line[column]).length)),
  );
  return lines.map((line) => line.map((cell, i) => String(cell).padEnd(widths[i])).join("  "));
}

const percent = (part, whole) => ((100 * part) / Math.max(whole, 1)).toFixed(1);

/** Only where the height changes. */
function ladder(heights) {
  const changes = heights.filter(([, height], place) => height !== heights[place - 1]?.[1]);
  return changes.map(([at, height]) => `${height}@${at}`).join(" ");
}
