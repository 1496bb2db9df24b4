// Every language is complete and well set, and a page speaks one of them at a time.
import { afterEach, describe, expect, it, vi } from "vitest";

import { chooseLanguage, language, LANGUAGES, nameOfLanguage, speak, t } from "./i18n";
import type { LaterMessages, Messages } from "./locales/en";
import { en, later as laterEn } from "./locales/en";
import { fr, later as laterFr } from "./locales/fr";

interface Catalogue {
  readonly default: Messages;
  readonly later: LaterMessages;
}

const catalogues = Object.entries(
  import.meta.glob<Catalogue>("./locales/*.ts", { eager: true }),
);
const [english, french] = [
  [en, laterEn],
  [fr, laterFr],
];

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

describe("the words of what is opened later", () => {
  /** A page that has just begun, in English. */
  async function begin(): Promise<typeof import("./i18n")> {
    vi.resetModules();
    const page = await import("./i18n");
    await page.speak("en");
    return page;
  }

  it("are loaded when they are asked for, and follow the language from then on", async () => {
    const page = await begin();
    expect(page.later).toThrow("not loaded yet");
    await page.loadLater();
    expect(page.later().cancel).toBe(laterEn.cancel);
    await page.speak("fr");
    expect(page.later().cancel).toBe(laterFr.cancel);
  });

  it("are there whichever language is asked for meanwhile", async () => {
    const page = await begin();
    await Promise.all([page.speak("fr"), page.loadLater()]);
    expect([page.language.value, page.later().cancel]).toEqual(["fr", laterFr.cancel]);
  });
});

describe.each(catalogues)("the sentences in %s", (_, { default: first, later }) => {
  const messages = [first, later];

  it("are all there", () => {
    expect(keys(messages).sort()).toEqual(keys(english).sort());
    for (const sentence of sentences(messages)) {
      expect(sentence.trim()).toBe(sentence);
      expect(sentence).not.toBe("");
    }
  });
});

describe("the French sentences", () => {
  it("keep their spaces before « ; : ! ? » and inside the marks", () => {
    for (const sentence of sentences(french).map((text) => text.replaceAll("https:", ""))) {
      expect(sentence).not.toMatch(/[^\u00a0\u202f][;:!?»]/);
      expect(sentence).not.toMatch(/«[^\u00a0\u202f]/);
      expect(sentence).not.toContain("'");
      expect(sentence).not.toContain("...");
    }
  });

  it("are not English left behind", () => {
    const same = sentences(french).filter((sentence) => sentences(english).includes(sentence));
    expect(same).toEqual([]);
  });
});
