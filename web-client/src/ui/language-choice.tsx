// The language switch: each language in its own words.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { changeLanguage, language, LANGUAGES, nameOfLanguage, t } from "./i18n";

export function LanguageChoice(): JSX.Element {
  const failed = useSignal(false);

  async function choose(select: HTMLSelectElement): Promise<void> {
    try {
      await changeLanguage(select.value);
      failed.value = false;
    } catch {
      select.value = language.value;
      failed.value = true;
    }
  }

  return (
    <div class="language-choice">
      <label class="field">
        <span>{t().chooseLanguage}</span>
        <select
          id="language"
          value={language.value}
          onChange={({ currentTarget }) => void choose(currentTarget)}
        >
          {LANGUAGES.map((code) => (
            <option key={code} value={code} lang={code}>
              {nameOfLanguage(code)}
            </option>
          ))}
        </select>
      </label>
      <output role="status" class="trouble">
        {failed.value ? t().languageFailed : ""}
      </output>
    </div>
  );
}
