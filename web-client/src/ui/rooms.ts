// Opening rooms: `POST /api/v1/rooms`.
import { keepHostSecret, placeOf } from "./links";
import { noteRoom } from "./recent-rooms";

export type Created =
  | { readonly kind: "created"; readonly guestLink: string }
  | { readonly kind: "taken" | "bad_name" | "refused" | "failed" };

/** Opens a room; an empty name lets the server find one. This browser keeps the host's secret. */
export async function createRoom(name: string): Promise<Created> {
  let response: Response;
  try {
    response = await fetch("/api/v1/rooms", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(name === "" ? {} : { name }),
    });
  } catch {
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
