// The pages, by address.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { language, t } from "./i18n";
import { lazily } from "./lazy";
import type { Place } from "./links";
import { place, titleNote } from "./navigation";
import { site } from "./site";
import { Visit } from "./visit";

/** Most people come by a link, straight to their room. */
const Home = lazily(async () => (await import("./home")).Home);
const TextPage = lazily(async () => (await import("./text-page")).TextPage);

export function App(): JSX.Element {
  const current = place.value;
  const name = nameOf(current);
  const title = [titleNote.value, name, site.name].filter((part) => part !== "").join(" · ");
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
    case "text":
      return <TextPage key={current.kind} kind={current.kind} />;
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

function nameOf(current: Place): string {
  switch (current.page) {
    case "home":
      return "";
    case "text":
      return t().site[current.kind];
    case "room":
      return t().room(current.room);
  }
}
