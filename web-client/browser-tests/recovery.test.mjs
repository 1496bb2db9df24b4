// What people notice of others' coming and going, of a reload, of a lost network: nothing.
import assert from "node:assert/strict";

import { meet } from "./harness/meeting.mjs";
import { openNetwork } from "./harness/network.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep, until } from "./harness/until.mjs";

/** At 15 frames a second and on a loaded machine. */
const GAP_MS_MAX = 1_000;

onStage("coming and going costs the others no offer and no answer", async (stage) => {
  const { guestLink, people: [first, second] } = await meet(stage, ["chromium", "chromium"]);
  const chromium = await stage.browser("chromium");
  const negotiations = await Promise.all([first, second].map(negotiationsOf));

  for (const number of [5, 6]) {
    const visitor = await Person.at(chromium, number);
    await visitor.open(guestLink);
    await visitor.join();
    await visitor.sees([first, second]);
    await first.sees([second, visitor]);
    await second.sees([first, visitor]);
    await visitor.leave();
    await first.sees([second]);
    await second.sees([first]);
    await visitor.close();
  }
  assert.deepEqual(await Promise.all([first, second].map(negotiationsOf)), negotiations);
  stage.note(`offers and answers of who stayed: ${JSON.stringify(negotiations)}`);
});

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: media go on while the WebSocket is lost, and it resumes`, async (stage) => {
    const server = await stage.server();
    const network = await openNetwork(server.port);
    stage.onEnd(() => network.close());
    const around = { kind, via: network.url };
    const { people: [one, other] } = await meet(stage, [around, "chromium"], { server });
    const before = await one.call();

    network.down();
    await one.look(
      "the lost socket is noticed",
      () => window.probe.call(),
      ({ connection }) => connection === "reconnecting_signaling",
    );
    const inPages = (see) => Promise.all([one, other].map(({ page }) => page.evaluate(see)));
    await inPages(() => window.probe.watchGaps());
    await sleep(3_000);
    const gaps = await inPages(() => window.probe.gapsSeen());
    // What happens meanwhile is not lost.
    await other.page.locator("#camera").click();
    network.up();
    const mended = await one.look(
      "the session is resumed",
      () => window.probe.call(),
      ({ connection }) => connection === "connected",
      40_000,
    );
    stage.note(`3 s without a WebSocket: ${JSON.stringify(gaps)}`);
    stage.note(`resumed ${mended.ms} ms after the network was back`);
    for (const { frames, pictureMs, soundMs } of gaps.flat()) {
      assert.ok(frames > 10 && pictureMs < GAP_MS_MAX && soundMs < GAP_MS_MAX);
    }

    await one.look(
      "the camera turned off meanwhile is off",
      () => document.querySelectorAll('.tile[data-self="false"] video').length,
      (videos) => videos === 0,
    );
    await other.page.locator("#camera").click();
    await one.sees([other]);
    const after = await one.call();
    assert.equal(after.connections, before.connections, "one connection for the whole call");
    const { signaling } = await one.page.evaluate(() => window.preau.call.stats());
    assert.deepEqual(
      [signaling.malformedMessages, signaling.missingMessages, signaling.lostSockets >= 1],
      [0, 0, true],
    );
  });
}

for (const kind of ["chromium", "firefox"]) {
  onStage(`${kind}: a reload leads straight back, as one person`, async (stage) => {
    const { people: [one, other] } = await meet(stage, [kind, "chromium"]);
    await one.page.locator("#microphone").click();
    const before = await negotiationsOf(other);
    const identity = () => ({
      people: window.preau?.call?.participants.map(({ name, role }) => `${name}, ${role}`).sort(),
      microphone: document.querySelector("#microphone")?.ariaPressed,
      camera: document.querySelector("#camera")?.ariaPressed,
    });
    const identityBefore = await one.page.evaluate(identity);
    assert.deepEqual([identityBefore.microphone, identityBefore.camera], ["false", "true"]);

    const start = performance.now();
    await one.page.reload();
    await one.isConnected();
    stage.note(`in the room again ${Math.round(performance.now() - start)} ms after the reload`);
    assert.deepEqual(await one.page.evaluate(identity), identityBefore);
    await one.sees([other]);
    await other.sees([one]);
    await one.hears(other);
    assert.deepEqual(await negotiationsOf(other), before);

    // Who leaves, and who opens the link anew, is asked again.
    await one.leave();
    await one.page.reload();
    await one.page.waitForSelector("#name");
  });
}

for (const signal of ["SIGTERM", "SIGKILL"]) {
  onStage(`after ${signal} and a restart people find each other again`, async (stage) => {
    const { server, people } = await meet(stage, ["chromium", "firefox"]);
    const [one, other] = people;

    await server.restart(signal);
    const start = performance.now();
    for (const person of people) {
      await person.look(
        "a new session",
        () => window.probe.call(),
        ({ connections, connection }) => connections > 1 && connection === "connected",
        60_000,
      );
    }
    await one.sees([other]);
    await other.sees([one]);
    await one.hears(other);
    await other.hears(one);
    stage.note(`together again ${Math.round(performance.now() - start)} ms after the restart`);
  });
}

async function negotiationsOf(person) {
  const { connections, offersMade, answersTaken } = await person.call();
  return { connections, offersMade, answersTaken };
}
