// What this browser remembers. It may remember nothing (private windows, blocked storage).

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`preau.${key}`);
  } catch {
    return null;
  }
}

/** Null forgets. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) {
      localStorage.removeItem(`preau.${key}`);
    } else {
      localStorage.setItem(`preau.${key}`, value);
    }
  } catch {
    // The page works without memory.
  }
}
