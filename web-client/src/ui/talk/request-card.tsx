// What a host's doing means to oneself: a source was turned off, or one is asked to turn it on.
import type { JSX } from "preact";

import { later, t } from "../i18n";
import type { Order, Request } from "./order";

interface RequestCardProps {
  readonly request: Request;
  readonly order: Order;
}

export function RequestCard({ request, order }: RequestCardProps): JSX.Element {
  const { key, kind, source, by } = request;
  const words = later().request;
  const asked = kind === "asked";
  const sentence = asked
    ? words.askedFor[source](by ?? t().talk.somebody)
    : by === null
      ? words.turnedOffByRule[source]
      : words.turnedOffBy[source](by);
  return (
    <div class="card" data-request={kind} data-source={source}>
      <output role="status">{sentence}</output>
      <p class="row">
        {asked && (
          <button
            type="button"
            class="small-button primary"
            data-action="comply"
            onClick={() => order.comply(request)}
          >
            {words.turnOn[source]}
          </button>
        )}
        <button
          type="button"
          class="small-button"
          data-action="put-aside"
          onClick={() => order.putAside(key)}
        >
          {asked ? words.notNow : t().understood}
        </button>
      </p>
    </div>
  );
}
