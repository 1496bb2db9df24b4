// What browsers send in each codec a room may use: encodings, layers in time, and whether the
// other engine decodes it. Every cell of the table is tried, or named with the reason why not.
import assert from "node:assert/strict";

import { Embedder } from "./harness/embedder.mjs";
import { onStage } from "./harness/stage.mjs";
import { until } from "./harness/until.mjs";

/** On a busy machine an encoder takes long to begin. */
const LIMIT_MS = 60_000;

/**
 * What is asked here is what the encoders make, not what the way bears. Pictures that cost so
 * little prove no bandwidth, and Firefox's first probes may fail on a busy machine: it would stay
 * below the estimate that its third encoding needs. In kb/s.
 */
const OPTIONS = {
  chromium: {},
  firefox: { preferences: { "media.peerconnection.video.min_bitrate_estimate": 2500 } },
};

const THREE_LAYERS = { encodings: 3, layers: 3 };
/** Firefox 153 has no `scalabilityMode` and makes two layers of every encoding by itself. */
const TWO_LAYERS = { encodings: 3, layers: 2, reason: "no scalabilityMode, two by its own choice" };
const NO_H264 = { reason: "no H264: Firefox downloads OpenH264, and sends and shows VP8 instead" };

/** What each engine sends of a camera of 960 by 540. */
const TABLE = {
  vp8: { chromium: THREE_LAYERS, firefox: TWO_LAYERS },
  vp9: { chromium: THREE_LAYERS, firefox: TWO_LAYERS },
  h264: { chromium: THREE_LAYERS, firefox: NO_H264 },
  av1: { chromium: THREE_LAYERS, firefox: TWO_LAYERS },
};

/** A microphone's codecs, the one in use first, and what is asked of Opus (RFC 7587 §6.1). */
const OPUS = ["audio/opus", "usedtx=1", "useinbandfec=1"];
const SOUND = { chromium: [["audio/red"], OPUS], firefox: [OPUS] };

const NUMBERS = { chromium: 6, firefox: 9 };
/** The smallest of which Chromium makes three encodings: they cost the least bandwidth to prove. */
const CAMERA = { height: 540, countsLayers: true };

for (const [codec, cells] of Object.entries(TABLE)) {
  onStage(`${codec}: encodings and layers in time, by browser`, async (stage) => {
    const server = await stage.server({ args: ["--codecs", codecSet(codec)] });
    const { guestLink } = await server.createRoom();
    const people = {};
    for (const [kind, { encodings }] of Object.entries(cells)) {
      const browser = await stage.browser(kind, OPTIONS[kind]);
      if (encodings !== undefined) {
        const person = { ...CAMERA, number: NUMBERS[kind] };
        people[kind] = await Embedder.join(browser, guestLink, kind, { video: true }, person);
      }
    }
    const viewer = await Embedder.join(await stage.browser("chromium"), guestLink, "viewer");
    await viewer.shows(Object.keys(people));
    await people.firefox?.shows(["chromium"]);

    for (const [kind, person] of Object.entries(people)) {
      assert.deepEqual(await soundSent(person), SOUND[kind], `${kind}'s sound`);
    }
    for (const [kind, cell] of Object.entries(cells)) {
      const person = people[kind];
      if (person === undefined) {
        const mimeTypes = await codecsSent(await stage.browser(kind, OPTIONS[kind]));
        assert.ok(!mimeTypes.includes(`video/${codec.toUpperCase()}`), `${kind} has ${codec}`);
        stage.note([codec, kind, "not possible", cell.reason].join(" | "));
        continue;
      }
      const frames = await sends(person, codec, cell);
      const witnesses = kind === "chromium" ? [viewer, people.firefox] : [viewer];
      const seenBy = witnesses.filter((witness) => witness !== undefined);
      for (const witness of seenBy) await witness.sees({ [kind]: NUMBERS[kind] });
      const shape = `${cell.encodings} encodings, ${cell.layers} layers`;
      const names = `seen by ${seenBy.map(({ name }) => name).join(" and ")}`;
      const remarks = [names, `frames ${frames}`, cell.reason].filter(Boolean);
      stage.note([codec, kind, shape, ...remarks].join(" | "));
    }
  });
}

/** Waits until a person sends the cell's encodings and layers; says how frames were spread. */
async function sends(person, codec, cell) {
  const look = async () => ({
    codecs: (await person.sending()).map(({ codec }) => codec?.toLowerCase()),
    streams: Object.values(await person.page.evaluate(() => window.probe.layers)),
  });
  const isFull = (stream) => {
    const frames = Object.values(stream);
    return frames.length >= cell.layers && frames.every((count) => count >= 5);
  };
  const { seen } = await until(
    `${person.name} sends ${cell.encodings} encodings of ${codec} in ${cell.layers} layers`,
    look,
    ({ codecs, streams }) =>
      codecs.length === cell.encodings &&
      codecs.every((named) => named === `video/${codec}`) &&
      streams.filter(isFull).length === cell.encodings,
    LIMIT_MS,
  );
  for (const stream of seen.streams) assert.equal(Object.keys(stream).length, cell.layers);
  return seen.streams.map((stream) => Object.values(stream).join("/")).join(" ");
}

async function soundSent(person) {
  return person.page.evaluate(() => {
    const [{ sender }] = window.probe.connections[0].getTransceivers();
    const asked = ({ sdpFmtpLine = "" }) =>
      ["usedtx=1", "useinbandfec=1"].filter((parameter) => sdpFmtpLine.includes(parameter));
    return sender.getParameters().codecs.map((codec) => [codec.mimeType, ...asked(codec)]);
  });
}

/** Every room has VP8 too, the codec that all browsers have. */
function codecSet(codec) {
  return ["opus", "red", ...new Set([codec, "vp8"])].join(",");
}

async function codecsSent(browser) {
  const page = await browser.newPage();
  const mimeTypes = await page.evaluate(() =>
    RTCRtpSender.getCapabilities("video").codecs.map(({ mimeType }) => mimeType),
  );
  await page.close();
  return mimeTypes;
}
