// M and V while in the room. They can be turned off: WCAG 2.1.4, for people who dictate.
import { effect, signal } from "@preact/signals";

import { recall, remember } from "./storage";

export const shortcutsOn = signal(recall("shortcuts.off") === null);

effect(() => remember("shortcuts.off", shortcutsOn.value ? null : "1"));

/** Calls back for a letter pressed alone, outside of fields; the result stops that. */
export function onShortcut(actions: Readonly<Record<string, () => void>>): () => void {
  const listen = (event: KeyboardEvent): void => {
    const action = actions[event.key.toLowerCase()];
    if (action === undefined || !shortcutsOn.value || isForSomethingElse(event)) {
      return;
    }
    event.preventDefault();
    action();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

function isForSomethingElse(event: KeyboardEvent): boolean {
  const { target } = event;
  const typing =
    target instanceof Element && target.closest("input, textarea, select, dialog") !== null;
  return typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey;
}
