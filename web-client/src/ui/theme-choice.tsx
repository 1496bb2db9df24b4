// Light, dark, or as the system is.
import type { JSX } from "preact";

import { later } from "./i18n";
import { theme, THEMES } from "./theme";

export function ThemeChoice(): JSX.Element {
  return (
    <label class="field">
      <span>{later().theme.title}</span>
      <select
        id="theme"
        value={theme.value}
        onChange={({ currentTarget }) => {
          theme.value = THEMES.find((choice) => choice === currentTarget.value) ?? "system";
        }}
      >
        {THEMES.map((choice) => (
          <option key={choice} value={choice}>
            {later().theme[choice]}
          </option>
        ))}
      </select>
    </label>
  );
}
