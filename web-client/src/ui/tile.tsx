// One person, or one shared screen.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "./i18n";
import { MicrophoneOffIcon } from "./icons";
import type { Box } from "./layout";
import type { Picture, RoomStore } from "./room-store";
import { has } from "./room-store";
import { hueOf, initials } from "./text";
import { Video } from "./video";
import type { ViewReporter } from "./view-reporter";

interface TileProps {
  readonly store: RoomStore;
  readonly reporter: ViewReporter;
  readonly picture: Picture;
  readonly stage?: boolean;
  readonly size?: Box | undefined;
}

export function Tile({ store, reporter, picture, stage = false, size }: TileProps): JSX.Element {
  const { participant, source, track, self } = picture;
  const element = useRef<HTMLLIElement>(null);
  const published = has(participant, source);
  useEffect(() => {
    if (element.current === null || self || !published) {
      return undefined;
    }
    return reporter.watch(element.current, { participant: participant.id, source, stage });
  }, [reporter, participant.id, source, stage, self, published]);

  const voiceOff = source === "camera" && !isHeard(store, picture);
  const hasFloor = source === "camera" && store.floor.value === participant.id;
  const speaking = source === "camera" && store.speaking.value.has(participant.id);
  return (
    <li
      ref={element}
      class={["tile", source, speaking && "speaking", hasFloor && "floor", self && "self"]
        .filter(Boolean)
        .join(" ")}
      data-participant={participant.id}
      data-source={source}
      data-self={self}
      style={size && { width: `${size.width}px`, height: `${size.height}px` }}
    >
      <span class={`avatar hue-${hueOf(participant.id)}`} aria-hidden="true">
        {initials(participant.name)}
      </span>
      {track !== null && (
        <Video
          track={track}
          mirrored={self && source === "camera"}
          {...(self ? {} : { isRight: () => store.call.carrierOf(track) === participant.id })}
        />
      )}
      <span class="tile-name">
        {voiceOff && (
          <>
            <MicrophoneOffIcon />
            <span class="visually-hidden">{t().microphoneOff}, </span>
          </>
        )}
        <span class="tile-name-text">{nameOf(picture)}</span>
      </span>
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
