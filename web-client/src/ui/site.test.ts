// What the server tells of the site.
import { describe, expect, it } from "vitest";

import { siteOf } from "./site";

describe("what a site is told to be", () => {
  it("is read as the server writes it", () => {
    const site = siteOf(
      JSON.stringify({
        name: "Collège",
        logo: "/site/logo-x.svg",
        logo_dark: null,
        language: "fr",
        contact: "mailto:a@example.org",
        legal: [],
        privacy: ["en", "fr"],
        rooms: { creation: "closed", rules: {} },
        media: { max_height: 360, max_frame_rate: 15 },
        embedders: ["https://ent.example"],
      }),
    );
    expect(site).toEqual({
      name: "Collège",
      logo: "/site/logo-x.svg",
      logoDark: null,
      language: "fr",
      contact: "mailto:a@example.org",
      texts: { legal: [], privacy: ["en", "fr"] },
      opensRooms: false,
      media: { maxHeight: 360, maxFrameRate: 15 },
      embedders: ["https://ent.example"],
    });
  });

  it.each(["", "{}"])("is without settings where nothing is told", (json) => {
    const { name, opensRooms, media, embedders } = siteOf(json);
    expect([name, opensRooms, media.maxHeight, embedders]).toEqual(["Préau", true, 720, []]);
  });
});
