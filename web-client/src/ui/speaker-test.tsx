// Whether one will hear the others: two notes, and where they come out.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { canCapture } from "./devices";
import { t } from "./i18n";
import { chooseSpeaker, listSpeakers, playTestSound, speakerId } from "./speaker";

interface SpeakerChoiceProps {
  /** The devices have names once this is open. */
  readonly microphone: MediaStreamTrack | null;
}

/** Nothing where the browser leaves the choice to the system. */
export function SpeakerChoice({ microphone }: SpeakerChoiceProps): JSX.Element | null {
  const speakers = useSignal<readonly MediaDeviceInfo[]>([]);
  useEffect(() => {
    if (!canCapture()) {
      return undefined;
    }
    const read = async (): Promise<void> => {
      speakers.value = await listSpeakers();
    };
    const listen = (): void => void read();
    listen();
    navigator.mediaDevices.addEventListener("devicechange", listen);
    return () => navigator.mediaDevices.removeEventListener("devicechange", listen);
  }, [microphone]);
  if (speakers.value.length === 0) {
    return null;
  }
  const isThere = speakers.value.some(({ deviceId }) => deviceId === speakerId.value);
  return (
    <label class="field">
      <span>{t().door.speakerChoice}</span>
      <select
        id="speaker-choice"
        value={isThere ? (speakerId.value ?? "") : ""}
        onChange={({ currentTarget }) => chooseSpeaker(currentTarget.value || null)}
      >
        <option value="">{t().door.speakerOfSystem}</option>
        {speakers.value
          .filter(({ deviceId }) => deviceId !== "default")
          .map(({ deviceId, label }, index) => (
            <option key={deviceId} value={deviceId}>
              {label === "" ? t().deviceNumber(index + 1) : label}
            </option>
          ))}
      </select>
    </label>
  );
}

export function SpeakerTest(): JSX.Element {
  const state = useSignal<"" | "playing" | "played" | "refused">("");

  async function play(): Promise<void> {
    state.value = "playing";
    state.value = await playTestSound().then(
      () => "played" as const,
      () => "refused" as const,
    );
  }

  const { door } = t();
  const sentences = {
    "": "",
    playing: door.speakerPlaying,
    played: door.speakerPlayed,
    refused: door.speakerRefused,
  };
  return (
    <div class="speaker-test">
      <button
        id="test-speaker"
        type="button"
        class="button"
        disabled={state.value === "playing"}
        onClick={() => void play()}
      >
        {door.testSpeaker}
      </button>
      <output id="speaker-result" role="status" class="hint">
        {sentences[state.value]}
      </output>
    </div>
  );
}
