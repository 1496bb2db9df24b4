// A button that unfolds a few more. Escape, a click elsewhere or a choice folds them again.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface PopupProps {
  /** The button's. What it unfolds is `ID-popup`. */
  readonly id: string;
  readonly label: string;
  readonly buttonClass: string;
  readonly button: ComponentChildren;
  /** What is unfolded; `close` folds it and gives the focus back to the button. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Popup({ id, label, buttonClass, button, children }: PopupProps): JSX.Element {
  const open = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    open.value = false;
    opener.current?.focus();
  };
  useEffect(() => {
    if (!open.value) {
      return undefined;
    }
    box.current?.querySelector<HTMLElement>(".popup button")?.focus();
    const lookElsewhere = ({ target }: Event): void => {
      if (target instanceof Node && box.current?.contains(target) === false) {
        open.value = false;
      }
    };
    addEventListener("pointerdown", lookElsewhere);
    addEventListener("focusin", lookElsewhere);
    return () => {
      removeEventListener("pointerdown", lookElsewhere);
      removeEventListener("focusin", lookElsewhere);
    };
  }, [open.value]);
  return (
    <div
      ref={box}
      class="popup-anchor"
      onKeyDown={(event) => {
        if (event.key === "Escape" && open.value) {
          event.preventDefault();
          event.stopPropagation();
          close();
        }
      }}
    >
      <button
        id={id}
        ref={opener}
        type="button"
        class={buttonClass}
        title={label}
        aria-expanded={open.value}
        aria-controls={open.value ? `${id}-popup` : undefined}
        onClick={() => (open.value = !open.value)}
      >
        {button}
      </button>
      {open.value && (
        <div id={`${id}-popup`} class="popup" role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
