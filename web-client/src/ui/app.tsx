// The pages, by address.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Home } from "./home";
import { language, t } from "./i18n";
import { place } from "./navigation";
import { Visit } from "./visit";

export function App(): JSX.Element {
  const current = place.value;
  const title = current.page === "room" ? `${t().room(current.room)} · Préau` : "Préau";
  const spoken = language.value;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    // Screen readers choose their voice by it.
    document.documentElement.lang = spoken;
  }, [spoken]);
  switch (current.page) {
    case "home":
      return <Home />;
    case "room":
      return (
        <Visit
          key={`${current.room}#${current.secret}`}
          room={current.room}
          secret={current.secret}
        />
      );
  }
}
