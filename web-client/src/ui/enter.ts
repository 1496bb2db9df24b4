// Entering a room: which secret opens it, and what the address bar shows afterwards.
import type { Call, JoinOptions } from "../call";
import { CallError, join } from "../call";
import { hostSecret, keepHostSecret } from "./links";
import { showAddress } from "./navigation";

/** What one has to enter with. */
export interface Keys {
  /** The link's; null where it came without. */
  readonly secret: string | null;
  /** The room's code, which leads to the lobby. */
  readonly code: string | null;
}

export interface Entered {
  readonly call: Call;
  /** What the guest link carries; null where one came by the code. */
  readonly guestSecret: string | null;
}

/**
 * Enters with the host's secret that this browser keeps, else with the link's, else with the code.
 * A kept secret that was revoked is forgotten, and the person comes in as the guest that the rest
 * makes them.
 */
export async function enterRoom(
  room: string,
  { secret, code }: Keys,
  options: () => Omit<JoinOptions, "url" | "room" | "secret" | "code">,
): Promise<Entered> {
  const secrets = new Set([hostSecret(room), secret].filter((known) => known !== null));
  const byCode = code === null ? [] : [{ code }];
  const tries = [...[...secrets].map((secret) => ({ secret })), ...byCode];
  for (const [index, key] of tries.entries()) {
    try {
      const call = await join({ url: location.origin, room, ...key, ...options() });
      return arrived(room, "secret" in key ? key.secret : null, call);
    } catch (error) {
      if (index === tries.length - 1 || !isRefusedSecret(error)) {
        throw error;
      }
      keepHostSecret(room, null);
    }
  }
  throw new CallError("unknown_link", "nothing to enter with");
}

/** The address bar holds the guest link; the host's secret stays in this browser alone. */
function arrived(room: string, secret: string | null, call: Call): Entered {
  if (call.role === "host" && secret !== null) {
    keepHostSecret(room, secret);
  }
  const guestSecret = call.guestSecret ?? secret;
  if (guestSecret !== null) {
    showAddress(`/${room}#${guestSecret}`);
  }
  return { call, guestSecret };
}

function isRefusedSecret(error: unknown): boolean {
  return (
    error instanceof CallError && (error.code === "unknown_link" || error.code === "expired_link")
  );
}
