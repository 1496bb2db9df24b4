// A laptop that sleeps in the middle of a call, and wakes up: all of the browser's processes stand
// still, while the machine beyond goes on.
import assert from "node:assert/strict";

import { meet } from "./harness/meeting.mjs";
import { onStage } from "./harness/stage.mjs";
import { sleep } from "./harness/until.mjs";

/** The server waits 10 s for a check of the path before it sends nothing more to somebody. */
const NAP_MS = 6_000;

/** What a person may read when they are back, in that order; none of it has to be there. */
const CALM = {
  fr: [
    "Connexion au serveur perdue. Reconnexion… Le son et l’image continuent.",
    "Le son et l’image sont interrompus. Rétablissement…",
    "La connexion a été perdue. Nouvelle entrée…",
    "Connexion du son et de l’image…",
    "Connexion rétablie",
  ],
  en: [
    "Connection to the server lost. Reconnecting… Sound and picture go on.",
    "Sound and picture are interrupted. Restoring…",
    "The connection was lost. Joining again…",
    "Connecting sound and picture…",
    "Connected again",
  ],
};

onStage("laptops that sleep are back by themselves, and nobody sees a ghost", async (stage) => {
  const { people } = await meet(stage, [
    { as: "host", browser: { language: "fr" } },
    { kind: "firefox" },
    { number: 4 },
  ]);
  const [host, guest, watcher] = people;
  const sleepers = [host, guest];
  await guest.page.bringToFront();
  await guest.page.locator("#microphone").click();
  await guest.look("muted", identity, ({ microphone }) => microphone === "false");
  await watcher.page.evaluate(noteComings);
  for (const person of sleepers) await person.page.evaluate(noteSentences);
  const before = await each(sleepers, identity);
  const callsBefore = await each(sleepers, () => [window.preau.call.you, probe.call().connections]);

  await asleep(sleepers, () => sleep(NAP_MS));
  await allSeeEachOther(people);
  await watcher.hears(host);
  assert.deepEqual(
    await each(sleepers, () => [window.preau.call.you, probe.call().connections]),
    callsBefore,
    "after a nap it is the same session",
  );
  assert.deepEqual((await watcher.page.evaluate(() => window.comings)).changes, []);

  // Consent to send expires after 30 s (RFC 7675), and with it the place in the room.
  await asleep(sleepers, () =>
    watcher.look(
      "the sleepers gone",
      () => window.preau.call.participants.length,
      (count) => count === 1,
      50_000,
    ),
  );
  const start = performance.now();
  await allSeeEachOther(people);
  stage.note(`back ${Math.round(performance.now() - start)} ms after waking up`);
  await watcher.hears(host);
  await host.hears(watcher);
  assert.deepEqual(await each(sleepers, identity), before);
  const { changes, twice } = await watcher.page.evaluate(() => window.comings);
  assert.deepEqual(changes.sort(), [
    "Person 1 joined",
    "Person 1 left",
    "Person 2 joined",
    "Person 2 left",
  ]);
  assert.deepEqual(twice, [], "nobody twice at once");

  for (const [index, language] of ["fr", "en"].entries()) {
    const [told] = await each([sleepers[index]], () => window.sentences);
    stage.note(`told ${language}: ${JSON.stringify(told)}`);
    const about = told.filter((sentence) => !/Person \d/.test(sentence));
    assert.ok(about.length > 0 && about.every((sentence) => CALM[language].includes(sentence)));
    assert.equal(about.at(-1), CALM[language].at(-1));
  }
});

/** Stops everything of their browsers meanwhile. */
async function asleep(people, meanwhile) {
  const signal = (name) =>
    people.forEach(({ page }) => process.kill(-page.browser().process().pid, name));
  signal("SIGSTOP");
  try {
    await meanwhile();
  } finally {
    signal("SIGCONT");
  }
}

async function allSeeEachOther(people) {
  for (const person of people) await person.sees(people.filter((other) => other !== person));
}

function each(people, see) {
  return Promise.all(people.map(({ page }) => page.evaluate(see)));
}

// These run in the page.

function identity() {
  const { you, participants, role } = window.preau.call;
  return {
    name: participants.find(({ id }) => id === you)?.name,
    role,
    microphone: document.querySelector("#microphone").ariaPressed,
    camera: document.querySelector("#camera").ariaPressed,
  };
}

/** Who comes and goes from here on, and which names were ever on two tiles at once. */
function noteComings() {
  const comings = { changes: [], twice: [] };
  window.comings = comings;
  window.preau.call.on("participant", ({ participant, change }) => {
    if (change !== "changed") comings.changes.push(`${participant.name} ${change}`);
  });
  new MutationObserver(() => {
    const tiles = [...document.querySelectorAll('.tile[data-source="camera"] .tile-name-text')];
    const names = tiles.map(({ textContent }) => textContent);
    comings.twice.push(...names.filter((name, index) => names.indexOf(name) !== index));
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

/** What the line of the state says from here on. */
function noteSentences() {
  window.sentences = [];
  const note = () => {
    const sentence = document.querySelector("#status")?.textContent ?? "";
    if (sentence !== "" && sentence !== window.sentences.at(-1)) window.sentences.push(sentence);
  };
  const observer = new MutationObserver(note);
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}
