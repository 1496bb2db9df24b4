// A sender is brought to what the room wants, whatever its engine can do.
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Wanted } from "./sending";
import { EVERYTHING, Sending, shaped } from "./sending";
import type { Ability } from "./testing/webrtc";
import { FakeSender } from "./testing/webrtc";

const VP8 = { mimeType: "video/VP8", clockRate: 90_000, payloadType: 96 };
const AV1 = { mimeType: "video/AV1", clockRate: 90_000, payloadType: 45 };
const THREE = [4, 2, 1].map((scaleResolutionDownBy) => ({ scaleResolutionDownBy }));

const wanting = (wanted: Partial<Wanted>): Wanted => ({ ...EVERYTHING, ...wanted });

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  return () => vi.restoreAllMocks();
});

async function start(ability: Partial<Ability> = {}, codecs = [AV1, VP8]) {
  const sender = new FakeSender(THREE);
  Object.assign(sender.ability, ability);
  const offers: unknown[] = [];
  const sending = new Sending(sender, (codec) => offers.push(codec));
  sender.codecs = codecs;
  await sending.handleAnswer();
  const told = (field: "active" | "scalabilityMode") => sender.encodings.map((each) => each[field]);
  const sentIn = () => new Set(sender.encodings.map(({ codec }) => codec?.mimeType));
  return { sender, sending, offers, told, sentIn };
}

describe("encodings", () => {
  it("stop from the largest, and all at once where nobody watches", async () => {
    const { sending, told } = await start();
    await sending.want(wanting({ encodings: 1 }));
    expect(told("active")).toEqual([true, false, false]);
    await sending.want(wanting({ encodings: 0 }));
    expect(told("active")).toEqual([false, false, false]);
    await sending.want(EVERYTHING);
    expect(told("active")).toEqual([true, true, true]);
  });

  it("end at the newest wish, however fast wishes come", async () => {
    const { sending, told, sender } = await start();
    const { tried } = sender;
    await Promise.all([0, 3, 1, 2].map((encodings) => sending.want(wanting({ encodings }))));
    expect(told("active")).toEqual([true, true, false]);
    expect(sender.tried - tried).toBe(1);
  });

  it("are left alone when they are as they should be", async () => {
    const { sending, sender } = await start();
    const { tried } = sender;
    await sending.want(wanting({ encodings: 3 }));
    await sending.handleTrack();
    expect(sender.tried).toBe(tried);
  });

  it("of which there is one follow the largest tile", () => {
    const scale = (height: number, maxHeight: number) =>
      shaped([{}], wanting({ maxHeight }), { width: height, height }, null)[0]
        ?.scaleResolutionDownBy;
    expect(scale(1080, 0)).toBe(1);
    expect(scale(1080, 1080)).toBe(1);
    expect(scale(1080, 541)).toBe(1);
    expect(scale(1080, 540)).toBe(2);
    expect(scale(1080, 90)).toBe(4);
    expect(scale(0, 90)).toBe(1);
  });

  it("keep what the wish does not name", () => {
    const encoding = { rid: "q", maxBitrate: 150_000, scaleResolutionDownBy: 4 };
    const encodings = [encoding, { rid: "h" }, { rid: "f" }];
    const capture = { width: 1280, height: 720 };
    const [first] = shaped(encodings, wanting({ maxHeight: 90 }), capture, null);
    expect(first).toEqual({ ...encoding, active: true });
  });

  it.each([
    [1280, 720, [4, 2, 1]],
    [720, 1280, [4, 2, 1]],
    [960, 540, [4, 2, 1]],
    [640, 480, [2, 1]],
    [640, 360, [2, 1]],
    [320, 240, [1]],
    [0, 0, [4, 2, 1]],
  ])("of a camera of %i by %i are as many as are of use", (width, height, factors) => {
    const shapes = shaped(THREE, EVERYTHING, { width, height }, null);
    const inUse = shapes.filter(({ active }) => active);
    expect(inUse.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual(factors);
    expect(shapes).toHaveLength(3);
  });
});

describe("layers in time", () => {
  it("are three, two or none, as the engine can", async () => {
    const modes = (mode?: string) => [mode, mode, mode];
    expect((await start()).told("scalabilityMode")).toEqual(modes("L1T3"));
    expect((await start({ modes: ["L1T2"] })).told("scalabilityMode")).toEqual(modes("L1T2"));
    expect((await start({ modes: [] })).told("scalabilityMode")).toEqual(modes());
    expect((await start({ modes: null })).told("scalabilityMode")).toEqual(modes());
  });

  it("are not asked for again of an engine that forgets them", async () => {
    const { sender, sending } = await start({ modes: null });
    expect(sender.tried).toBe(1);
    await sending.handleAnswer();
    await sending.want(wanting({ encodings: 2 }));
    expect(sender.tried).toBe(2);
  });
});

describe("the codec", () => {
  it("is switched where somebody needs another, and switched back", async () => {
    const { sending, sentIn, offers, told } = await start();
    await sending.want(wanting({ codec: "vp8", encodings: 2 }));
    expect(sentIn()).toEqual(new Set(["video/VP8"]));
    expect(told("active")).toEqual([true, true, false]);
    await sending.want(EVERYTHING);
    expect(sentIn()).toEqual(new Set(["video/AV1"]));
    expect(offers).toEqual([]);
  });

  it("stays switched over a new answer", async () => {
    const { sending, sentIn } = await start();
    await sending.want(wanting({ codec: "vp8" }));
    await sending.handleAnswer();
    expect(sentIn()).toEqual(new Set(["video/VP8"]));
    await sending.want(EVERYTHING);
    expect(sentIn()).toEqual(new Set(["video/AV1"]));
  });

  it("is left alone when it is the answer's first, or none of the answer's", async () => {
    const { sending, sender, sentIn } = await start();
    const { tried } = sender;
    await sending.want(wanting({ codec: "av1" }));
    await sending.want(wanting({ codec: "vp9" }));
    expect(sender.tried).toBe(tried);
    expect(sentIn()).toEqual(new Set([undefined]));
  });

  it.each(["refuses", "forgets"] as const)(
    "is switched by an offer where the engine %s",
    async (codec) => {
      const { sender, sending, offers, told } = await start({ codec });
      await sending.want(wanting({ codec: "vp8", encodings: 1 }));
      expect(offers).toEqual(["vp8"]);
      expect(told("active")).toEqual([true, false, false]);
      sender.codecs = [VP8];
      await sending.handleAnswer();
      await sending.want(wanting({ codec: "vp8", encodings: 2 }));
      expect(offers).toEqual(["vp8"]);
      await sending.want(EVERYTHING);
      expect(offers).toEqual(["vp8", null]);
    },
  );

  it("waits for the answer", async () => {
    const sender = new FakeSender(THREE);
    const sending = new Sending(sender, () => undefined);
    await sending.want(wanting({ codec: "vp8", encodings: 1 }));
    expect(sender.encodings.map(({ active, codec }) => [active, codec])).toEqual([
      [true, undefined],
      [false, undefined],
      [false, undefined],
    ]);
    sender.codecs = [AV1, VP8];
    await sending.handleAnswer();
    expect(sender.encodings[0]?.codec?.mimeType).toBe("video/VP8");
  });
});
