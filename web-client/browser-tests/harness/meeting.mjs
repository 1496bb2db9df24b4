// How most stories open: a server with a room, and people in it who see each other.
import { Person } from "./person.mjs";

/**
 * Everybody sits down at the same time, and they come in one after the other, in the order given.
 * Ends when each sees all others.
 *
 *     const { server, people: [host, guest] } = await meet(stage, [{ as: "host" }, "firefox"]);
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {(Kind | Participant)[]} participants  a browser's name alone is a guest at that browser
 * @param {{ server?: Awaited<ReturnType<Stage["server"]>> }} [place]  a server that is there
 *   already; else one is started
 * @typedef {"chromium" | "firefox"} Kind
 * @typedef {object} Participant  also has the options of `Person.at`
 * @property {Kind} [kind]  Chromium where it is not said
 * @property {object} [browser]  options of `stage.browser`
 * @property {"host" | "guest"} [as]  by whose link they come; guests where it is not said
 * @property {number} [number]  1 for the first, 2 for the second, …
 * @property {() => void} [prepare]  runs in their page before its own scripts
 * @property {string} [via]  another address of the server, such as that of `openNetwork`
 */
export async function meet(stage, participants, place = {}) {
  const server = place.server ?? (await stage.server());
  const room = await server.createRoom();
  const people = await Promise.all(
    participants.map(async (participant, index) => {
      const given = typeof participant === "string" ? { kind: participant } : participant;
      const { kind = "chromium", browser, as = "guest", prepare, via = server.url } = given;
      const { number = index + 1, ...options } = given;
      const person = await Person.at(await stage.browser(kind, browser), number, options);
      if (prepare) await person.page.evaluateOnNewDocument(prepare);
      const link = as === "host" ? room.hostLink : room.guestLink;
      await person.open(link.replace(server.url, via));
      return person;
    }),
  );
  for (const person of people) await person.join();
  for (const person of people) {
    // Firefox shows no picture in a page behind another one.
    await person.page.bringToFront();
    await person.sees(people.filter((other) => other !== person));
  }
  return { server, ...room, people };
}
