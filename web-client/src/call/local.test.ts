// What the browser is asked for when a device is opened.
import { describe, expect, it } from "vitest";

import { deviceConstraints } from "./local";

describe("a camera", () => {
  it("is asked for 720 lines at 30 frames, by any device or the one that is named", () => {
    const video = {
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { ideal: 30, max: 30 },
    };
    expect(deviceConstraints({ camera: true })).toEqual({ video });
    expect(deviceConstraints({ camera: "id" })).toEqual({
      video: { ...video, deviceId: { exact: "id" } },
    });
  });

  it("is asked for less where the site is sober, and never for more than usual", () => {
    const limits = { maxHeight: 360, maxFrameRate: 15 };
    expect(deviceConstraints({ camera: true }, limits).video).toEqual({
      width: { ideal: 640 },
      height: { ideal: 360 },
      frameRate: { ideal: 15, max: 15 },
    });
    const wide = { maxHeight: 2160, maxFrameRate: 60 };
    expect(deviceConstraints({ camera: true }, wide)).toEqual(deviceConstraints({ camera: true }));
  });
});

describe("a microphone", () => {
  it("never goes without echo cancellation", () => {
    const { audio, video } = deviceConstraints({ microphone: true });
    expect(audio).toMatchObject({ echoCancellation: true, noiseSuppression: true });
    expect(video).toBeUndefined();
  });
});
