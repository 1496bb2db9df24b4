// A page that embeds the SDK writes to others, as the README shows it.
import assert from "node:assert/strict";

import { openNetwork } from "./harness/network.mjs";
import { Embedder } from "./harness/embedder.mjs";
import { onStage } from "./harness/stage.mjs";

onStage("people write to all, to one, and over a lost socket", async (stage) => {
  const server = await stage.server();
  const network = await openNetwork(server.port);
  stage.onEnd(() => network.close());
  const { guestLink } = await server.createRoom();
  const [chromium, firefox] = [await stage.browser("chromium"), await stage.browser("firefox")];
  const ana = await Embedder.join(chromium, guestLink.replace(server.url, network.url), "Ana");
  const bo = await Embedder.join(firefox, guestLink, "Bo");
  const cy = await Embedder.join(chromium, guestLink, "Cy");

  assert.equal(await ana.write("  Bonjour,\nça va ? 👩‍🚀 "), "passed on");
  for (const person of [ana, bo, cy]) {
    await person.hasLines([["Ana", null, "Bonjour,\nça va ? 👩‍🚀"]]);
  }
  assert.equal(await bo.write("psst", "Ana"), "passed on");
  assert.equal(await cy.write("third"), "passed on");
  const [all, psst, third] = [
    ["Ana", null, "Bonjour,\nça va ? 👩‍🚀"],
    ["Bo", "Ana", "psst"],
    ["Cy", null, "third"],
  ];
  await ana.hasLines([all, psst, third]);
  await bo.hasLines([all, psst, third]);
  await cy.hasLines([all, third]);

  network.down();
  await ana.isConnectedAs("reconnecting_signaling");
  assert.equal(await bo.write("meanwhile"), "passed on");
  const fate = ana.write("from the dark");
  network.up();
  assert.equal(await fate, "passed on");
  const last = [["Bo", null, "meanwhile"], ["Ana", null, "from the dark"]];
  await ana.hasLines([all, psst, third, ...last]);
  await cy.hasLines([all, third, ...last]);

  assert.equal(await ana.write("x".repeat(2_001)), "bad_text");
  await cy.leave();
  await ana.isWith(["Ana", "Bo"]);
  assert.equal(await ana.write("too late", "Cy"), "unknown_participant");
  await bo.hasLines([all, psst, third, ...last]);
});
