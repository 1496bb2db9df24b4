// The language of the pages: chosen by the person, else by the operator, else the browser's, else
// English. A language is one file in `locales`, and a browser loads the one it shows.
import { computed, signal } from "@preact/signals";

import type { Messages } from "./locales/en";
import { site } from "./site";
import { recall, remember } from "./storage";

/** A BCP 47 tag in lower case: the name of a file in `locales`. */
export type Language = string;

const CATALOGUES = new Map(
  Object.entries(import.meta.glob<Messages>("./locales/*.ts", { import: "default" })).map(
    ([path, load]) => [path.replace(/^.*\/|\.ts$/g, ""), load] as const,
  ),
);

export const LANGUAGES: readonly Language[] = [...CATALOGUES.keys()];

interface Spoken {
  readonly language: Language;
  readonly messages: Messages;
}

/** Language and words change together, so that no page mixes two. */
const spoken = signal<Spoken | null>(null);

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
  wanted = CATALOGUES.has(next) ? next : wanted;
  const messages = await CATALOGUES.get(next)?.();
  if (messages === undefined) {
    throw new Error(`there is no language ${next}`);
  }
  if (wanted === next) {
    spoken.value = { language: next, messages };
  }
}

/** The language chosen, else the first of the browser's that we have. */
export function chooseLanguage(remembered: string | null, wanted: readonly string[]): Language {
  for (const tag of [remembered ?? "", ...wanted]) {
    const whole = tag.toLowerCase();
    const primary = whole.split("-")[0] ?? "";
    const found = [whole, primary].find((candidate) => CATALOGUES.has(candidate));
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
