// The small window over other programs: who is looked at, and the controls that cannot wait.
import type { JSX } from "preact";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../i18n";
import { CameraIcon, CameraOffIcon, LeaveIcon, MicrophoneIcon, MicrophoneOffIcon } from "../icons";
import { PictureFace } from "../picture-face";
import type { Picture } from "../room-store";
import { has } from "../room-store";
import { nameOf } from "../tile";
import type { ViewReporter } from "../view-reporter";
import type { Sight } from "./sight";

/** Draws the window, until it is closed or the room is left. */
export function fill(opened: Window, sight: Sight, reporter: ViewReporter): void {
  const { document: small } = opened;
  const { lang, dataset } = document.documentElement;
  small.documentElement.lang = lang;
  Object.assign(small.documentElement.dataset, dataset);
  small.title = document.title;
  for (const { href } of document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')) {
    const link = small.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    small.head.append(link);
  }
  small.body.className = "floating-window";
  render(<Floating sight={sight} reporter={reporter} close={() => opened.close()} />, small.body);
  opened.addEventListener("pagehide", () => render(null, small.body));
}

interface FloatingProps {
  readonly sight: Sight;
  readonly reporter: ViewReporter;
  readonly close: () => void;
}

function Floating({ sight, reporter, close }: FloatingProps): JSX.Element {
  const { store } = sight;
  const { microphoneOn, camera } = store.local.value;
  const picture = sight.lookedAt.value;
  const words = t();
  const isOver = store.state.value.phase === "ended";
  useEffect(() => {
    if (isOver) {
      close();
    }
  }, [isOver]);
  return (
    <main>
      {picture !== null && (
        <FloatingPicture key={picture.key} sight={sight} reporter={reporter} picture={picture} />
      )}
      <div class="toolbar" role="group" aria-label={words.toolbar}>
        <button
          type="button"
          class="tool switch"
          aria-pressed={microphoneOn}
          aria-label={words.microphone}
          title={words.microphone}
          onClick={() => store.toggleMicrophone()}
        >
          <span class="tool-icon">{microphoneOn ? <MicrophoneIcon /> : <MicrophoneOffIcon />}</span>
        </button>
        <button
          type="button"
          class="tool switch"
          aria-pressed={camera !== null}
          aria-label={words.camera}
          title={words.camera}
          onClick={() => store.toggleCamera()}
        >
          <span class="tool-icon">{camera === null ? <CameraOffIcon /> : <CameraIcon />}</span>
        </button>
        <button
          type="button"
          class="tool leave"
          aria-label={words.leave}
          title={words.leave}
          onClick={() => store.leave()}
        >
          <span class="tool-icon">
            <LeaveIcon />
          </span>
        </button>
      </div>
    </main>
  );
}

interface FloatingPictureProps {
  readonly sight: Sight;
  readonly reporter: ViewReporter;
  readonly picture: Picture;
}

function FloatingPicture({ sight, reporter, picture }: FloatingPictureProps): JSX.Element {
  const { participant, source, self } = picture;
  const box = useRef<HTMLDivElement>(null);
  const published = has(participant, source);
  useEffect(() => {
    if (box.current === null || self || !published) {
      return undefined;
    }
    const wish = { participant: participant.id, source, stage: true, elsewhere: true };
    return reporter.watch(box.current, wish);
  }, [reporter, participant.id, source, self, published]);
  return (
    <div ref={box} class={`tile ${source}`}>
      <PictureFace sight={sight} picture={picture} />
      <span class="tile-name">
        <span class="tile-name-text">{nameOf(picture)}</span>
      </span>
    </div>
  );
}
