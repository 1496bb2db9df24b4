// What the person is told about the call.
import type { JSX } from "preact";

import { t } from "./i18n";
import type { Panels } from "./open-panels";
import { PictureNotices } from "./pictures/picture-notices";
import type { Sight } from "./pictures/sight";
import type { RoomStore } from "./room-store";
import { wayOf } from "./text";

interface NoticesProps {
  readonly store: RoomStore;
  readonly sight: Sight;
  readonly panels: Panels;
  /** Small marks above them. */
  readonly chips: JSX.Element;
}

/** Above the pictures, which make room: what lasts hides nobody. */
export function Notices({ store, sight, panels, chips }: NoticesProps): JSX.Element {
  return (
    <div class="notices">
      {chips}
      <StatusLine store={store} />
      <SoundAlone store={store} />
      <Detour store={store} />
      <PictureNotices sight={sight} panels={panels} />
    </div>
  );
}

/** How the call does, where it does not do well; else what has just happened. */
function StatusLine({ store }: { readonly store: RoomStore }): JSX.Element {
  const state = store.state.value;
  const trouble =
    state.phase === "joined" && state.connection !== "connected"
      ? t().connection[state.connection]
      : "";
  const sentence = trouble === "" ? store.notice.value : trouble;
  return (
    <output
      id="status"
      role="status"
      class={`status${trouble === "" ? "" : " trouble"}`}
      data-connection={state.phase === "joined" ? state.connection : state.phase}
    >
      {sentence !== "" && <span>{sentence}</span>}
    </output>
  );
}

/** Why there are no pictures, until they are back or the person has read it. */
function SoundAlone({ store }: { readonly store: RoomStore }): JSX.Element {
  const shown = store.soundAlone.value;
  return (
    <div class={shown ? "standing-notice" : ""}>
      <output id="sound-alone" role="status">
        {shown && t().soundAlone}
      </output>
      {shown && (
        <button
          id="dismiss-sound-alone"
          type="button"
          class="small-button"
          onClick={() => store.dismissSoundAlone()}
        >
          {t().understood}
        </button>
      )}
    </div>
  );
}

/** That media goes by TCP, and on demand why; gone when UDP is back or the person has read it. */
function Detour({ store }: { readonly store: RoomStore }): JSX.Element {
  const port = store.path.value?.port ?? null;
  const shown = store.detour.value;
  return (
    <div class={shown ? "standing-notice" : ""}>
      <output id="detour" role="status">
        {shown && t().udpBlocked(wayOf("TCP", port))}
      </output>
      {shown && (
        <>
          <button
            id="dismiss-detour"
            type="button"
            class="small-button"
            onClick={() => store.dismissDetour()}
          >
            {t().understood}
          </button>
          <details id="detour-details">
            <summary>{t().detourDetails}</summary>
            <p>{t().udpBlockedDetails(wayOf("UDP", port), location.hostname)}</p>
          </details>
        </>
      )}
    </div>
  );
}
