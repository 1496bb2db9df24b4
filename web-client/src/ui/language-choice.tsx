// The language switch: each language in its own words.
import type { JSX } from "preact";

import type { Language } from "./i18n";
import { changeLanguage, language, LANGUAGES, t } from "./i18n";

export function LanguageChoice(): JSX.Element {
  return (
    <select
      id="language"
      class="language"
      aria-label={t().chooseLanguage}
      value={language.value}
      onChange={({ currentTarget }) => changeLanguage(currentTarget.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([code, { languageName }]) => (
        <option key={code} value={code} lang={code}>
          {languageName}
        </option>
      ))}
    </select>
  );
}
