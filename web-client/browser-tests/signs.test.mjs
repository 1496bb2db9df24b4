// Hosts and guests who have the SDK and nothing else: the lobby, hands, a poll, orders.
import assert from "node:assert/strict";

import { Embedder } from "./harness/embedder.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep, until } from "./harness/until.mjs";

/** How long the host lets people wait; the connection they made before must still come about. */
const WAIT_MS = Number(process.env.PREAU_LOBBY_WAIT_MS ?? 2_000);

onStage("a host lets people in late, and the SDK's words all have their effect", async (stage) => {
  const server = await stage.server();
  const { hostLink, guestLink } = await server.createRoom();
  const [chromium, firefox] = [await stage.browser("chromium"), await stage.browser("firefox")];
  const ana = await Embedder.join(chromium, hostLink, "Ana");
  const rules = await ana.page.evaluate(() => window.call.room.rules);
  assert.equal(await moderate(ana, { action: "set_rules", rules: { ...rules, lobby: true } }), "");

  const withCamera = { video: true };
  const arriving = [
    Embedder.join(chromium, guestLink, "Bo", withCamera, { number: 2 }),
    Embedder.join(firefox, guestLink, "Cy", withCamera, { number: 3 }),
  ];
  const lobby = () => ana.page.evaluate(() => window.call.lobby.map(({ name }) => name));
  await until("two wait", lobby, (names) => names.length === 2);
  await sleep(WAIT_MS);
  assert.equal(await moderate(ana, { action: "admit", whom: "all" }), "");
  const [bo, cy] = await Promise.all(arriving);
  await ana.shows(["Bo", "Cy"]);
  stage.note(`seen ${await ana.sees({ Bo: 2, Cy: 3 })} ms after ${WAIT_MS} ms in the lobby`);

  assert.equal(await give(cy, "setHand", true), "");
  assert.equal(await give(bo, "setHand", true), "");
  await room(ana, "hands", ({ hands }) => hands.join() === "Cy,Bo");
  assert.equal(await moderate(bo, { action: "lower_hands", whom: "all" }), "not_allowed");
  assert.equal(await moderate(ana, { action: "lower_hands", whom: "all" }), "");
  await room(bo, "no hands", ({ hands }) => hands.length === 0);

  assert.equal(await moderate(ana, { action: "open_poll", question: "Une pause ?" }), "");
  const { poll } = await room(bo, "a poll", ({ poll }) => poll !== null);
  assert.equal(await give(bo, "vote", poll.id, "yes"), "");
  assert.equal(await give(cy, "vote", poll.id, "yes"), "");
  assert.equal(await give(cy, "vote", poll.id, "no"), "");
  assert.equal(await moderate(ana, { action: "close_poll", poll: poll.id }), "");
  const { poll: closed } = await room(cy, "a result", ({ poll }) => poll?.result);
  assert.deepEqual(closed.result, { yes: 1, no: 1, abstain: 0 });

  const shown = ana.page.evaluate(
    () => new Promise((resolve) => window.call.on("reaction", ({ reaction }) => resolve(reaction))),
  );
  assert.equal(await give(cy, "react", "applause"), "");
  assert.equal(await shown, "applause");
  assert.equal(await give(bo, "setRecording", true), "");
  const recording = () =>
    ana.page.evaluate(() => window.call.participants.filter((one) => one.recording).length);
  await until("Bo records", recording, (count) => count === 1);

  const whom = { these: [await ana.page.evaluate(() => window.idOf("Bo"))] };
  assert.equal(await moderate(ana, { action: "turn_off", whom, source: "camera" }), "");
  const camera = () => bo.page.evaluate(() => window.call.local.camera);
  await until("Bo's camera is let go", camera, (track) => track === null);
  const strict = { ...rules, camera: false };
  assert.equal(await moderate(ana, { action: "set_rules", rules: strict }), "");
  await room(bo, "the rule", ({ rules }) => !rules.camera);
  assert.equal(await give(bo, "setCamera", true), "not_allowed");

  const stays = await ana.page.evaluate(() => window.call.takeAttendance());
  const names = stays.map(({ name, role, to_ms_ago: to }) => [name, role, to]);
  assert.deepEqual(names[0], ["Ana", "host", null]);
  assert.deepEqual(names.slice(1).sort(), [["Bo", "guest", null], ["Cy", "guest", null]]);
  const cyId = await ana.page.evaluate(() => window.idOf("Cy"));
  assert.equal(await moderate(ana, { action: "set_role", participant: cyId, role: "host" }), "");
  const role = () => cy.page.evaluate(() => window.call.role);
  await until("Cy is a host", role, (role) => role === "host");
  const [participant] = whom.these;
  assert.equal(await moderate(cy, { action: "remove", participant, ban: false }), "");
  const state = () => bo.page.evaluate(() => window.call.state);
  const { seen } = await until("Bo is out", state, ({ phase }) => phase === "ended");
  assert.equal(seen.reason, "removed");
});

/** Gives a command; says the code of its refusal, or nothing. */
function give(person, command, ...args) {
  const ask = async (command, args) => {
    try {
      await window.call[command](...args);
      return "";
    } catch (error) {
      return error.code ?? String(error);
    }
  };
  return person.page.evaluate(ask, command, args);
}

function moderate(person, order) {
  return give(person, "moderate", order);
}

/** Waits until the room is so for somebody; hands are names. */
async function room(person, what, isSo) {
  const look = () =>
    person.page.evaluate(() => {
      const { room } = window.call;
      return { ...room, hands: room.hands.map((id) => window.names.get(id)) };
    });
  return (await until(`${what} at ${person.name}`, look, isSo)).seen;
}
