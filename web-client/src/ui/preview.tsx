// How one looks and sounds before the others see it, with what is wrong about the devices.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";

import type { DeviceKind, Devices } from "./devices";
import { canCapture, DEVICE_KINDS } from "./devices";
import { t } from "./i18n";
import { CameraIcon, CameraOffIcon, MicrophoneIcon, MicrophoneOffIcon } from "./icons";
import { initials } from "./text";
import { Video } from "./video";

export function Preview({ devices, name }: { devices: Devices; name: string }): JSX.Element {
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
