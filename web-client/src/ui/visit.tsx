// One visit to a room: the code where the link has none of its secret, preview, lobby, call, end.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";

import type { Call, CallEnd, Preparation } from "../call";
import { CallError, prepare } from "../call";
import type { Comeback } from "./coming-back";
import { noteComeback, takeComeback } from "./coming-back";
import { Devices } from "./devices";
import type { Entered } from "./enter";
import { enterRoom } from "./enter";
import { lastEnd, wishesOf } from "./frame-state";
import { t } from "./i18n";
import { lazily } from "./lazy";
import { hostSecret } from "./links";
import { titleNote } from "./navigation";
import { Prejoin } from "./prejoin";
import { Room } from "./room";
import { RoomStore } from "./room-store";
import { site } from "./site";
import type { Wish } from "./wish";

declare global {
  interface Window {
    /** For tests, and for support in a browser's console. */
    preau?: { readonly call: Call | null };
  }
}

const WaitingRoom = lazily(async () => (await import("./waiting")).WaitingRoom);
const loadEnd = async () => (await import("./ended")).MessagePage;
/** It may have to say that there is no network, and fetches nothing then. */
const MessagePage = lazily(loadEnd, "first");
const CodePage = lazily(async () => (await import("./code-page")).CodePage);

type Stage =
  | { readonly kind: "code"; readonly trouble: CallEnd | null }
  | { readonly kind: "preview"; readonly trouble: CallEnd | null }
  | { readonly kind: "joining" }
  | { readonly kind: "waiting"; readonly name: string; readonly hostIsHere: boolean }
  | { readonly kind: "room"; readonly entered: InRoom }
  | { readonly kind: "ended"; readonly reason: CallEnd };

interface InRoom {
  readonly store: RoomStore;
  readonly guestSecret: string | null;
  readonly soundOnly: boolean;
}

interface VisitProps {
  readonly room: string;
  readonly secret: string | null;
}

export function Visit({ room, secret }: VisitProps): JSX.Element {
  const comeback = useMemo(() => takeComeback(room), []);
  const direct = useMemo(() => directName(room, secret, comeback), []);
  const isJoining = comeback !== null || direct !== null;
  const stage = useSignal<Stage>(isJoining ? { kind: "joining" } : firstStage(room, secret));
  const code = useRef<string | null>(comeback?.code ?? null);
  const joining = useRef<AbortController | null>(null);
  const devices = useMemo(() => new Devices(), []);
  const takePreparation = usePreparation(stage.value.kind === "preview");
  useEffect(
    () => () => {
      joining.current?.abort();
      devices.release();
      window.preau?.call?.leave();
    },
    [devices],
  );

  useEffect(() => {
    if (direct !== null) {
      void enter(direct, "all");
    }
  }, []);

  useEffect(() => {
    if (comeback !== null) {
      void devices.restart(comeback).then(() => enter(comeback.name, comeback.wish));
    }
  }, [comeback]);

  async function enter(name: string, wish: Wish): Promise<void> {
    stage.value = { kind: "joining" };
    const { signal } = (joining.current = new AbortController());
    if (wish === "sound") {
      devices.close("camera");
    }
    try {
      const entered = await enterRoom(room, { secret, code: code.current }, () => ({
        name,
        audio: devices.track("microphone") ?? false,
        video: devices.track("camera") ?? false,
        ownsTracks: true,
        capture: site.media,
        signal,
        onLobby: ({ hostIsHere }) => {
          // After joining, the room itself says what the connection does.
          if (stage.value.kind === "joining" || stage.value.kind === "waiting") {
            stage.value = { kind: "waiting", name, hostIsHere };
          }
        },
        ...takePreparation(),
      }));
      showRoom(entered, wish, (store) => {
        const { state, local } = store.call;
        // The end lets go of the devices, which is not what one wants to come back to.
        if (state.phase !== "joined") {
          return;
        }
        const { microphoneOn } = local;
        const cameraOn = local.camera !== null;
        noteComeback({ room, name, code: code.current, wish, microphoneOn, cameraOn });
      });
    } catch (error) {
      notEntered(error instanceof CallError ? error.code : "connection_failed");
    }
  }

  function notEntered(trouble: CallEnd): void {
    if (trouble === "left") {
      stage.value = { kind: "preview", trouble: null };
    } else if (trouble === "bad_code") {
      stage.value = { kind: "code", trouble };
    } else if (trouble in titlesOfRefusals()) {
      devices.release();
      stage.value = { kind: "ended", reason: trouble };
    } else {
      stage.value = { kind: "preview", trouble };
    }
  }

  function showRoom(
    { call, guestSecret }: Entered,
    wish: Wish,
    note: (store: RoomStore) => void,
  ): void {
    // A call may end because the network has: its last page is there before.
    loadEnd().catch(() => undefined);
    const visited = { room, guestSecret, at: Date.now() };
    import("./recent-rooms").then(
      ({ noteRoom }) => noteRoom(visited),
      // Home then lists one room less.
      () => undefined,
    );
    window.preau = { call };
    const store: RoomStore = new RoomStore(call, (reason) => {
      window.preau = { call: null };
      lastEnd.value = reason;
      presence.then((watching) => watching?.close());
      // A page that goes away runs no timers: its note stays, for the reload that may follow.
      setTimeout(() => noteComeback(null));
      stage.value = { kind: "ended", reason };
    });
    if (stage.value.kind === "waiting") {
      store.say(t().door.letIn);
      noteWhileHidden(t().door.letIn);
    }
    devices.settle(call);
    const presence = import("./presence").then(
      ({ Presence }) => (store.state.value.phase === "ended" ? null : new Presence(store)),
      // The call goes on without a lock on the screen.
      () => null,
    );
    call.on("local", () => note(store));
    note(store);
    stage.value = { kind: "room", entered: { store, guestSecret, soundOnly: wish === "sound" } };
  }

  const { value } = stage;
  switch (value.kind) {
    case "code":
      return (
        <CodePage
          room={room}
          trouble={value.trouble}
          onCode={(typed) => {
            code.current = typed;
            stage.value = { kind: "preview", trouble: null };
          }}
        />
      );
    case "preview":
    case "joining":
      return (
        <Prejoin
          room={room}
          secret={secret}
          devices={devices}
          joining={value.kind === "joining"}
          trouble={value.kind === "preview" ? value.trouble : null}
          onJoin={(name, wish) => void enter(name, wish)}
        />
      );
    case "waiting":
      return (
        <WaitingRoom
          room={room}
          name={value.name}
          devices={devices}
          hostIsHere={value.hostIsHere}
          onLeave={() => joining.current?.abort()}
        />
      );
    case "room":
      return <Room room={room} {...value.entered} />;
    case "ended":
      return (
        <MessagePage
          id="ended"
          title={titlesOfRefusals()[value.reason] ?? t().endedTitle}
          sentence={t().end[value.reason]}
          {...(value.reason !== "banned" && {
            again: () => (stage.value = { kind: "preview", trouble: null }),
          })}
        />
      );
  }
}

function firstStage(room: string, secret: string | null): Stage {
  return { kind: isOpen(room, secret) ? "preview" : "code", trouble: null };
}

function isOpen(room: string, secret: string | null): boolean {
  return secret !== null || hostSecret(room) !== null;
}

/** The name under which the address wants one in the room at once; with no device turned on. */
function directName(room: string, secret: string | null, comeback: Comeback | null): string | null {
  const { name, skipsPreview } = wishesOf(location.search);
  return skipsPreview && comeback === null && isOpen(room, secret) ? name : null;
}

/** Refusals that another try at once does not change have a page of their own. */
function titlesOfRefusals(): Partial<Record<CallEnd, string>> {
  const { deniedTitle, bannedTitle, lockedTitle } = t().door;
  return { denied: deniedTitle, banned: bannedTitle, locked: lockedTitle };
}

/** Tells it in the tab's title until the person looks. */
function noteWhileHidden(note: string): void {
  if (!document.hidden) {
    return;
  }
  titleNote.value = note;
  document.addEventListener("visibilitychange", () => (titleNote.value = ""), { once: true });
}

/** What join needs of a connection: the one made ready, or at least its size. */
type Connection = { readonly preparation: Preparation } | { readonly videoSlots: number };

/** Makes the connection ready while the preview is shown. It serves one join. */
function usePreparation(previewing: boolean): () => Connection {
  const ready = useRef<Preparation | null>(null);
  useEffect(() => {
    if (previewing) {
      ready.current ??= prepareIfPossible();
    }
  }, [previewing]);
  useEffect(() => () => ready.current?.close(), []);
  return () => {
    const preparation = ready.current;
    ready.current = null;
    return preparation === null ? { videoSlots: videoSlots() } : { preparation };
  };
}

/** A browser without WebRTC is told so when the person joins. */
function prepareIfPossible(): Preparation | null {
  try {
    return prepare(videoSlots());
  } catch {
    return null;
  }
}

/**
 * Pictures at once: as many as the screen shows and its processor decodes. Each that is shown costs
 * a decoder; an m-line that is not used costs a few bytes of the deflated offer.
 */
function videoSlots(): number {
  const { hardwareConcurrency: cores = 2 } = navigator;
  if (matchMedia("(max-width: 600px), (max-height: 480px)").matches) {
    return cores >= 8 ? 8 : 4;
  }
  return cores >= 8 ? 25 : cores >= 4 ? 16 : 9;
}
