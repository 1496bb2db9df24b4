// What is offered of all that browsers have.
import { describe, expect, it } from "vitest";

import { offeredCodecs } from "./codecs";

const codec = (mimeType: string, sdpFmtpLine?: string): RTCRtpCodec => ({
  mimeType,
  clockRate: 90_000,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
});

/** Chromium 156, in its order, without the forms that only differ by number. */
const CHROMIUM = [
  codec("video/VP8"),
  codec("video/rtx"),
  codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"),
  codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"),
  codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
  codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"),
  codec("video/AV1", "level-idx=5;profile=1;tier=0"),
  codec("video/AV1", "level-idx=5;profile=0;tier=0"),
  codec("video/VP9", "profile-id=2"),
  codec("video/VP9", "profile-id=0"),
  codec("video/red"),
  codec("video/ulpfec"),
];

const told = (codecs: readonly RTCRtpCodec[]) =>
  codecs.map(({ mimeType, sdpFmtpLine = "" }) => `${mimeType} ${sdpFmtpLine}`.trim());

describe("an offer", () => {
  it("names one form of each codec, and repair", () => {
    expect(told(offeredCodecs(CHROMIUM, "video"))).toEqual([
      "video/VP8",
      "video/VP9 profile-id=0",
      "video/H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
      "video/AV1 level-idx=5;profile=0;tier=0",
      "video/rtx",
    ]);
  });

  it("takes absent parameters for their defaults, as Firefox leaves them out", () => {
    const firefox = [codec("video/VP9", "max-fs=12288;max-fr=60"), codec("video/AV1")];
    expect(offeredCodecs(firefox, "video")).toEqual(firefox);
  });

  it("can be restricted to one codec", () => {
    expect(told(offeredCodecs(CHROMIUM, "video", "vp8"))).toEqual(["video/VP8", "video/rtx"]);
  });

  it("restricts nothing where there is nothing of ours", () => {
    expect(offeredCodecs([codec("video/H265"), codec("video/rtx")], "video")).toEqual([]);
  });

  it("puts redundancy before the sound it repeats", () => {
    const audio = ["audio/opus", "audio/red", "audio/G722"].map((name) => codec(name));
    expect(told(offeredCodecs(audio, "audio"))).toEqual(["audio/red", "audio/opus"]);
  });
});
