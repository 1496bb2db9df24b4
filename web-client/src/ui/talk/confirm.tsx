// Asks before something that cannot be taken back.
import type { JSX } from "preact";

import { Dialog } from "../dialog";
import { later } from "../i18n";
import type { Order } from "./order";

export function Confirm({ order }: { readonly order: Order }): JSX.Element | null {
  const question = order.question.value;
  if (question === null) {
    return null;
  }
  const { title, sentence, yes, act } = question;
  const close = (): void => {
    order.question.value = null;
  };
  return (
    <Dialog id="confirm" title={title} onClose={close}>
      <p>{sentence}</p>
      <p class="row">
        <button id="confirm-no" type="button" class="button" onClick={close}>
          {later().cancel}
        </button>
        <button
          id="confirm-yes"
          type="button"
          class="button danger"
          onClick={() => {
            close();
            order.moderate(act);
          }}
        >
          {yes}
        </button>
      </p>
    </Dialog>
  );
}
