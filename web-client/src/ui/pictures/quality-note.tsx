// Why a picture comes as it does, in plain words, beside its badge.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { later } from "../i18n";
import { nameOf } from "../tile";
import type { Quality } from "./quality";
import type { Sight } from "./sight";

export function QualityNote({ sight }: { readonly sight: Sight }): JSX.Element | null {
  const note = useRef<HTMLDivElement>(null);
  const { explained } = sight;
  const placed = sight.scene.value.tiles.find(({ picture }) => picture.key === explained.value);
  const quality = placed ? sight.qualityOf(placed.picture, placed.spot.height) : null;
  const isShown = quality !== null;
  useEffect(() => {
    if (!isShown) {
      return undefined;
    }
    const fold = (): void => {
      explained.value = null;
    };
    const lookElsewhere = ({ target }: Event): void => {
      const element = target instanceof Element ? target : null;
      if (!note.current?.contains(element) && !element?.closest(".quality")) {
        fold();
      }
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape") {
        event.preventDefault();
        fold();
      }
    };
    addEventListener("pointerdown", lookElsewhere);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", lookElsewhere);
      removeEventListener("keydown", escape);
    };
  }, [isShown]);
  if (placed === undefined || quality === null) {
    return null;
  }
  const { spot, picture } = placed;
  const space = sight.space.value;
  return (
    <div
      id="quality-note"
      ref={note}
      class="quality-note"
      role="status"
      style={{
        right: `${Math.max(0, space.width - spot.left - spot.width)}px`,
        top: `${Math.min(spot.top + 52, Math.max(0, space.height - 130))}px`,
      }}
    >
      <p>
        <strong>{nameOf(picture)}</strong>
      </p>
      <p>{sentenceOf(quality)}</p>
    </div>
  );
}

function sentenceOf({ height, reason }: Quality): string {
  const words = later().quality;
  switch (reason.kind) {
    case "full":
      return words.full(height);
    case "small_tile":
      return words.smallTile(height);
    case "sober":
      return words.sober(height);
    case "their_camera":
      return words.theirCamera(height);
    case "their_line":
      return height === 0 ? words.notYet : words.theirLine(height);
    case "your_line":
      return height === 0
        ? words.nothingByYourLine(reason.kilobitsPerSecond)
        : words.yourLine(height, reason.kilobitsPerSecond);
  }
}
