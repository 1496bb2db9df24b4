// In the lobby: nothing to do but wait, so the page says for whom, and that one is not forgotten.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { Devices } from "./devices";
import { later, t } from "./i18n";
import { LanguageChoice } from "./language-choice";
import { Brand, SiteFooter } from "./site-frame";
import { titleNote } from "./navigation";
import { Preview } from "./preview";

interface WaitingRoomProps {
  readonly room: string;
  readonly name: string;
  readonly devices: Devices;
  readonly hostIsHere: boolean;
  readonly onLeave: () => void;
}

export function WaitingRoom(props: WaitingRoomProps): JSX.Element {
  const { room, name, devices, hostIsHere, onLeave } = props;
  const { waiting } = later();
  useEffect(() => {
    titleNote.value = waiting.short;
    return () => {
      titleNote.value = "";
    };
  }, [waiting.short]);
  return (
    <div class="prejoin">
      <header class="page-header">
        <Brand link={false} />
        <LanguageChoice />
      </header>
      <main class="prejoin-main" id="waiting" data-host={hostIsHere ? "here" : "away"}>
        <Preview devices={devices} name={name} />
        <div class="prejoin-side">
          <p class="eyebrow">{t().room(room)}</p>
          <h1>{waiting.title}</h1>
          <p id="waiting-for" class="sentence" role="status">
            {hostIsHere ? waiting.hostWasTold : waiting.hostNotHere}
          </p>
          <p class="hint">{waiting.hint}</p>
          <button id="stop-waiting" type="button" class="button" onClick={onLeave}>
            {waiting.stop}
          </button>
        </div>
      </main>
      <SiteFooter />
    </div>
  );
}
