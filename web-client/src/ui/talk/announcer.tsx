// Where screen readers hear what the eye sees elsewhere.
import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";

interface AnnouncerProps {
  readonly sentence: ReadonlySignal<string>;
}

export function Announcer({ sentence }: AnnouncerProps): JSX.Element {
  return (
    <output id="announcer" class="visually-hidden" role="status">
      {sentence}
    </output>
  );
}
