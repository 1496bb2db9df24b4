// Both languages are complete and well set.
import { describe, expect, it } from "vitest";

import { chooseLanguage, LANGUAGES } from "./i18n";
import { en } from "./locales/en";
import { fr } from "./locales/fr";

/** Every sentence of a language, with examples in place of what changes. */
function sentences(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  if (typeof value === "function") {
    const say = value as (example: unknown) => string;
    return [say(1), say(2)];
  }
  return Object.values(value as object).flatMap(sentences);
}

describe("the language of the pages", () => {
  it("is the one the person chose, else the first of the browser's that there is", () => {
    expect(chooseLanguage("fr", ["en-GB"])).toBe("fr");
    expect(chooseLanguage(null, ["de", "fr-CA", "en"])).toBe("fr");
    expect(chooseLanguage(null, ["de"])).toBe("en");
    expect(chooseLanguage("constructor", ["tlh"])).toBe("en");
  });
});

describe.each(Object.entries(LANGUAGES))("the sentences in %s", (_, messages) => {
  it("are all there", () => {
    expect(sentences(messages)).toHaveLength(sentences(en).length);
    for (const sentence of sentences(messages)) {
      expect(sentence.trim()).toBe(sentence);
      expect(sentence).not.toBe("");
    }
  });
});

describe("the French sentences", () => {
  it("keep their spaces before « ; : ! ? » and inside the marks", () => {
    for (const sentence of sentences(fr).map((text) => text.replaceAll("https:", ""))) {
      expect(sentence).not.toMatch(/[^\u00a0\u202f][;:!?»]/);
      expect(sentence).not.toMatch(/«[^\u00a0\u202f]/);
      expect(sentence).not.toContain("'");
      expect(sentence).not.toContain("...");
    }
  });

  it("are not English left behind", () => {
    const same = sentences(fr).filter((sentence) => sentences(en).includes(sentence));
    expect(same).toEqual([]);
  });
});
