// Opening rooms: `POST /api/v1/rooms`.
import { keepHostSecret, placeOf } from "./links";
import { noteRoom } from "./recent-rooms";

export type Created =
  | { readonly kind: "created"; readonly guestLink: string }
  | { readonly kind: "taken" | "bad_name" | "refused" | "failed" };

/** Opens a room; an empty name lets the server find one. This browser keeps the host's secret. */
export async function createRoom(name: string): Promise<Created> {
  const response = await post(name === "" ? {} : { name });
  if (response === null) {
    return { kind: "failed" };
  }
  if (response.status === 409) {
    return { kind: "taken" };
  }
  // The name is all that a person chooses, so it is what a bad request is about.
  if (response.status === 400 && name !== "") {
    return { kind: "bad_name" };
  }
  if (!response.ok) {
    return { kind: response.status < 500 ? "refused" : "failed" };
  }
  return readCreated(await response.json().catch(() => null));
}

/** A room that nobody else hears of, and that ends by itself. */
export type TestRoom =
  | { readonly kind: "created"; readonly room: string; readonly secret: string }
  | { readonly kind: "refused" | "failed" };

export async function createTestRoom(lifetimeSeconds: number): Promise<TestRoom> {
  const response = await post({ expires_in_s: lifetimeSeconds });
  if (response === null || response.status >= 500) {
    return { kind: "failed" };
  }
  const answer: unknown = await response.json().catch(() => null);
  const { host_link: link } = (answer ?? {}) as Record<string, unknown>;
  const place = typeof link === "string" ? placeOf(new URL(link, location.origin)) : null;
  if (place?.page !== "room" || place.secret === null) {
    return { kind: "refused" };
  }
  return { kind: "created", room: place.room, secret: place.secret };
}

/** Null where the server was not reached. */
function post(wish: object): Promise<Response | null> {
  const request = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(wish),
  };
  return fetch("/api/v1/rooms", request).catch(() => null);
}

function readCreated(answer: unknown): Created {
  const { host_link: hostLink, guest_link: guestLink } = (answer ?? {}) as Record<string, unknown>;
  if (typeof hostLink !== "string" || typeof guestLink !== "string") {
    return { kind: "failed" };
  }
  const host = placeOf(new URL(hostLink, location.origin));
  const guest = new URL(guestLink, location.origin);
  if (host.page !== "room" || host.secret === null) {
    return { kind: "failed" };
  }
  keepHostSecret(host.room, host.secret);
  noteRoom({ room: host.room, guestSecret: guest.hash.slice(1), at: Date.now() });
  // The server may know itself by another name than the one that the person typed.
  return { kind: "created", guestLink: `${guest.pathname}${guest.hash}` };
}
