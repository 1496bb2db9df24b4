// A full room on one page: people whom the page is told of, and whose pictures are all one decoded
// stream. What a crowd costs the page itself is seen so, without its decoders.
//
// The page speaks to a real server; from `gather` on its wishes are answered here, because the
// server knows nobody of the crowd.

const NAMES = [
  ...["Awa", "Léo Martin", "Chloé", "Inès Benali", "Jean-Baptiste de la Tour", "Yuki", "Noé"],
  ...["Mme Dubois (maths)", "Zoé", "Aïcha", "Tom", "Malik", "Rose", "Gaël", "Nina", "Ousmane"],
  ...["Élodie", "Paul", "Sacha", "Lina", "Hugo", "Maëlle", "Ibrahim", "Alma", "Victor"],
];

/** Goes into the page before its own scripts, behind `install`. */
export function installCrowd() {
  // From eight cores on the page asks for 25 pictures.
  Object.defineProperty(navigator, "hardwareConcurrency", { get: () => 8 });
  const { get } = Object.getOwnPropertyDescriptor(RTCRtpReceiver.prototype, "track");
  Object.defineProperty(RTCRtpReceiver.prototype, "track", {
    get() {
      const track = get.call(this);
      return track.kind === "video" && window.crowd?.track ? window.crowd.track : track;
    },
  });

  /** `names` come in, each with a camera, except where `hasCamera` says no. */
  window.gather = (names, hasCamera = () => true) => {
    const FIRST_ID = 1001;
    const { call } = window.preau;
    const carrying = call.slots.find(({ carries }) => carries?.source === "camera");
    const free = call.slots.filter((slot) => slot.kind === "video" && slot !== carrying);
    const socket = window.probe.sockets.at(-1);
    const tell = (message) =>
      socket.onmessage({ data: JSON.stringify({ seq: 0, ...message }) });
    const camera = { source: "camera", width: 1280, height: 720 };
    const people = names.map((name, index) => ({
      id: FIRST_ID + index,
      name,
      role: "guest",
      sources: hasCamera(index) ? [camera] : [],
      recording: false,
    }));
    window.crowd = { track: carrying?.track ?? null, people, tell, views: [] };
    const { send } = socket;
    socket.send = (text) => {
      const { kind, tiles = [] } = JSON.parse(text);
      if (kind !== "view") {
        send.call(socket, text);
        return;
      }
      window.crowd.views.push(tiles);
      const shown = tiles.filter((tile) => tile.participant >= FIRST_ID && tile.height > 0);
      const slots = free.map(({ mid }, index) => {
        const tile = shown[index];
        return { mid, carries: tile && { participant: tile.participant, source: tile.source } };
      });
      const message = slots.map((slot) => ({ carries: null, ...slot }));
      queueMicrotask(() => tell({ kind: "slots", slots: message }));
    };
    people.forEach((participant) => tell({ kind: "participant_joined", participant }));
  };
}

/** Brings so many people to a page that has somebody's real picture already. */
export async function gather(person, count) {
  const names = Array.from({ length: count }, (_, index) => NAMES[index % NAMES.length]);
  await person.page.evaluate((names) => window.gather(names), names);
}

/**
 * Runs in the page: turns pages, resizes and lets others speak, for a while. The longest task
 * meanwhile in whole ms, of those that the browser calls long: from 50 ms on.
 */
export async function stress() {
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  observer.observe({ type: "longtask" });
  performance.mark("stress");
  const pictures = document.querySelector(".room-main");
  const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
  let turns = 0;
  for (let round = 0; round < 6; round += 1) {
    document.querySelector(round % 3 === 2 ? "#page-before" : "#page-after").click();
    turns += 1;
    await pause(250);
    pictures.style.marginRight = `${(round % 2) * 240}px`;
    await pause(250);
    window.crowd.tell({ kind: "speaker", participant: 1001 + round * 3 });
    await pause(250);
  }
  pictures.style.marginRight = "";
  document.querySelector("#page-before").click();
  document.querySelector("#page-before").click();
  await pause(300);
  observer.disconnect();
  return { turns, ms: Math.max(0, ...tasks.map(({ duration }) => Math.round(duration))) };
}
