// What people notice of others' coming and going, of a reload, of a lost network: nothing.
import assert from "node:assert/strict";

import { openNetwork } from "./harness/network.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep, until } from "./harness/until.mjs";

onStage("coming and going costs the others no offer and no answer", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const chromium = await stage.browser("chromium");
  const [first, second] = [await Person.at(chromium, 1), await Person.at(chromium, 2)];
  for (const person of [first, second]) {
    await person.open(guestLink);
    await person.join();
  }
  await first.sees([second]);
  await second.sees([first]);
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
    const { room, guestLink } = await server.createRoom();
    const one = await Person.at(await stage.browser(kind), 1);
    const other = await Person.at(await stage.browser("chromium"), 2);
    await one.open(guestLink.replace(server.url, network.url));
    await one.join();
    await other.open(guestLink);
    await other.join();
    await one.sees([other]);
    await other.sees([one]);
    const before = await one.call();

    network.down();
    await one.look(
      "the lost socket is noticed",
      () => window.probe.call(),
      ({ connection }) => connection === "reconnecting_signaling",
    );
    await Promise.all([one, other].map((person) => person.page.evaluate(() => window.probe.watchGaps())));
    // What happens meanwhile is not lost: a camera is turned off, and seen to be so later.
    const framesBefore = await framesDecoded(one);
    await sleep(3_000);
    const frames = (await framesDecoded(one)) - framesBefore;
    const gaps = await Promise.all(
      [one, other].map((person) => person.page.evaluate(() => window.probe.gapsSeen())),
    );
    await other.page.locator("#camera").click();
    network.up();
    const mended = await one.look(
      "the session is resumed",
      () => window.probe.call(),
      ({ connection }) => connection === "connected",
      40_000,
    );
    stage.note(`${frames} frames decoded in 3 s without a WebSocket, gaps ${JSON.stringify(gaps)}`);
    stage.note(`resumed ${mended.ms} ms after the network was back`);
    assert.ok(frames > 15, `only ${frames} frames in 3 s`);

    await one.look(
      "the camera turned off meanwhile is off",
      () => window.preau.call.participants.map(({ sources }) => sources.map(({ source }) => source)),
      (sources) => sources.some((sources) => !sources.includes("camera")),
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
    assert.equal(room.length > 0, true);
  });
}

onStage("a reload brings a person back, and the others see nobody twice", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const chromium = await stage.browser("chromium");
  const [one, other] = [await Person.at(chromium, 1), await Person.at(chromium, 2)];
  for (const person of [one, other]) {
    await person.open(guestLink);
    await person.join();
  }
  await other.sees([one]);
  const before = await negotiationsOf(other);

  await one.page.reload();
  const { seen } = await until(
    "the name is kept over the reload",
    () => one.page.$eval("#name", (field) => field.value).catch(() => ""),
    (value) => value !== "",
  );
  assert.equal(seen, one.name);
  stage.note(`back in the room ${await one.join()} ms after pressing join again`);
  await one.sees([other]);
  stage.note(`the other sees one again, alone, after ${await other.sees([one])} ms more`);
  await other.hears(one);
  await one.hears(other);
  assert.deepEqual(await negotiationsOf(other), before);
});

async function negotiationsOf(person) {
  const { connections, offersMade, answersTaken } = await person.call();
  return { connections, offersMade, answersTaken };
}

async function framesDecoded(person) {
  const { slots } = await person.page.evaluate(() => window.preau.call.stats());
  return slots.reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
}
