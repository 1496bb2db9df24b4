// The pages, by address.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { language, t } from "./i18n";
import { lazily } from "./lazy";
import { place, titleNote } from "./navigation";
import { Visit } from "./visit";

/** Most people come by a link, straight to their room. */
const Home = lazily(async () => (await import("./home")).Home);

export function App(): JSX.Element {
  const current = place.value;
  const name = current.page === "room" ? t().room(current.room) : "";
  const title = [titleNote.value, name, "Préau"].filter((part) => part !== "").join(" · ");
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
