// Which panels of the room are open: one beside the pictures, one dialog over everything.
import type { Signal } from "@preact/signals";
import { signal } from "@preact/signals";

/** Stands beside the pictures, and does not keep one from anything else. */
export type Side = "chat" | "people" | "captions";

/** Lies over everything until it is closed. */
export type Modal = "invite" | "settings" | "host" | "record";

export class Panels {
  readonly side: Signal<Side | null> = signal<Side | null>(null);
  readonly modal: Signal<Modal | null> = signal<Modal | null>(null);
  /** Where the focus was when the panel beside was asked for, and goes back to. */
  opener: Element | null = null;

  toggle(side: Side): void {
    this.opener = document.activeElement;
    this.side.value = this.side.value === side ? null : side;
  }
}
