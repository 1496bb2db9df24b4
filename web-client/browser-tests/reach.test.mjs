// The server behind 1:1 NAT with HTTPS, people in another network: Chromium and Firefox meet there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { makeCertificates } from "./harness/certificates.mjs";
import { makeNamespaces, PUBLIC_ADDRESS, PUBLIC_NAME } from "./harness/namespaces.mjs";
import { onStage } from "./harness/stage.mjs";

/** Not 443: Chromium drops candidates on it at private addresses, and other tests use those. */
const PORT = 8443;

onStage("people in another network join over HTTPS through 1:1 NAT", async (stage) => {
  if (process.getuid() !== 0) {
    stage.skip("network namespaces need root: run the browser tests as root to include this one");
    return;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "preau-reach-"));
  stage.onEnd(() => rm(folder, { recursive: true, force: true }));
  const certificates = makeCertificates(folder, PUBLIC_NAME);
  const namespaces = makeNamespaces();
  stage.onEnd(async () => namespaces.close());
  const origin = `https://${PUBLIC_NAME}:${PORT}`;
  await stage.server({
    prefix: ["ip", "netns", "exec", namespaces.server],
    listen: `0.0.0.0:${PORT}`,
    args: [
      ...["--tls-cert", certificates.chain, "--tls-key", certificates.key],
      ...["--public-url", origin, "--advertise", PUBLIC_ADDRESS],
    ],
  });

  const driver = fileURLToPath(new URL("harness/call-from-namespace.mjs", import.meta.url));
  const command = ["netns", "exec", namespaces.people, process.execPath, driver];
  const run = promisify(execFile);
  const { stdout } = await run("ip", [...command, origin, certificates.authority, folder]);
  const seen = JSON.parse(stdout.trim().split("\n").at(-1));
  stage.note(`media ${seen.hostMs} and ${seen.guestMs} ms after pressing join`);
  stage.note(`media flow over ${seen.paths.flat().join(", ")}`);
  assert.ok(seen.secure);
  assert.ok(seen.url.startsWith(`${origin}/`), seen.url);
  assert.deepEqual(seen.paths, [[`udp ${PUBLIC_ADDRESS}`], [`udp ${PUBLIC_ADDRESS}`]]);
});
