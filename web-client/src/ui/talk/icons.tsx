// Icons of what people say and show beside their voices.
import { icon } from "../icons";

export const HandIcon = icon(
  <>
    <path d="M7 13.5V6.5a1.5 1.5 0 0 1 3 0V11V4.5a1.5 1.5 0 0 1 3 0V11V5.5a1.5 1.5 0 0 1 3 0" />
    <path d="M16 5.5V12V8.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-1c-2.5 0-3.8-1-5-3l-3-5" />
    <path d="M4 13a1.6 1.6 0 0 1 2.7-1.7L7 12" />
  </>,
);

export const SmileIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <path d="M8 14.5a5 5 0 0 0 8 0M9 9.5h.01M15 9.5h.01" />
  </>,
);

export const OrderIcon = icon(
  <path d="M12 3l7.5 3v5.5c0 4.5-3.2 7.8-7.5 9.5-4.3-1.7-7.5-5-7.5-9.5V6zM9 12l2.2 2.2L15.5 10" />,
);

export const RecordIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <circle class="dot" cx="12" cy="12" r="4" />
  </>,
);

export const ClockIcon = icon(
  <>
    <circle cx="12" cy="13" r="8" />
    <path d="M12 9v4l2.5 2M9.5 2.5h5" />
  </>,
);

export const WriteIcon = icon(<path d="M4 20l1-4L16.5 4.5l3 3L8 19zM14 7l3 3" />);

export const CaptionsIcon = icon(
  <>
    <rect x="3" y="5" width="18" height="14" rx="2.5" />
    <path d="M7 12h4M14 12h3M7 15.5h2.5M12.5 15.5H17" />
  </>,
);
