// What the toolbar opens in a dialog: the settings.
import type { JSX } from "preact";

import { BlurChoice } from "./blur-choice";
import { DeviceChoice } from "./device-choice";
import { canCapture } from "./devices";
import { Dialog } from "./dialog";
import { later, t } from "./i18n";
import { LanguageChoice } from "./language-choice";
import type { Sight } from "./pictures/sight";
import { TrafficLines } from "./pictures/traffic-lines";
import type { RoomStore } from "./room-store";
import { shortcutsOn } from "./shortcuts";
import { wayOf } from "./text";
import { SpeakerChoice } from "./speaker-test";
import { ThemeChoice } from "./theme-choice";

interface PanelProps {
  readonly store: RoomStore;
  readonly sight: Sight;
  readonly onClose: () => void;
}

export function SettingsPanel({ store, sight, onClose }: PanelProps): JSX.Element {
  const { microphone, camera } = store.local.value;
  const path = store.path.value;
  return (
    <Dialog id="settings-panel" title={t().settings} onClose={onClose}>
      {canCapture() && (
        <div class="choices">
          <DeviceChoice
            kind="microphone"
            track={microphone}
            onChoose={(deviceId) => store.choose("microphone", deviceId)}
          />
          <DeviceChoice
            kind="camera"
            track={camera}
            onChoose={(deviceId) => store.choose("camera", deviceId)}
          />
          {camera !== null && <BlurChoice camera={camera} />}
          <SpeakerChoice microphone={microphone} />
        </div>
      )}
      <LanguageChoice />
      <ThemeChoice />
      <label class="check">
        <input
          id="shortcuts"
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={({ currentTarget }) => (shortcutsOn.value = currentTarget.checked)}
        />
        <span>{later().shortcuts}</span>
      </label>
      {path !== null && (
        <p id="path" class="hint">
          {later().pathTaken(path.transport === "udp" ? "UDP" : wayOf("TCP", path.port))}
        </p>
      )}
      <TrafficLines sight={sight} />
    </Dialog>
  );
}
