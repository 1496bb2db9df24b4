// After the call, and where no call can be: one sentence and the ways on.
import type { JSX } from "preact";

import { t } from "./i18n";
import { Shelter } from "./shelter";
import { SitePage } from "./site-frame";

interface MessageProps {
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
  readonly again?: () => void;
}

export function MessagePage({ id, title, sentence, again }: MessageProps): JSX.Element {
  return (
    <SitePage id={id}>
      <Shelter />
      <h1>{title}</h1>
      <p class="sentence" role="status">
        {sentence}
      </p>
      <p class="ways">
        {again !== undefined && (
          <button id="join-again" type="button" class="button primary" onClick={again}>
            {t().joinAgain}
          </button>
        )}
        <a class="button" href="/">
          {t().backHome}
        </a>
      </p>
    </SitePage>
  );
}
