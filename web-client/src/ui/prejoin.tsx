// Before the room: how one looks and sounds, and under which name one goes in.
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import type { CallEnd } from "../call";
import { DeviceChoice } from "./device-choice";
import type { DeviceKind, Devices } from "./devices";
import { canCapture, DEVICE_KINDS } from "./devices";
import { t } from "./i18n";
import { CameraIcon, CameraOffIcon, MicrophoneIcon, MicrophoneOffIcon } from "./icons";
import { LanguageChoice } from "./language-choice";
import { LevelMeter } from "./level-meter";
import { initials } from "./text";
import { recall, remember } from "./storage";
import { Video } from "./video";

/** `protocol::client::NAME_CHARACTERS_MAX`. */
const NAME_CHARACTERS_MAX = 64;

interface PrejoinProps {
  readonly room: string;
  readonly devices: Devices;
  readonly joining: boolean;
  readonly trouble: CallEnd | null;
  readonly onJoin: (name: string) => void;
}

export function Prejoin({ room, devices, joining, trouble, onJoin }: PrejoinProps): JSX.Element {
  const name = useMemo(() => recall("name") ?? "", []);
  const nameMissing = useSignal(false);
  useEffect(() => void devices.start(), [devices]);

  function submit(form: HTMLFormElement): void {
    const typed = new FormData(form).get("name");
    const name = typeof typed === "string" ? typed.trim() : "";
    nameMissing.value = name === "";
    if (name === "") {
      form.querySelector("input")?.focus();
      return;
    }
    remember("name", name);
    onJoin(name);
  }

  return (
    <div class="prejoin">
      <header class="page-header">
        <a class="brand" href="/">
          Préau
        </a>
        <LanguageChoice />
      </header>
      <main class="prejoin-main">
        <Preview devices={devices} name={name} />
        <form
          class="prejoin-form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit(event.currentTarget);
          }}
        >
          <p class="eyebrow">{t().room(room)}</p>
          <h1>{t().readyTitle}</h1>
          <label class="field">
            <span>{t().yourName}</span>
            <input
              id="name"
              name="name"
              autocomplete="name"
              defaultValue={name}
              maxLength={NAME_CHARACTERS_MAX}
              required
              aria-invalid={nameMissing.value}
              aria-describedby="name-trouble"
            />
          </label>
          <output id="name-trouble" role="alert" class="trouble">
            {nameMissing.value ? t().nameMissing : ""}
          </output>
          {canCapture() && <Choices devices={devices} />}
          <button id="join" type="submit" class="button primary wide" disabled={joining}>
            {joining ? t().joining : canCapture() ? t().join : t().joinListening}
          </button>
          <output id="join-trouble" role="alert" class="trouble">
            {trouble === null ? "" : t().end[trouble]}
          </output>
        </form>
      </main>
    </div>
  );
}

function Preview({ devices, name }: { devices: Devices; name: string }): JSX.Element {
  const track = devices.track("camera");
  return (
    <section class="preview" aria-label={t().preview}>
      <div class="preview-picture">
        {track === null ? (
          <div class="preview-empty">
            <span class="avatar hue-0" aria-hidden="true">
              {initials(name) || "·"}
            </span>
            <p>{t().cameraIsOff}</p>
          </div>
        ) : (
          <Video track={track} mirrored />
        )}
        {canCapture() && <PreviewSwitches devices={devices} />}
      </div>
      <DeviceSentences devices={devices} />
    </section>
  );
}

function PreviewSwitches({ devices }: { devices: Devices }): JSX.Element {
  const microphoneOn = devices.state.microphone.value.kind === "open" && devices.microphoneOn.value;
  const cameraOn = devices.state.camera.value.kind === "open";
  return (
    <div class="preview-switches">
      <button
        id="preview-microphone"
        type="button"
        class="round-button"
        aria-pressed={microphoneOn}
        aria-label={t().microphone}
        onClick={() => devices.toggleMicrophone()}
      >
        {microphoneOn ? <MicrophoneIcon /> : <MicrophoneOffIcon />}
      </button>
      <button
        id="preview-camera"
        type="button"
        class="round-button"
        aria-pressed={cameraOn}
        aria-label={t().camera}
        onClick={() => devices.toggleCamera()}
      >
        {cameraOn ? <CameraIcon /> : <CameraOffIcon />}
      </button>
    </div>
  );
}

/** One sentence for each thing that is not as it should be, with what to do about it. */
function DeviceSentences({ devices }: { devices: Devices }): JSX.Element {
  const sentences = useComputed(() => {
    if (!canCapture()) {
      return [t().insecure];
    }
    const states = DEVICE_KINDS.map((kind) => [kind, devices.state[kind].value] as const);
    if (states.some(([, { kind }]) => kind === "asking")) {
      return [t().askingDevices];
    }
    return states.flatMap(([kind, state]) =>
      state.kind === "trouble" ? [deviceTrouble(kind, state.trouble)] : [],
    );
  });
  return (
    <output id="device-trouble" role="status" class="notes">
      {sentences.value.map((sentence) => (
        <p key={sentence} class="note">
          {!canCapture() && <strong>{t().insecureTitle}. </strong>}
          {sentence}
        </p>
      ))}
    </output>
  );
}

function deviceTrouble(kind: DeviceKind, trouble: "refused" | "missing" | "busy"): string {
  const { deviceRefused, deviceMissing, deviceBusy } = t();
  return { refused: deviceRefused, missing: deviceMissing, busy: deviceBusy }[trouble][kind];
}

function Choices({ devices }: { devices: Devices }): JSX.Element {
  const microphone = devices.track("microphone");
  return (
    <div class="choices">
      <DeviceChoice
        kind="microphone"
        track={microphone}
        onChoose={(deviceId) => void devices.open("microphone", deviceId)}
      />
      {microphone !== null && <LevelMeter track={microphone} />}
      <DeviceChoice
        kind="camera"
        track={devices.track("camera")}
        onChoose={(deviceId) => void devices.open("camera", deviceId)}
      />
    </div>
  );
}
