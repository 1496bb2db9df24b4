// What a reloaded page reads about the call it was in.
import { describe, expect, it } from "vitest";

import { readComeback } from "./coming-back";

const COMEBACK = {
  room: "yard",
  name: "Awa",
  code: null,
  wish: "all",
  microphoneOn: true,
  cameraOn: false,
};

describe("the note of a call", () => {
  it("leads back to its own room alone", () => {
    expect(readComeback(JSON.stringify(COMEBACK), "yard")).toEqual(COMEBACK);
    expect(readComeback(JSON.stringify(COMEBACK), "elsewhere")).toBeNull();
  });

  it.each([null, "", "{", "null", "3", '{"room":"yard"}', '{"room":"yard","name":4}'])(
    "leads nowhere where it is %s",
    (stored) => {
      expect(readComeback(stored, "yard")).toBeNull();
    },
  );

  it("opens no device that it does not name", () => {
    const least = readComeback('{"room":"yard","name":"Awa"}', "yard");
    expect(least).toMatchObject({ microphoneOn: false, cameraOn: false, code: null });
  });
});
