// How many megabytes the visit has cost, for people who pay for them.
import type { JSX } from "preact";

import { language, later, t } from "../i18n";
import type { Sight } from "./sight";

const MEGABYTE = 1e6;

/** In the settings. */
export function TrafficLines({ sight }: { readonly sight: Sight }): JSX.Element {
  const { received, sent, perHour } = sight.figures.traffic.value;
  const words = later().traffic;
  return (
    <section id="traffic" class="traffic">
      <p>{words.total(megabytes(received + sent))}</p>
      <p class="hint">{words.parts(megabytes(received), megabytes(sent))}</p>
      {perHour !== null && <p class="hint">{words.hour(megabytes(perHour))}</p>}
      <label class="check">
        <input
          id="traffic-shown"
          type="checkbox"
          checked={sight.trafficShown.value}
          onChange={({ currentTarget }) => (sight.trafficShown.value = currentTarget.checked)}
        />
        <span>{words.shown}</span>
      </label>
    </section>
  );
}

/** Above the pictures; no live region, for it changes all the time. */
export function TrafficCounter({ sight }: { readonly sight: Sight }): JSX.Element {
  const { received, sent } = sight.figures.traffic.value;
  return (
    <span id="traffic-counter" class="chip">
      {megabytes(received + sent)}
    </span>
  );
}

/** One place behind the point below ten, none above: more would flicker. */
function megabytes(bytes: number): string {
  const amount = bytes / MEGABYTE;
  const digits = amount < 10 ? 1 : 0;
  const format = new Intl.NumberFormat(language.value, { maximumFractionDigits: digits });
  return t().pictures.megabytes(format.format(amount));
}
