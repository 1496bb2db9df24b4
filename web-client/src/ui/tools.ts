// What the toolbar offers. Each part of the room adds what it has to a list of its own.
import type { ComponentChildren, JSX } from "preact";

import { canShareScreen } from "./devices";
import { t } from "./i18n";
import {
  CameraIcon,
  CameraOffIcon,
  InviteIcon,
  MicrophoneIcon,
  MicrophoneOffIcon,
  ScreenIcon,
  SettingsIcon,
} from "./icons";
import type { Panels } from "./open-panels";
import { pictureTools } from "./pictures/picture-tools";
import type { Sight } from "./pictures/sight";
import type { RoomStore } from "./room-store";
import type { Talk } from "./talk/talk";
import { talkTools } from "./talk/talk-tools";
import type { ViewReporter } from "./view-reporter";

/** What a tool may act on. */
export interface RoomParts {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly panels: Panels;
  readonly sight: Sight;
  readonly reporter: ViewReporter;
}

/** A button of the toolbar, or a line of its menu. */
export interface Tool {
  readonly id: string;
  readonly label: string;
  /** With the key that does the same. */
  readonly title?: string;
  readonly icon: () => JSX.Element;
  /** In the bar always; in the bar of wide screens and else in the menu; in the menu always. */
  readonly place: "bar" | "wide" | "menu";
  /** `switch` warns while it is off; `extra` shines while it is on. */
  readonly kind?: "switch" | "extra";
  /** For what is on or off. */
  readonly pressed?: boolean;
  /** For what opens a panel beside the pictures. */
  readonly expanded?: boolean;
  /** A number to be seen from afar, and how it is said; 0 is not shown. */
  readonly count?: { readonly value: number; readonly said: string; readonly urgent?: boolean };
  /** Drawn in place of a button, in the bar and in the menu, which `close` folds. */
  readonly custom?: (where: "bar" | "menu", close: () => void) => ComponentChildren;
  readonly run: () => void;
}

/** Asked anew at each change of the signals that a list reads. */
type ToolList = (parts: RoomParts) => readonly Tool[];

/** In the order of the bar. Parts that have tools of their own add a list here. */
const LISTS: readonly ToolList[] = [deviceTools, talkTools, pictureTools, panelTools];

export function toolsOf(parts: RoomParts): readonly Tool[] {
  return LISTS.flatMap((list) => list(parts));
}

function deviceTools({ store }: RoomParts): readonly Tool[] {
  const { microphoneOn, camera, screen } = store.local.value;
  const devices: Tool[] = [
    {
      id: "microphone",
      label: t().microphone,
      title: t().microphoneKey,
      icon: microphoneOn ? MicrophoneIcon : MicrophoneOffIcon,
      place: "bar",
      kind: "switch",
      pressed: microphoneOn,
      run: () => store.toggleMicrophone(),
    },
    {
      id: "camera",
      label: t().camera,
      title: t().cameraKey,
      icon: camera === null ? CameraOffIcon : CameraIcon,
      place: "bar",
      kind: "switch",
      pressed: camera !== null,
      run: () => store.toggleCamera(),
    },
  ];
  const share: Tool = {
    id: "screen",
    label: t().shareScreen,
    icon: ScreenIcon,
    place: "wide",
    kind: "extra",
    pressed: screen !== null,
    run: () => store.toggleScreen(),
  };
  return canShareScreen() ? [...devices, share] : devices;
}

function panelTools({ panels }: RoomParts): readonly Tool[] {
  return [
    {
      id: "invite",
      label: t().invite,
      icon: InviteIcon,
      place: "wide",
      run: () => (panels.modal.value = "invite"),
    },
    {
      id: "settings",
      label: t().settings,
      icon: SettingsIcon,
      place: "menu",
      run: () => (panels.modal.value = "settings"),
    },
  ];
}
