// What this browser remembers, all under `preau.`. It may remember nothing (private windows,
// blocked storage), and on a computer that is shared it remembers only until the tab is closed.
import { signal } from "@preact/signals";

const PREFIX = "preau.";
/** Held by the tab, so that a reload still knows. */
const SHARED_KEY = `${PREFIX}shared`;

/** What this page wrote, to be taken back when the person says that others sit here too. */
const written = new Set<string>();

/** Whether the person said that others use this computer. */
export const sharedComputer = signal(read(session, SHARED_KEY) !== null);

export function recall(key: string): string | null {
  return read(session, PREFIX + key) ?? read(local, PREFIX + key);
}

/** Null forgets. */
export function remember(key: string, value: string | null): void {
  const name = PREFIX + key;
  written.add(name);
  const kept = sharedComputer.value && value !== null;
  write(session, name, kept ? value : null);
  if (!kept) {
    write(local, name, value);
  }
}

/** What a tab alone knows, and forgets when it is closed. */
export function recallInTab(key: string): string | null {
  return read(session, PREFIX + key);
}

/** Null forgets. */
export function rememberInTab(key: string, value: string | null): void {
  write(session, PREFIX + key, value);
}

/** From here on only the tab remembers; what this page has written moves into it. */
export function setSharedComputer(shared: boolean): void {
  sharedComputer.value = shared;
  write(session, SHARED_KEY, shared ? "1" : null);
  const [from, to] = shared ? [local, session] : [session, local];
  for (const name of written) {
    const value = read(from, name);
    if (value !== null) {
      write(to, name, value);
      write(from, name, null);
    }
  }
}

/** Forgets everything that any visit left on this computer. */
export function forgetEverything(): void {
  for (const area of [local, session]) {
    try {
      const names = Array.from({ length: area().length }, (_, index) => area().key(index) ?? "");
      names.filter((name) => name.startsWith(PREFIX)).forEach((name) => area().removeItem(name));
    } catch {
      // What cannot be read holds nothing.
    }
  }
  written.clear();
  sharedComputer.value = false;
}

function local(): Storage {
  return localStorage;
}

function session(): Storage {
  return sessionStorage;
}

/** `area` is asked for each time: merely naming it throws where storage is blocked. */
function read(area: () => Storage, name: string): string | null {
  try {
    return area().getItem(name);
  } catch {
    return null;
  }
}

function write(area: () => Storage, name: string, value: string | null): void {
  try {
    if (value === null) {
      area().removeItem(name);
    } else {
      area().setItem(name, value);
    }
  } catch {
    // The page works without memory.
  }
}
