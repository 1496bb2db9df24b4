// A link without its secret, as mail filters leave it: the room's code stands in for it.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { CallEnd } from "../call";
import { later, t } from "./i18n";
import { Shelter } from "./shelter";
import { SitePage } from "./site-frame";

interface CodePageProps {
  readonly room: string;
  /** Why the code tried before did not do. */
  readonly trouble: CallEnd | null;
  readonly onCode: (code: string) => void;
}

/** Six digits; people type them in groups, with spaces, points or hyphens. */
export function codeFrom(text: string): string | null {
  const digits = text.replace(/[\s.\-\u2010-\u2015]/g, "");
  return /^\d{6}$/.test(digits) ? digits : null;
}

export function CodePage({ room, trouble, onCode }: CodePageProps): JSX.Element {
  const malformed = useSignal(false);

  function submit(form: HTMLFormElement): void {
    const typed = new FormData(form).get("code");
    const code = codeFrom(typeof typed === "string" ? typed : "");
    malformed.value = code === null;
    if (code === null) {
      form.querySelector("input")?.focus();
    } else {
      onCode(code);
    }
  }

  const { code } = later();
  const refused = trouble === null ? "" : t().end[trouble];
  const sentence = malformed.value ? code.malformed : refused;
  return (
    <SitePage id="link-incomplete">
      <Shelter />
      <p class="eyebrow">{t().room(room)}</p>
      <h1>{code.title}</h1>
      <p class="sentence">{code.sentence}</p>
      <form
        class="card code-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        <label class="field">
          <span>{code.yours}</span>
          <input
            id="room-code-typed"
            name="code"
            class="code-field"
            inputMode="numeric"
            autocomplete="off"
            maxLength={12}
            placeholder="000 000"
            required
            aria-invalid={sentence !== ""}
            aria-describedby="code-hint code-trouble"
          />
        </label>
        <p id="code-hint" class="hint">
          {code.hint}
        </p>
        <output id="code-trouble" role="alert" class="trouble">
          {sentence}
        </output>
        <button id="try-code" type="submit" class="button primary">
          {code.goOn}
        </button>
      </form>
      <p class="ways">
        <a class="button" href="/">
          {t().backHome}
        </a>
      </p>
    </SitePage>
  );
}
