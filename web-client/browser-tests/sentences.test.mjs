// What goes wrong is said in the person's language, with what to do about it.
import assert from "node:assert/strict";
import os from "node:os";

import { meet } from "./harness/meeting.mjs";
import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

/** The beginning of each sentence, which the locales hold in full. */
const SENTENCES = {
  en: {
    missing: ["No microphone was found.", "No camera was found."],
    denied: [
      "The browser does not allow the microphone.",
      "The browser does not allow the camera.",
    ],
    unknownLink: "This link opens no room.",
    incompleteLink: "This link is not complete",
    insecure: "Browsers open the camera and the microphone only over HTTPS.",
  },
  fr: {
    missing: ["Aucun micro n’a été trouvé.", "Aucune caméra n’a été trouvée."],
    denied: ["Le navigateur n’autorise pas le micro.", "Le navigateur n’autorise pas la caméra."],
    unknownLink: "Ce lien n’ouvre aucune salle.",
    incompleteLink: "Ce lien n’est pas complet",
    insecure: "Les navigateurs n’ouvrent la caméra et le micro qu’en HTTPS.",
  },
};

for (const [language, sentences] of Object.entries(SENTENCES)) {
  onStage(`${language}: no camera, no permission`, async (stage) => {
    const server = await stage.server();
    const { guestLink } = await server.createRoom();
    const browser = await stage.browser("chromium", { language });
    for (const camera of ["missing", "denied"]) {
      const person = await Person.at(browser, 1, { camera });
      await person.open(guestLink);
      const text = await said(person, "#device-trouble", sentences[camera][1]);
      for (const sentence of sentences[camera]) assert.ok(text.includes(sentence), text);
      assert.equal(await person.page.evaluate(() => document.documentElement.lang), language);
      await person.close();
    }
  });

  onStage(`${language}: a link that opens nothing`, async (stage) => {
    const server = await stage.server();
    const { room, guestLink } = await server.createRoom();
    const browser = await stage.browser("chromium", { language });
    const person = await Person.at(browser, 1);

    await person.open(`${server.url}/${room}#AAAAAAAAAAAAAAAAAAAAAA`);
    await person.page.locator("#name").fill(person.name);
    await person.page.locator("#join").click();
    await said(person, "#join-trouble", sentences.unknownLink);

    await person.open("about:blank");
    await person.open(guestLink.replace(room, "nowhere"));
    await person.page.locator("#name").fill(person.name);
    await person.page.locator("#join").click();
    await said(person, "#join-trouble", sentences.unknownLink);

    await person.open("about:blank");
    await person.open(`${server.url}/${room}`);
    await said(person, "#link-incomplete", sentences.incompleteLink);
  });

  onStage(`${language}: plain HTTP away from localhost`, async (stage) => {
    const address = addressOfThisMachine();
    if (address === null) {
      stage.skip("this machine has no address but loopback");
      return;
    }
    const server = await stage.server();
    const { guestLink } = await server.createRoom();
    const browser = await stage.browser("chromium", { language });
    const person = await Person.at(browser, 1);
    await person.open(guestLink.replace("localhost", address));
    await said(person, "#device-trouble", sentences.insecure);
    await said(person, "#device-trouble", "--tls self-signed");
  });
}

onStage("without camera and microphone one still sees and hears", async (stage) => {
  const { people } = await meet(stage, ["chromium", { camera: "missing" }]);
  const [sender, listener] = people;
  await listener.hears(sender);
});

/** Waits until an element says a sentence, and returns all that it says. */
async function said(person, selector, sentence) {
  const read = () =>
    person.page.$eval(selector, (element) => element.textContent).catch(() => "");
  const { seen } = await until(
    `${selector} says “${sentence}”`,
    read,
    (text) => text.includes(sentence),
  );
  return seen;
}

function addressOfThisMachine() {
  const addresses = Object.values(os.networkInterfaces()).flat();
  const found = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  return found?.address ?? null;
}
