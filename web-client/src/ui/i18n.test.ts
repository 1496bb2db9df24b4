// Every language is complete and well set, and a page speaks one of them at a time.
import { afterEach, describe, expect, it } from "vitest";

import { chooseLanguage, language, LANGUAGES, nameOfLanguage, speak, t } from "./i18n";
import type { Messages } from "./locales/en";
import { en } from "./locales/en";
import { fr } from "./locales/fr";

const catalogues = Object.entries(
  import.meta.glob<Messages>("./locales/*.ts", { import: "default", eager: true }),
);

/** The keys of a catalogue: `.end.left is`, `.room says`. */
function keys(value: unknown, path = ""): string[] {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => keys(inner, `${path}.${key}`));
  }
  return [`${path} ${typeof value === "function" ? "says" : "is"}`];
}

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
  afterEach(() => speak("en"));

  it("is the one the person chose, else the first of the browser's that there is", () => {
    expect(chooseLanguage("fr", ["en-GB"])).toBe("fr");
    expect(chooseLanguage(null, ["de", "fr-CA", "en"])).toBe("fr");
    expect(chooseLanguage(null, ["de"])).toBe("en");
    expect(chooseLanguage("constructor", ["tlh"])).toBe("en");
  });

  it("is every file of the folder, by its own name", () => {
    expect(LANGUAGES).toHaveLength(catalogues.length);
    expect(LANGUAGES.map(nameOfLanguage)).toEqual(["English", "Français"]);
  });

  it("changes together with the words", async () => {
    await speak("fr");
    expect([language.value, t().close]).toEqual(["fr", fr.close]);
  });

  it("is the one asked for last, whichever comes first", async () => {
    await Promise.all([speak("fr"), speak("en")]);
    expect([language.value, t().close]).toEqual(["en", en.close]);
  });

  it("stays where another cannot be loaded", async () => {
    await expect(speak("tlh")).rejects.toThrow("there is no language tlh");
    expect([language.value, t().close]).toEqual(["en", en.close]);
  });
});

describe.each(catalogues)("the sentences in %s", (_, messages) => {
  it("are all there", () => {
    expect(keys(messages).sort()).toEqual(keys(en).sort());
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
