// The views that pictures are taken of, in the order of a visit. `people` are in the room, the host
// included; without it there is no room. `show` brings the page there, `hide` back.

/** @typedef {import("./scene.mjs").Scene} Scene */

/** @type {{ name: string, people?: number, show?(scene: Scene): Promise<void>,
 *   hide?(scene: Scene): Promise<void> }[]} */
export const VIEWS = [
  { name: "home", show: (scene) => scene.open("/", "#create-room") },
  { name: "prejoin", show: (scene) => scene.open(scene.links.guestLink, "#name") },
  {
    name: "code",
    show: (scene) => scene.open(`/${scene.links.room}`, "#link-incomplete"),
  },
  { name: "room-1", people: 1 },
  { name: "room-2", people: 2 },
  { name: "room-4", people: 4 },
  { name: "room-9", people: 9 },
  {
    name: "chat",
    people: 4,
    async show(scene) {
      const { crowd } = scene;
      await scene.press("#chat");
      for (const [number, text] of LINES) await crowd.does(number, "chat", text);
      await scene.page.waitForFunction(
        (count) => document.querySelectorAll(".chat-line").length >= count,
        {},
        LINES.length,
      );
    },
    hide: (scene) => scene.press("#chat-panel .side-header button"),
  },
  {
    name: "captions",
    people: 4,
    async show(scene) {
      await scene.press("#more", "#captions", "#captions-on", "#captions-panel .plain-button");
      await write(scene, CAPTIONS);
    },
  },
  {
    name: "captions-panel",
    people: 4,
    async show(scene) {
      await scene.press("#more", "#captions", "#write-captions");
      await write(scene, CAPTIONS);
    },
    hide: (scene) => scene.press("#captions-on", "#captions-panel .plain-button"),
  },
  {
    name: "people",
    people: 9,
    show: (scene) => scene.press("#people"),
    hide: (scene) => scene.press("#people-panel .side-header button"),
  },
  {
    name: "kept-out",
    // The crowd is one browser, which is kept out as a whole.
    people: 1,
    async show(scene) {
      const { crowd, links, page } = scene;
      await crowd.come(links.guestLink, { name: "Kévin" });
      await page.waitForFunction(() => window.preau.call.participants.length === 2);
      await page.evaluate(() => {
        const { participants } = window.preau.call;
        const { id } = participants.find(({ name }) => name === "Kévin");
        return window.preau.call.moderate({ action: "remove", participant: id, ban: true });
      });
      await page.waitForFunction(() => window.preau.call.participants.length === 1);
      crowd.size -= 1;
      await scene.press("#people", "#kept-out summary");
      await page.waitForSelector("[data-ban]");
    },
    async hide(scene) {
      await scene.press('[data-ban] [data-action="lift"]');
      await scene.page.waitForSelector("[data-ban]", { hidden: true });
      await scene.press("#people-panel .side-header button");
    },
  },
  {
    name: "screen-share",
    people: 4,
    async show({ crowd, page }) {
      await crowd.does(1, "shareScreen", true);
      await page.waitForFunction(() =>
        [...document.querySelectorAll(".tile.screen video")].some(
          ({ videoWidth, dataset }) => videoWidth > 0 && dataset.shown === "true",
        ),
      );
    },
    hide: ({ crowd }) => crowd.does(1, "shareScreen", false),
  },
  {
    name: "poll",
    people: 4,
    async show({ crowd, page }) {
      const question = "Avez-vous fini l’exercice ?";
      await page.evaluate(
        (question) => window.preau.call.moderate({ action: "open_poll", question }),
        question,
      );
      await page.waitForSelector("#poll");
      const poll = await page.evaluate(() => window.preau.call.room.poll.id);
      await crowd.does(0, "vote", poll, "yes");
      await crowd.does(1, "vote", poll, "no");
      await crowd.does(2, "setHand", true);
    },
    async hide({ crowd, page }) {
      await crowd.does(2, "setHand", false);
      await page.evaluate(async () => {
        const poll = window.preau.call.room.poll.id;
        await window.preau.call.moderate({ action: "close_poll", poll });
        await window.preau.call.moderate({ action: "dismiss_poll", poll });
      });
    },
  },
  dialog("host", "#more", "#host-tools"),
  dialog("invite", "#invite"),
  { ...dialog("settings", "#more", "#settings"), people: 2 },
  {
    name: "more",
    people: 2,
    show: (scene) => scene.press("#more"),
    hide: (scene) => scene.press("#more"),
  },
  {
    name: "ended",
    people: 2,
    async show(scene) {
      await scene.press("#leave");
      await scene.page.waitForSelector("#ended");
      await scene.hasLeft();
    },
  },
];

/** What people write in a lesson: short, long, with a link, with a name. */
const LINES = [
  [0, "Bonjour à tous !"],
  [1, "Bonjour. On entend très bien."],
  [
    2,
    "Voici le document : https://example.org/cours/le-cycle-de-l-eau-et-son-histoire-dans-la-region.pdf",
  ],
  [0, "Merci ! Est-ce qu’on peut revoir la troisième question ? Je n’ai pas eu le temps de noter."],
];

/** What somebody types who writes along. */
const CAPTIONS = [
  "Bonjour à tous, aujourd’hui nous reprenons le cycle de l’eau là où nous l’avons laissé.",
  "Qui se souvient de ce qui arrive à la neige quand le soleil la chauffe sans qu’elle ne fonde ?",
];

async function write({ crowd, page }, captions) {
  for (const text of captions) await crowd.does(1, "chat", text, { caption: true });
  await page.waitForFunction(
    (count) => document.querySelectorAll("#captions-view .caption").length >= count,
    {},
    captions.length,
  );
}

function dialog(name, ...buttons) {
  return {
    name,
    people: 2,
    async show(scene) {
      await scene.press(...buttons);
      await scene.page.waitForSelector(`#${name}-panel`);
    },
    async hide({ page }) {
      await page.keyboard.press("Escape");
      await page.waitForSelector(`#${name}-panel`, { hidden: true });
    },
  };
}
