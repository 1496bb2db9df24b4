// Entering a room: which secret opens it, and what the address bar shows afterwards.
import type { Call, JoinOptions } from "../call";
import { CallError, join } from "../call";
import { hostSecret, keepHostSecret } from "./links";
import { showAddress } from "./navigation";

export interface Entered {
  readonly call: Call;
  /** What the guest link carries. */
  readonly guestSecret: string;
}

/**
 * Enters with the host's secret that this browser keeps, else with the link's. A kept secret that
 * was revoked is forgotten, and the person comes in as the guest that the link makes them.
 */
export async function enterRoom(
  room: string,
  linkSecret: string | null,
  options: (attempt: number) => Omit<JoinOptions, "url" | "room" | "secret">,
): Promise<Entered> {
  const kept = hostSecret(room);
  const secrets = [kept, linkSecret].filter((secret) => secret !== null);
  for (const [attempt, secret] of secrets.entries()) {
    try {
      const call = await join({ url: location.origin, room, secret, ...options(attempt) });
      return arrived(room, secret, call);
    } catch (error) {
      const next = secrets[attempt + 1];
      if (next === undefined || next === secret || !isRefusedSecret(error)) {
        throw error;
      }
      keepHostSecret(room, null);
    }
  }
  throw new CallError("unknown_link", "no secret to enter with");
}

/** The address bar holds the guest link; the host's secret stays in this browser alone. */
function arrived(room: string, secret: string, call: Call): Entered {
  if (call.role === "host") {
    keepHostSecret(room, secret);
  }
  const guestSecret = call.guestSecret ?? secret;
  showAddress(`/${room}#${guestSecret}`);
  return { call, guestSecret };
}

function isRefusedSecret(error: unknown): boolean {
  return (
    error instanceof CallError && (error.code === "unknown_link" || error.code === "expired_link")
  );
}
