// The language of the pages: chosen by the person, else by the operator, else the browser's, else
// English. A language is one file in `locales`, built as two: the words that a page begins with,
// and those of panels and other pages, which come with the first of these.
import { computed, signal } from "@preact/signals";

import type { LaterMessages, Messages } from "./locales/en";
import { site } from "./site";
import { recall, remember } from "./storage";

/** A BCP 47 tag in lower case: the name of a file in `locales`. */
export type Language = string;

type Files<Words> = Readonly<Record<string, () => Promise<Words>>>;

/** The queries make two modules of one file, of each of which the build keeps what is imported. */
const FIRST = byLanguage(
  import.meta.glob<Messages>("./locales/*.ts", { import: "default", query: "?first" }),
);
const LATER = byLanguage(
  import.meta.glob<LaterMessages>("./locales/*.ts", { import: "later", query: "?later" }),
);

export const LANGUAGES: readonly Language[] = [...FIRST.keys()];

interface Spoken {
  readonly language: Language;
  readonly messages: Messages;
  /** Null until a part of the page has asked for them. */
  readonly later: LaterMessages | null;
}

/** Language and words change together, so that no page mixes two. */
const spoken = signal<Spoken | null>(null);

let laterAsked = false;

/** Which language was asked for last: a slower one that arrives after it is dropped. */
let wanted: Language | null = null;

export const language = computed<Language>(() => spoken.value?.language ?? "en");

/** The catalogue of the language in use. A component that asks is drawn again when it changes. */
export function t(): Messages {
  if (spoken.value === null) {
    throw new Error("no language is loaded yet");
  }
  return spoken.value.messages;
}

/** The words of what is opened later: for parts that `lazily` or `loadLater` has loaded. */
export function later(): LaterMessages {
  const words = spoken.value?.later ?? null;
  if (words === null) {
    throw new Error("the words of this part are not loaded yet");
  }
  return words;
}

/**
 * Loads what the address asks for, else the choice of the person, the operator or the browser;
 * nothing is drawn before.
 */
export async function initLanguage(asked: string | null = null): Promise<void> {
  const chosen = asked ?? recall("language") ?? site.language;
  await speak(chooseLanguage(chosen, navigator.languages));
}

/** Rejects, and leaves the language as it is, where the file cannot be loaded. */
export async function changeLanguage(next: Language): Promise<void> {
  await speak(next);
  remember("language", next);
}

/** Loads a language and shows it. */
export async function speak(next: Language): Promise<void> {
  wanted = FIRST.has(next) ? next : wanted;
  const [messages, words = null] = await Promise.all([
    FIRST.get(next)?.(),
    laterAsked ? LATER.get(next)?.() : null,
  ]).catch((error: unknown) => {
    wanted = wanted === next ? language.value : wanted;
    throw error;
  });
  if (messages === undefined) {
    throw new Error(`there is no language ${next}`);
  }
  // Words that are shown are not taken away by a load that was begun before they were asked for.
  if (wanted === next && (words !== null || !hasLater())) {
    spoken.value = { language: next, messages, later: words };
  }
}

/** Loads the words of `later`, of whatever language is shown once they are there. */
export async function loadLater(): Promise<void> {
  laterAsked = true;
  while (!hasLater()) {
    await speak(wanted ?? language.value);
  }
}

function hasLater(): boolean {
  return (spoken.value?.later ?? null) !== null;
}

/** The language chosen, else the first of the browser's that we have. */
export function chooseLanguage(remembered: string | null, wanted: readonly string[]): Language {
  for (const tag of [remembered ?? "", ...wanted]) {
    const whole = tag.toLowerCase();
    const primary = whole.split("-")[0] ?? "";
    const found = [whole, primary].find((candidate) => FIRST.has(candidate));
    if (found !== undefined) {
      return found;
    }
  }
  return "en";
}

/** What a language calls itself, such as `Français`. */
export function nameOfLanguage(code: Language): string {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  const [first = "", ...rest] = name;
  return first.toLocaleUpperCase(code) + rest.join("");
}

function byLanguage<Words>(files: Files<Words>): ReadonlyMap<Language, () => Promise<Words>> {
  return new Map(
    Object.entries(files).map(([path, load]) => [path.replace(/^.*\/|\.ts$/g, ""), load]),
  );
}
