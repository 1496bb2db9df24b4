// A list of cameras or microphones; it follows what is plugged in.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { DeviceKind } from "./devices";
import { canCapture, listDevices } from "./devices";
import { t } from "./i18n";

interface DeviceChoiceProps {
  readonly kind: DeviceKind;
  /** The open track, whose device is the chosen one; its coming also gives the devices names. */
  readonly track: MediaStreamTrack | null;
  readonly onChoose: (deviceId: string) => void;
}

export function DeviceChoice({ kind, track, onChoose }: DeviceChoiceProps): JSX.Element | null {
  const devices = useSignal<readonly MediaDeviceInfo[]>([]);
  useEffect(() => {
    if (!canCapture()) {
      return undefined;
    }
    const read = async (): Promise<void> => {
      devices.value = await listDevices(kind);
    };
    void read();
    const listen = (): void => void read();
    navigator.mediaDevices.addEventListener("devicechange", listen);
    return () => navigator.mediaDevices.removeEventListener("devicechange", listen);
  }, [kind, track]);
  if (devices.value.length === 0) {
    return null;
  }
  const chosen = track?.getSettings().deviceId ?? "";
  const isListed = devices.value.some(({ deviceId }) => deviceId === chosen);
  return (
    <label class="field">
      <span>{kind === "microphone" ? t().microphoneChoice : t().cameraChoice}</span>
      <select
        id={`${kind}-choice`}
        value={isListed ? chosen : ""}
        onChange={({ currentTarget }) => onChoose(currentTarget.value)}
      >
        {!isListed && <option value="">—</option>}
        {devices.value.map(({ deviceId, label }, index) => (
          <option key={deviceId} value={deviceId}>
            {label === "" ? t().deviceNumber(index + 1) : label}
          </option>
        ))}
      </select>
    </label>
  );
}
