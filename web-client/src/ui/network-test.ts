// What this network lets through, found out by a call of one's own: in a room that nobody else
// hears of, without camera and microphone.
import type { Call, PathReport } from "../call";
import { CallError, join } from "../call";
import { createTestRoom } from "./rooms";

export type Finding =
  /** Not even a page comes. */
  | { readonly kind: "unreachable" }
  /** The server opens no room for a test. */
  | { readonly kind: "untested" }
  /** Pages come, a WebSocket does not. */
  | { readonly kind: "no_socket" }
  /** Words pass, sound and pictures do not. */
  | { readonly kind: "no_media" }
  | { readonly kind: "media"; readonly path: PathReport; readonly rttMs: number | null };

/** A socket that opens later than this is no good for a meeting. */
const SOCKET_MS_MAX = 6_000;
/** Long enough for every way to be tried in turn. */
const MEDIA_MS_MAX = 20_000;
/** Browsers try UDP and TCP side by side and may begin with either. */
const SETTLED_MS = 1_500;
const RTT_MS_MAX = 3_000;
const ROOM_LIFETIME_S = 120;

/** Rejects with what a page of ours should not meet, such as a browser without WebRTC. */
export async function testNetwork(): Promise<Finding> {
  const room = await createTestRoom(ROOM_LIFETIME_S);
  if (room.kind !== "created") {
    return { kind: room.kind === "refused" ? "untested" : "unreachable" };
  }
  let call: Call;
  try {
    call = await join({
      url: location.origin,
      room: room.room,
      secret: room.secret,
      name: "test",
      videoSlots: 1,
      signal: AbortSignal.timeout(SOCKET_MS_MAX),
    });
  } catch (error) {
    if (error instanceof CallError && NOT_REACHED.includes(error.code)) {
      return { kind: "no_socket" };
    }
    throw error;
  }
  try {
    return await testMedia(call);
  } finally {
    call.leave();
  }
}

/** The call's own patience, or the shorter one of the test, is at its end. */
const NOT_REACHED: readonly string[] = ["connection_failed", "left"];

async function testMedia(call: Call): Promise<Finding> {
  const begin = performance.now();
  const first = await awaited(MEDIA_MS_MAX, () => connectedBy(call));
  if (first === null) {
    return { kind: "no_media" };
  }
  const took = performance.now() - begin;
  if (first.transport !== "udp") {
    await awaited(Math.max(SETTLED_MS, took), () => call.path?.transport === "udp" || null);
  }
  const rttMs = await awaited(RTT_MS_MAX, async () => (await call.stats()).rttMs);
  return { kind: "media", path: call.path ?? first, rttMs };
}

function connectedBy(call: Call): PathReport | null {
  const { state } = call;
  return state.phase === "joined" && state.connection === "connected" ? call.path : null;
}

/** The first answer that is not null, or null when the time is over. */
async function awaited<Answer>(
  limitMs: number,
  look: () => Answer | null | Promise<Answer | null>,
): Promise<Answer | null> {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await look();
    if (answer !== null || performance.now() > end) {
      return answer;
    }
    await new Promise((next) => setTimeout(next, 100));
  }
}
