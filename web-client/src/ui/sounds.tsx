// Everybody's voice: the sound slots play for the whole call, whoever is in them.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "./i18n";
import { SoundIcon } from "./icons";
import type { RoomStore } from "./room-store";
import { canChooseSpeaker, sendToSpeaker, speakerId } from "./speaker";

export function Sounds({ store }: { readonly store: RoomStore }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);

  function playAll(): void {
    const players = [...(box.current?.querySelectorAll("audio") ?? [])];
    Promise.all(players.map((player) => player.play())).then(
      () => (store.soundBlocked.value = false),
      (error: unknown) => (store.soundBlocked.value = isRefusal(error)),
    );
  }

  useEffect(() => {
    playAll();
    // A telephone call, or another page, may have stopped the sound meanwhile.
    const back = (): void => void (document.hidden || playAll());
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, [store]);
  return (
    <>
      <div ref={box} class="sounds">
        {/* A new session has slots with new tracks, so the state is a reason to look again. */}
        {store.state.value.phase === "joined" &&
          store.sounds.map(({ mid, track }) => (
            <Sound
              key={`${mid} ${track.id}`}
              mid={mid}
              track={track}
              onRefused={() => (store.soundBlocked.value = true)}
            />
          ))}
      </div>
      {store.soundBlocked.value && (
        <button id="sound-on" type="button" class="button primary sound-on" onClick={playAll}>
          <SoundIcon />
          {t().soundOn}
        </button>
      )}
    </>
  );
}

interface SoundProps {
  readonly mid: string;
  readonly track: MediaStreamTrack;
  readonly onRefused: () => void;
}

function Sound({ mid, track, onRefused }: SoundProps): JSX.Element {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = element.current;
    if (audio === null) {
      return undefined;
    }
    const play = (): void => {
      audio.play().catch((error: unknown) => isRefusal(error) && onRefused());
    };
    audio.srcObject = new MediaStream([track]);
    play();
    // Nothing here pauses it: the system did, for a telephone call or an unplugged headset.
    audio.addEventListener("pause", play);
    return () => audio.removeEventListener("pause", play);
  }, [track]);
  const speaker = speakerId.value;
  useEffect(() => {
    const send = (): void => void (element.current && sendToSpeaker(element.current));
    send();
    if (!canChooseSpeaker()) {
      return undefined;
    }
    navigator.mediaDevices.addEventListener("devicechange", send);
    return () => navigator.mediaDevices.removeEventListener("devicechange", send);
  }, [speaker]);
  return <audio ref={element} data-slot={mid} autoPlay />;
}

/** The browser wants a gesture first; any other failure is not cured by one. */
function isRefusal(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotAllowedError";
}
