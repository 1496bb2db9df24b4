// One visit to a room: preview, call, end.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";

import type { Call, CallEnd, Preparation } from "../call";
import { CallError, prepare } from "../call";
import { Devices } from "./devices";
import { MessagePage } from "./ended";
import type { Entered } from "./enter";
import { enterRoom } from "./enter";
import { t } from "./i18n";
import { hostSecret } from "./links";
import { Prejoin } from "./prejoin";
import { noteRoom } from "./recent-rooms";
import { Room } from "./room";
import { RoomStore } from "./room-store";

declare global {
  interface Window {
    /** For tests, and for support in a browser's console. */
    preau?: { readonly call: Call | null };
  }
}

type Stage =
  | { readonly kind: "preview"; readonly trouble: CallEnd | null }
  | { readonly kind: "joining" }
  | { readonly kind: "room"; readonly store: RoomStore; readonly guestSecret: string }
  | { readonly kind: "ended"; readonly reason: CallEnd };

interface VisitProps {
  readonly room: string;
  readonly secret: string | null;
}

export function Visit({ room, secret }: VisitProps): JSX.Element {
  const stage = useSignal<Stage>({ kind: "preview", trouble: null });
  const devices = useMemo(() => new Devices(), []);
  const takePreparation = usePreparation(stage.value.kind === "preview");
  useEffect(
    () => () => {
      devices.release();
      window.preau?.call?.leave();
    },
    [devices],
  );

  async function enter(name: string): Promise<void> {
    stage.value = { kind: "joining" };
    try {
      const entered = await enterRoom(room, secret, () => ({
        name,
        audio: devices.track("microphone") ?? false,
        video: devices.track("camera") ?? false,
        ownsTracks: true,
        ...takePreparation(),
      }));
      devices.handOver();
      showRoom(entered);
    } catch (error) {
      const trouble = error instanceof CallError ? error.code : "connection_failed";
      stage.value = { kind: "preview", trouble };
    }
  }

  function showRoom({ call, guestSecret }: Entered): void {
    noteRoom({ room, guestSecret, at: Date.now() });
    window.preau = { call };
    const store = new RoomStore(call, (reason) => {
      window.preau = { call: null };
      stage.value = { kind: "ended", reason };
    });
    stage.value = { kind: "room", store, guestSecret };
  }

  if (secret === null && hostSecret(room) === null) {
    const { linkIncomplete, linkIncompleteTitle } = t();
    return (
      <MessagePage id="link-incomplete" title={linkIncompleteTitle} sentence={linkIncomplete} />
    );
  }
  const { value } = stage;
  switch (value.kind) {
    case "preview":
    case "joining":
      return (
        <Prejoin
          room={room}
          devices={devices}
          joining={value.kind === "joining"}
          trouble={value.kind === "preview" ? value.trouble : null}
          onJoin={(name) => void enter(name)}
        />
      );
    case "room":
      return <Room store={value.store} room={room} guestSecret={value.guestSecret} />;
    case "ended":
      return (
        <MessagePage
          id="ended"
          title={t().endedTitle}
          sentence={t().end[value.reason]}
          again={() => (stage.value = { kind: "preview", trouble: null })}
        />
      );
  }
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

/** Pictures at once: as many as the screen shows and its processor decodes. */
function videoSlots(): number {
  return matchMedia("(max-width: 600px), (max-height: 480px)").matches ? 4 : 9;
}
