// Links to rooms: `https://host/ROOM#SECRET`. The fragment never reaches a server or its log.
import type { TextKind } from "./site";
import { recall, remember } from "./storage";

/** Where an address leads. */
export type Place =
  | { readonly page: "home" }
  | { readonly page: "text"; readonly kind: TextKind }
  | { readonly page: "room"; readonly room: string; readonly secret: string | null };

/** `protocol::ids::RoomName`: 1 to 64 of a-z, 0-9 and inner hyphens. */
const ROOM_NAME = /^(?!-)[a-z0-9-]{1,64}(?<!-)$/;

export function placeOf(url: URL): Place {
  const room = decodePath(url.pathname);
  if (room === "legal" || room === "privacy") {
    return { page: "text", kind: room };
  }
  if (!isRoomName(room)) {
    return { page: "home" };
  }
  const secret = url.hash.slice(1);
  return { page: "room", room, secret: secret === "" ? null : secret };
}

/** Reads what a person pastes: a link to a room here, whole; null otherwise. */
export function parseLink(text: string, origin: string): URL | null {
  let url: URL;
  try {
    url = new URL(text.trim(), origin);
  } catch {
    return null;
  }
  const place = placeOf(url);
  return place.page === "room" && place.secret !== null ? url : null;
}

export function isRoomName(text: string): boolean {
  return ROOM_NAME.test(text);
}

/** Without a secret it leads to the question for the room's code. */
export function linkTo(room: string, secret: string | null): string {
  return `${location.origin}/${room}${secret === null ? "" : `#${secret}`}`;
}

/** Turns a free name into one that a link can carry: `Classe de 5e` becomes `classe-de-5e`. */
export function roomNameFrom(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 64)
    .replace(/-+$/, "");
}

/** A host's secret stays in this browser; the address bar holds the guest link. */
export function hostSecret(room: string): string | null {
  return recall(`host.${room}`);
}

export function keepHostSecret(room: string, secret: string | null): void {
  remember(`host.${room}`, secret);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path.slice(1).replace(/\/$/, ""));
  } catch {
    return "";
  }
}
