// A panel beside the pictures; on a narrow screen it lies over them. Escape closes it, and the
// focus goes back to where it came from.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { t } from "./i18n";
import { CloseIcon } from "./icons";

interface SidePanelProps {
  readonly id: string;
  readonly title: string;
  /** Where the focus goes back to. */
  readonly opener: Element | null;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function SidePanel(props: SidePanelProps): JSX.Element {
  const { id, title, opener, onClose, children } = props;
  const panel = useRef<HTMLElement>(null);
  const titleId = useId();
  useEffect(() => {
    const inside = panel.current;
    // Where there is something to type into, that is what the panel was opened for.
    const first = inside?.querySelector<HTMLElement>("[data-first]");
    (first ?? inside?.querySelector("h2"))?.focus();
    return () => {
      const focusWasInside = inside?.contains(document.activeElement) ?? false;
      const lost = document.activeElement === document.body;
      if ((focusWasInside || lost) && opener instanceof HTMLElement) {
        // The page is not covered any more only once the panel is gone.
        setTimeout(() => opener.focus());
      }
    };
  }, []);
  return (
    <aside
      id={id}
      ref={panel}
      class="side-panel"
      aria-labelledby={titleId}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) {
          event.preventDefault();
          onClose();
        }
      }}
    >
      <header class="side-header">
        <h2 id={titleId} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="plain-button" aria-label={t().close} onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      {children}
    </aside>
  );
}
