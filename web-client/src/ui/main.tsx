// The page's entry.
import { render } from "preact";

import { App } from "./app";
import { initLanguage } from "./i18n";
import { followAddressBar } from "./navigation";
import { followTheme } from "./theme";

followTheme();
followAddressBar();

initLanguage().then(
  () => {
    const root = document.getElementById("app");
    // `browser-check.js` shows a page of its own where this one could not work.
    const isTooOld = document.documentElement.dataset["browser"] === "too-old";
    if (root !== null && !isTooOld) {
      render(<App />, root);
    }
  },
  () => {
    // Without words of its own; the document says it in every language.
    document.getElementById("not-loaded")?.removeAttribute("hidden");
  },
);
