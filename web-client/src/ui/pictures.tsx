// Everybody's pictures, in a grid or around a shared screen.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "./i18n";
import type { Box } from "./layout";
import { gridFor } from "./layout";
import type { Picture, RoomStore } from "./room-store";
import { Tile } from "./tile";
import type { ViewReporter } from "./view-reporter";

interface PicturesProps {
  readonly store: RoomStore;
  readonly reporter: ViewReporter;
}

export function Pictures({ store, reporter }: PicturesProps): JSX.Element {
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
