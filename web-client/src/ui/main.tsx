// The page's entry.
import { render } from "preact";

import { App } from "./app";
import { proposedName, wishesOf } from "./frame-state";
import { initLanguage } from "./i18n";
import { followAddressBar } from "./navigation";
import { followTheme } from "./theme";

followTheme();
followAddressBar();

const wishes = wishesOf(location.search);
proposedName.value = wishes.name;
if (window.parent !== window) {
  // Without it the page works; it only says nothing to the one around it.
  import("./frame").then(({ speakWith }) => speakWith(window.parent, window), () => undefined);
}

initLanguage(wishes.language).then(
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
