// The icons, drawn on a grid of 24 with one stroke. They decorate: the words stand beside them.
import type { ComponentChildren, JSX } from "preact";

/** A drawing of the set; other parts draw theirs with it. */
export function icon(children: ComponentChildren) {
  return (): JSX.Element => (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const slash = <path class="slash" d="M4 4l16 16" />;

const microphone = (
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3M8.5 21h7" />
  </>
);

const camera = (
  <>
    <rect x="2.5" y="6" width="13" height="12" rx="2.5" />
    <path d="M15.5 10.5l6-3.5v10l-6-3.5z" />
  </>
);

export const MicrophoneIcon = icon(microphone);

export const MicrophoneOffIcon = icon(
  <>
    {microphone}
    {slash}
  </>,
);

export const CameraIcon = icon(camera);

export const CameraOffIcon = icon(
  <>
    {camera}
    {slash}
  </>,
);

export const ScreenIcon = icon(
  <>
    <rect x="2.5" y="4" width="19" height="13" rx="2.5" />
    <path d="M8 21h8M12 14V8M9 10.5L12 7.5l3 3" />
  </>,
);

export const PeopleIcon = icon(
  <>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.2a6.5 6.5 0 0 1 3.5 5.8" />
  </>,
);

export const InviteIcon = icon(
  <>
    <path d="M10 14a4 4 0 0 0 6 .4l3.5-3.5a4.2 4.2 0 0 0-6-6L12 6.5" />
    <path d="M14 10a4 4 0 0 0-6-.4l-3.5 3.5a4.2 4.2 0 0 0 6 6L12 17.5" />
  </>,
);

export const SettingsIcon = icon(
  <>
    <path d="M4 7h9M19 7h1M4 17h1M11 17h9" />
    <circle cx="16" cy="7" r="2.5" />
    <circle cx="8" cy="17" r="2.5" />
  </>,
);

export const LeaveIcon = icon(
  <path d="M10 4H6.5A2.5 2.5 0 0 0 4 6.5v11A2.5 2.5 0 0 0 6.5 20H10M15 8l4 4-4 4M19 12H9.5" />,
);

export const CheckIcon = icon(<path d="M5 12.5l4.5 4.5L19 7.5" />);

export const CloseIcon = icon(<path d="M6 6l12 12M18 6L6 18" />);

export const SoundIcon = icon(
  <path d="M4 10v4h3.5L12 18V6l-4.5 4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />,
);

export const ChatIcon = icon(
  <>
    <path d="M4 5.5h16A1.5 1.5 0 0 1 21.5 7v9a1.5 1.5 0 0 1-1.5 1.5h-8L7 21v-3.5H4" />
    <path d="M4 17.5A1.5 1.5 0 0 1 2.5 16V7A1.5 1.5 0 0 1 4 5.5M7 10h10M7 13.5h6" />
  </>,
);

export const MoreIcon = icon(<path class="dots" d="M5 12h.01M12 12h.01M19 12h.01" />);

export const SendIcon = icon(<path d="M4 12l16-7.5-5 15.5-3.5-6.5zM11.5 13.5L20 4.5" />);

export const PinIcon = icon(<path d="M9 4h6l-.8 6.2 2.8 2.8v1.5H7V13l2.8-2.8zM12 14.5V21" />);

export const FullScreenIcon = icon(<path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" />);

export const FloatIcon = icon(
  <>
    <rect x="2.5" y="4.5" width="19" height="15" rx="2.5" />
    <rect x="12" y="11.5" width="6.5" height="5" rx="1" />
  </>,
);

export const SpeakerViewIcon = icon(
  <>
    <rect x="2.5" y="4.5" width="12.5" height="15" rx="2.5" />
    <path d="M18 6.5h3.5M18 12h3.5M18 17.5h3.5" />
  </>,
);

export const LeadIcon = icon(
  <>
    <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" />
    <circle cx="12" cy="12" r="3" />
  </>,
);

export const PreviousIcon = icon(<path d="M14.5 6l-6 6 6 6" />);

export const NextIcon = icon(<path d="M9.5 6l6 6-6 6" />);
