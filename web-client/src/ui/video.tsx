// A picture on the screen. Nobody's face appears under another's name.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface VideoProps {
  readonly track: MediaStreamTrack;
  readonly mirrored?: boolean;
  /** Whether the picture that the track shows just then is the right one. */
  readonly isRight?: () => boolean;
}

/** If nothing says whose picture it is, it is shown after this. */
const DOUBT_MS_MAX = 1500;

export function Video({ track, mirrored = false, isRight }: VideoProps): JSX.Element {
  const element = useRef<HTMLVideoElement>(null);
  const shown = useSignal(isRight === undefined);
  const upright = useSignal(false);
  useEffect(() => {
    const video = element.current;
    if (video === null) {
      return undefined;
    }
    // Set as a property: Preact writes `muted` as an attribute too late for autoplay.
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    video.play().catch(() => undefined);
    const stopChecking = isRight === undefined ? undefined : watch(video, isRight, shown);
    return () => {
      stopChecking?.();
      video.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={element}
      class={mirrored ? "mirrored" : undefined}
      data-shown={shown.value}
      data-upright={upright.value}
      playsInline
      autoPlay
      muted
      disablePictureInPicture
      onResize={({ currentTarget }) => {
        upright.value = currentTarget.videoHeight > currentTarget.videoWidth;
      }}
    />
  );
}

/** A slot's track may still show whom it carried before, until the key frame of the new one. */
function watch(
  video: HTMLVideoElement,
  isRight: () => boolean,
  shown: { value: boolean },
): () => void {
  shown.value = false;
  let stopped = false;
  const show = (): void => {
    stopped = true;
    shown.value = true;
  };
  const timer = setTimeout(show, DOUBT_MS_MAX);
  const look = (): void => {
    if (stopped) {
      return;
    }
    if (isRight()) {
      clearTimeout(timer);
      show();
    } else if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback(look);
    }
  };
  if ("requestVideoFrameCallback" in video) {
    video.requestVideoFrameCallback(look);
  }
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
