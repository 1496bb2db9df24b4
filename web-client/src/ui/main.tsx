// The page's entry.
import { render } from "preact";

import { App } from "./app";
import { initLanguage } from "./i18n";
import { followAddressBar } from "./navigation";

initLanguage();
followAddressBar();

const root = document.getElementById("app");
if (root !== null) {
  render(<App />, root);
}
