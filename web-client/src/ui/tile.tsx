// One person, or one shared screen.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "./i18n";
import { MicrophoneOffIcon } from "./icons";
import { PictureFace } from "./picture-face";
import type { Placed } from "./pictures/scene";
import type { Sight } from "./pictures/sight";
import { TileTools } from "./pictures/tile-tools";
import type { Picture, RoomStore } from "./room-store";
import { has } from "./room-store";
import type { ViewReporter } from "./view-reporter";

interface TileProps {
  readonly sight: Sight;
  readonly reporter: ViewReporter;
  readonly placed: Placed;
}

export function Tile({ sight, reporter, placed }: TileProps): JSX.Element {
  const { picture, spot, large, apart } = placed;
  const { key, participant, source, self } = picture;
  const { store } = sight;
  const element = useRef<HTMLLIElement>(null);
  const published = has(participant, source);
  useEffect(() => {
    if (element.current === null || self || !published) {
      return undefined;
    }
    return reporter.watch(element.current, { participant: participant.id, source, stage: large });
  }, [reporter, participant.id, source, large, self, published]);

  const isCamera = source === "camera";
  // Of everybody's states only one's own changes draw a tile anew.
  const hasFloor = useComputed(() => isCamera && store.floor.value === participant.id);
  const speaking = useComputed(() => isCamera && store.speaking.value.has(participant.id));
  const touched = useComputed(() => sight.touched.value === key);
  const voiceOff = isCamera && !isHeard(store, picture);
  return (
    <li
      ref={element}
      class={[
        "tile",
        source,
        speaking.value && "speaking",
        hasFloor.value && "floor",
        self && "self",
        apart && "apart",
        touched.value && "touched",
      ]
        .filter(Boolean)
        .join(" ")}
      data-participant={participant.id}
      data-source={source}
      data-self={self}
      data-large={large}
      style={{
        left: `${spot.left}px`,
        top: `${spot.top}px`,
        width: `${spot.width}px`,
        height: `${spot.height}px`,
      }}
      onPointerUp={({ pointerType, target }) => {
        // A finger has no way to point at a tile without touching it.
        if (pointerType !== "mouse" && !(target as Element).closest("button")) {
          sight.touched.value = sight.touched.value === key ? null : key;
        }
      }}
    >
      <PictureFace sight={sight} picture={picture} />
      <span class="tile-name">
        {voiceOff && (
          <>
            <MicrophoneOffIcon />
            <span class="visually-hidden">{t().microphoneOff}, </span>
          </>
        )}
        <span class="tile-name-text">{apart ? t().talk.me : nameOf(picture)}</span>
      </span>
      <TileTools sight={sight} picture={picture} tileHeight={spot.height} />
    </li>
  );
}

export function nameOf({ participant, source, self }: Picture): string {
  if (source === "screen") {
    return self ? t().yourScreen : t().screenOf(participant.name);
  }
  return self ? `${participant.name} (${t().you})` : participant.name;
}

/** One's own microphone is known at once, others' by what they publish. */
export function isHeard(store: RoomStore, { participant, self }: Picture): boolean {
  return self ? store.local.value.microphoneOn : has(participant, "microphone");
}
