// What can be done with one picture: ask how good it is, pin it, fill the screen with it.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { t } from "../i18n";
import { FullScreenIcon, PinIcon } from "../icons";
import type { Picture } from "../room-store";
import { nameOf } from "../tile";
import { canFill, filling, toggleFilling } from "./full-screen";
import type { Sight } from "./sight";

interface TileToolsProps {
  readonly sight: Sight;
  readonly picture: Picture;
  /** In CSS pixels. */
  readonly tileHeight: number;
}

export function TileTools({ sight, picture, tileHeight }: TileToolsProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const name = nameOf(picture);
  const pinned = useComputed(() => sight.pins.value.includes(picture.key));
  const words = t().pictures;
  const isFilling = filling.value !== null && filling.value === box.current?.parentElement;
  return (
    <div ref={box} class="tile-tools">
      <button
        type="button"
        class="tile-tool pin"
        aria-pressed={pinned.value}
        aria-label={words.pin(name)}
        title={words.pin(name)}
        onClick={() => sight.togglePin(picture.key)}
      >
        <PinIcon />
      </button>
      {canFill() && picture.track !== null && (
        <button
          type="button"
          class="tile-tool fill"
          aria-pressed={isFilling}
          aria-label={words.fillWith(name)}
          title={words.fillWith(name)}
          onClick={() => {
            const tile = box.current?.parentElement;
            if (tile) {
              toggleFilling(tile);
            }
          }}
        >
          <FullScreenIcon />
        </button>
      )}
      {/* At the edge, for it may be in sight alone. */}
      <QualityBadge sight={sight} picture={picture} tileHeight={tileHeight} />
    </div>
  );
}

/** How good a picture comes. Where a line makes it visibly worse the badge is always in sight. */
function QualityBadge({ sight, picture, tileHeight }: TileToolsProps): JSX.Element | null {
  const quality = sight.qualityOf(picture, tileHeight);
  if (quality === null) {
    return null;
  }
  const { key } = picture;
  const isExplained = sight.explained.value === key;
  const words = t().pictures;
  return (
    <button
      type="button"
      class={`tile-tool quality${quality.isPoor ? " poor" : ""}`}
      aria-expanded={isExplained}
      aria-controls={isExplained ? "quality-note" : undefined}
      aria-label={words.qualityOf(nameOf(picture), quality.height)}
      title={words.qualityOf(nameOf(picture), quality.height)}
      onClick={() => (sight.explained.value = isExplained ? null : key)}
    >
      {quality.height === 0 ? "…" : `${quality.height}p`}
    </button>
  );
}
