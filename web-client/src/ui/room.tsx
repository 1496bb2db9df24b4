// The room: everybody's tiles, the controls, and what state the call is in.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { t } from "./i18n";
import type { Box } from "./layout";
import { gridFor } from "./layout";
import { InvitePanel, PeoplePanel, SettingsPanel } from "./panels";
import type { Picture, RoomStore } from "./room-store";
import { onShortcut } from "./shortcuts";
import { wayOf } from "./text";
import { Sounds } from "./sounds";
import { Tile } from "./tile";
import type { Panel } from "./toolbar";
import { Toolbar } from "./toolbar";
import { ViewReporter } from "./view-reporter";

interface RoomProps {
  readonly store: RoomStore;
  readonly room: string;
  readonly guestSecret: string;
}

export function Room({ store, room, guestSecret }: RoomProps): JSX.Element {
  const panel = useSignal<Panel | null>(null);
  const reporter = useMemo(() => new ViewReporter(store.call), [store]);
  useEffect(() => () => reporter.close(), [reporter]);
  useEffect(
    () =>
      onShortcut({
        m: () => store.toggleMicrophone(),
        v: () => store.toggleCamera(),
      }),
    [store],
  );
  const close = (): void => {
    panel.value = null;
  };
  return (
    <main class="room">
      <h1 class="visually-hidden">{t().room(room)}</h1>
      <div class="room-main">
        <Pictures store={store} reporter={reporter} />
        <div class="notices">
          <StatusLine store={store} />
          <SoundAlone store={store} />
          <Detour store={store} />
        </div>
      </div>
      <Toolbar store={store} onOpen={(opened) => (panel.value = opened)} />
      <Sounds store={store} />
      {panel.value === "people" && <PeoplePanel store={store} onClose={close} />}
      {panel.value === "invite" && (
        <InvitePanel store={store} room={room} guestSecret={guestSecret} onClose={close} />
      )}
      {panel.value === "settings" && <SettingsPanel store={store} onClose={close} />}
    </main>
  );
}

interface PicturesProps {
  readonly store: RoomStore;
  readonly reporter: ViewReporter;
}

function Pictures({ store, reporter }: PicturesProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const space = useSignal<Box>({ width: 0, height: 0 });
  useEffect(() => {
    const element = box.current;
    if (element === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      space.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const stage = store.stage.value;
  const people = store.people.value;
  return (
    <div ref={box} class={`pictures${stage === null ? "" : " staged"}`}>
      {stage === null ? (
        <TileGrid store={store} reporter={reporter} people={people} space={space.value} />
      ) : (
        <>
          <ul class="stage">
            <Tile key={stage.key} store={store} reporter={reporter} picture={stage} stage />
          </ul>
          <ul class="strip">
            {people.map((picture) => (
              <Tile key={picture.key} store={store} reporter={reporter} picture={picture} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

interface TileGridProps extends PicturesProps {
  readonly people: readonly Picture[];
  readonly space: Box;
}

function TileGrid({ store, reporter, people, space }: TileGridProps): JSX.Element {
  const others = people.filter(({ self }) => !self);
  // Between two, one's own picture lies small over the other's; among more it is one of the tiles.
  const oneToOne = others.length === 1;
  const inGrid = oneToOne ? others : people;
  const grid = gridFor(inGrid.length, space);
  return (
    <>
      <ul class={`tiles${grid.fits ? "" : " scrolling"}`}>
        {inGrid.map((picture) => (
          <Tile
            key={picture.key}
            store={store}
            reporter={reporter}
            picture={picture}
            stage={oneToOne}
            size={grid.tile}
          />
        ))}
      </ul>
      {oneToOne && (
        <ul class="self-apart">
          {people
            .filter(({ self }) => self)
            .map((picture) => (
              <Tile key={picture.key} store={store} reporter={reporter} picture={picture} />
            ))}
        </ul>
      )}
      {others.length === 0 && <p class="alone">{t().alone}</p>}
    </>
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
    <div class="standing-notice">
      <output id="sound-alone" role="status">
        {shown && <span>{t().soundAlone}</span>}
      </output>
      {shown && (
        <button
          id="dismiss-sound-alone"
          type="button"
          class="button"
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
    <div class={`detour${shown ? " shown" : ""}`}>
      <output id="detour" role="status">
        {shown && t().udpBlocked(wayOf("TCP", port))}
      </output>
      {shown && (
        <>
          <button
            id="dismiss-detour"
            type="button"
            class="button"
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
