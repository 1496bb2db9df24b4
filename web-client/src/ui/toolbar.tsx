// The controls of a call, one row that a thumb reaches.
import type { ComponentChildren, JSX } from "preact";

import { canShareScreen } from "./devices";
import { t } from "./i18n";
import {
  CameraIcon,
  CameraOffIcon,
  InviteIcon,
  LeaveIcon,
  MicrophoneIcon,
  MicrophoneOffIcon,
  PeopleIcon,
  ScreenIcon,
  SettingsIcon,
} from "./icons";
import type { RoomStore } from "./room-store";

export type Panel = "people" | "invite" | "settings";

interface ToolbarProps {
  readonly store: RoomStore;
  readonly onOpen: (panel: Panel) => void;
}

export function Toolbar({ store, onOpen }: ToolbarProps): JSX.Element {
  const { microphoneOn, camera, screen } = store.local.value;
  return (
    <div class="toolbar" role="group" aria-label={t().toolbar}>
      <Tool
        id="microphone"
        label={t().microphone}
        title={t().microphoneKey}
        pressed={microphoneOn}
        onClick={() => store.toggleMicrophone()}
      >
        {microphoneOn ? <MicrophoneIcon /> : <MicrophoneOffIcon />}
      </Tool>
      <Tool
        id="camera"
        label={t().camera}
        title={t().cameraKey}
        pressed={camera !== null}
        onClick={() => store.toggleCamera()}
      >
        {camera !== null ? <CameraIcon /> : <CameraOffIcon />}
      </Tool>
      {canShareScreen() && (
        <Tool
          id="screen"
          kind="extra"
          label={t().shareScreen}
          pressed={screen !== null}
          onClick={() => store.toggleScreen()}
        >
          <ScreenIcon />
        </Tool>
      )}
      <Tool id="people" label={t().people} onClick={() => onOpen("people")}>
        <PeopleIcon />
        <span class="count" aria-hidden="true">
          {store.participants.value.length}
        </span>
      </Tool>
      <Tool id="invite" label={t().invite} onClick={() => onOpen("invite")}>
        <InviteIcon />
      </Tool>
      <Tool id="settings" label={t().settings} onClick={() => onOpen("settings")}>
        <SettingsIcon />
      </Tool>
      <Tool id="leave" kind="leave" label={t().leave} onClick={() => store.leave()}>
        <LeaveIcon />
      </Tool>
    </div>
  );
}

interface ToolProps {
  readonly id: string;
  readonly label: string;
  readonly title?: string;
  readonly kind?: "switch" | "extra" | "leave";
  readonly pressed?: boolean;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

function Tool({
  id,
  label,
  title,
  kind = "switch",
  pressed,
  onClick,
  children,
}: ToolProps): JSX.Element {
  return (
    <button
      id={id}
      type="button"
      class={`tool ${kind}`}
      title={title ?? label}
      aria-pressed={pressed}
      onClick={onClick}
    >
      <span class="tool-icon">{children}</span>
      <span class="tool-label">{label}</span>
    </button>
  );
}
