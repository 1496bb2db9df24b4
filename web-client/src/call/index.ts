// The SDK: `import { join } from "/sdk.js"`.
import type { Call, CaptureLimits, DeviceChoice, JoinOptions, Preparation } from "./api";
import { CallError } from "./api";
import { LiveCall } from "./call";
import { browserEnvironment, canCall } from "./environment";
import { deviceConstraints } from "./local";
import { MediaConnection, VIDEO_SLOTS_DEFAULT } from "./media";

export type {
  AskedToTurnOn,
  Call,
  CallEnd,
  CallEvents,
  CallState,
  CallStats,
  CaptureLimits,
  ChatLine,
  ChatOptions,
  Connection,
  ConnectionReport,
  DeviceChoice,
  JoinOptions,
  LobbyNews,
  LocalError,
  LocalMedia,
  ParticipantChange,
  PathReport,
  Preparation,
  ReactionShown,
  SendingStats,
  SignalingStats,
  Slot,
  SlotStats,
  SourceLost,
  SpeakerChange,
  TrackChange,
  TrafficStats,
  TurnedOff,
} from "./api";
export { CallError } from "./api";
export { ROOM_AT_REST } from "./room-state";
export type {
  Banned,
  BanId,
  Choice,
  EndReason,
  ErrorCode,
  Focus,
  FocusedPicture,
  Moderation,
  Participant,
  ParticipantId,
  PictureState,
  Poll,
  PollId,
  PollResult,
  PublishedSource,
  Reaction,
  Role,
  RoomState,
  Rules,
  SlotContent,
  SlotKind,
  Source,
  Stay,
  Tile,
  Timer,
  View,
  Waiting,
  Whom,
} from "./protocol.gen";

/** The connection behind a `Preparation`, which pages hold without seeing into it. */
const prepared = new WeakMap<Preparation, MediaConnection>();

/** Makes the connection and its offer while the person still looks at the preview. */
export function prepare(videoSlots: number = VIDEO_SLOTS_DEFAULT): Preparation {
  requireWebRtc();
  const media = new MediaConnection(browserEnvironment(), videoSlots);
  // A failure shows when joining asks for the offer.
  media.firstOffer().catch(() => undefined);
  const preparation: Preparation = {
    videoSlots: media.videoSlots,
    close: () => {
      if (prepared.delete(preparation)) {
        media.close();
      }
    },
  };
  prepared.set(preparation, media);
  return preparation;
}

/**
 * Enters a room. Resolves when the server has let one in; media follows.
 * Rejects with a `CallError`, or with the browser's error where a device was not given.
 */
export async function join(options: JoinOptions): Promise<Call> {
  requireWebRtc();
  const environment = browserEnvironment();
  const call = new LiveCall(environment, options, takePrepared(options) ?? makeMedia(options));
  await call.start();
  return call;

  function makeMedia({ videoSlots = VIDEO_SLOTS_DEFAULT }: JoinOptions): MediaConnection {
    return new MediaConnection(environment, videoSlots);
  }
}

/**
 * Opens devices for a preview, as the call itself would open them.
 * Rejects with the browser's error.
 */
export function openDevices(
  wanted: {
    readonly microphone?: DeviceChoice;
    readonly camera?: DeviceChoice;
  },
  limits: CaptureLimits = {},
): Promise<MediaStream> {
  const open = (): Promise<MediaStream> =>
    browserEnvironment().getUserMedia(deviceConstraints(wanted, limits));
  // In a promise, so that a page without devices rejects like any other refusal.
  return Promise.resolve().then(open);
}

/** A preparation serves one join. */
function takePrepared({ preparation }: JoinOptions): MediaConnection | undefined {
  if (preparation === undefined) {
    return undefined;
  }
  const media = prepared.get(preparation);
  prepared.delete(preparation);
  return media;
}

function requireWebRtc(): void {
  if (!canCall()) {
    throw new CallError("unsupported_browser", "this browser has no WebRTC");
  }
}
