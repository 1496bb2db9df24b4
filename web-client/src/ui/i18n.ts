// The language of the pages: chosen by the person, else the browser's, else English.
import { signal } from "@preact/signals";

import type { Messages } from "./locales/en";
import { en } from "./locales/en";
import { fr } from "./locales/fr";
import { recall, remember } from "./storage";

export const LANGUAGES = { en, fr } satisfies Record<string, Messages>;

export type Language = keyof typeof LANGUAGES;

export const language = signal<Language>("en");

/** The catalogue of the language in use. A component that asks is drawn again when it changes. */
export function t(): Messages {
  return LANGUAGES[language.value];
}

/** Reads the choice of the person or of the browser. */
export function initLanguage(): void {
  setLanguage(chooseLanguage(recall("language"), navigator.languages));
}

export function changeLanguage(next: Language): void {
  remember("language", next);
  setLanguage(next);
}

/** The remembered language, else the first of the browser's that we have. */
export function chooseLanguage(remembered: string | null, wanted: readonly string[]): Language {
  for (const tag of [remembered ?? "", ...wanted]) {
    const primary = tag.toLowerCase().split("-")[0] ?? "";
    if (Object.hasOwn(LANGUAGES, primary)) {
      return primary as Language;
    }
  }
  return "en";
}

function setLanguage(next: Language): void {
  language.value = next;
  // Screen readers choose their voice by it.
  document.documentElement.lang = next;
}
