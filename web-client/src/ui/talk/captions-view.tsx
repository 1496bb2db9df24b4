// Captions over the pictures, and the offer to show them.
import type { JSX } from "preact";

import { later, t } from "../i18n";
import type { Captions } from "./captions";

interface CaptionsProps {
  readonly captions: Captions;
}

export function CaptionsView({ captions }: CaptionsProps): JSX.Element {
  const { size, position, solid, announced, shown } = captions;
  return (
    <div
      id="captions-view"
      class={`captions ${position.value}${solid.value ? " solid" : ""}`}
      data-size={size.value}
      // Stands there before anything does, or screen readers would miss the first line.
      role="log"
      aria-live={announced.value ? "polite" : "off"}
      aria-label={t().captions}
    >
      {shown.value.map(({ key, author, text, begins }) => (
        <p key={key} class="caption" dir="auto">
          {begins && <bdi class="caption-author">{later().captions.by(author)}</bdi>}{" "}
          {text}
        </p>
      ))}
    </div>
  );
}

export function CaptionsOffer({ captions }: CaptionsProps): JSX.Element | null {
  const author = captions.offeredBy.value;
  const words = later().captions;
  return (
    <div class={author === null ? "" : "card"}>
      <output id="captions-offer" role="status">
        {author !== null && words.offer(author)}
      </output>
      {author !== null && (
        <p class="row">
          <button
            id="captions-accept"
            type="button"
            class="small-button primary"
            onClick={() => captions.answer(true)}
          >
            {words.accept}
          </button>
          <button type="button" class="small-button" onClick={() => captions.answer(false)}>
            {words.decline}
          </button>
        </p>
      )}
    </div>
  );
}
