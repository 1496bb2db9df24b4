// What a tile shows, wherever it is drawn: the picture, over initials while there is none.
import type { JSX } from "preact";

import type { Sight } from "./pictures/sight";
import type { Picture } from "./room-store";
import { hueOf, initials } from "./text";
import { Video } from "./video";

interface PictureFaceProps {
  readonly sight: Sight;
  readonly picture: Picture;
}

export function PictureFace({ sight, picture }: PictureFaceProps): JSX.Element {
  const { participant, source, self } = picture;
  const track = sight.soundOnly.value && !self ? null : picture.track;
  return (
    <>
      <span class={`avatar hue-${hueOf(participant.id)}`} aria-hidden="true">
        {initials(participant.name)}
      </span>
      {track !== null && (
        <Video
          track={track}
          mirrored={self && source === "camera"}
          {...(self ? {} : { isRight: () => sight.store.call.carrierOf(track) === participant.id })}
        />
      )}
    </>
  );
}
