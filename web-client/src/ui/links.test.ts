// Links as people get, cut and paste them.
import { describe, expect, it } from "vitest";

import { parseLink, placeOf, roomNameFrom } from "./links";

const place = (address: string) => placeOf(new URL(address, "https://meet.example.org"));

describe("an address", () => {
  it("leads to a room with the secret of its fragment", () => {
    expect(place("/class-5e#s3cr_et-")).toEqual({
      page: "room",
      room: "class-5e",
      secret: "s3cr_et-",
    });
    expect(place("/class-5e/#s")).toEqual({ page: "room", room: "class-5e", secret: "s" });
  });

  it("leads to a room without a secret when the link was cut", () => {
    expect(place("/class-5e")).toEqual({ page: "room", room: "class-5e", secret: null });
    expect(place("/class-5e#")).toEqual({ page: "room", room: "class-5e", secret: null });
  });

  it.each(["/", "/-yard#s", "/yard-#s", "/Yard#s", "/a/b#s", "/%zz#s", `/${"a".repeat(65)}#s`])(
    "that names no room leads home: %s",
    (address) => {
      expect(place(address)).toEqual({ page: "home" });
    },
  );
});

describe("what a person pastes", () => {
  it.each([
    "https://meet.example.org/yard#s",
    "  https://meet.example.org/yard#s\n",
    "/yard#s",
    "yard#s",
  ])("is a link: %j", (text) => {
    expect(parseLink(text, "https://meet.example.org")?.href).toBe(
      "https://meet.example.org/yard#s",
    );
  });

  it.each(["", "yard", "https://meet.example.org/yard", "http://", "javascript:alert(1)//#s"])(
    "is no link: %j",
    (text) => {
      expect(parseLink(text, "https://meet.example.org")).toBeNull();
    },
  );
});

describe("a name for a room", () => {
  it.each([
    ["Classe de 5e B", "classe-de-5e-b"],
    ["  Réunion d’équipe !  ", "reunion-d-equipe"],
    ["---", ""],
    ["李雷", ""],
    ["x".repeat(80), "x".repeat(64)],
    [`${"x".repeat(63)} y`, "x".repeat(63)],
  ])("%j becomes %j", (text, name) => {
    expect(roomNameFrom(text)).toBe(name);
  });
});
