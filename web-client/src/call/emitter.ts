// Typed events. A listener that throws is reported and hinders nobody else.

type Listeners<Events> = { [Name in keyof Events]?: Set<(event: Events[Name]) => void> };

export class Emitter<Events> {
  readonly #listeners: Listeners<Events> = {};

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const set = (this.#listeners[name] ??= new Set());
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
