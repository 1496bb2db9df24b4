// The room: everybody's tiles, the controls, and what state the call is in.
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { present } from "./frame-state";
import { t } from "./i18n";
import { lazily } from "./lazy";
import { useNarrow } from "./narrow";
import { Notices } from "./notices";
import { Panels } from "./open-panels";
import { Pictures } from "./pictures/pictures";
import { Sight } from "./pictures/sight";
import type { RoomStore } from "./room-store";
import { onShortcut } from "./shortcuts";
import { Sounds } from "./sounds";
import { Announcer } from "./talk/announcer";
import { Cards, Chips } from "./talk/cards";
import { FloatingReactions } from "./talk/reactions";
import { Talk } from "./talk/talk";
import { Toolbar } from "./toolbar";
import { ViewReporter } from "./view-reporter";

const Confirm = lazily(async () => (await import("./talk/confirm")).Confirm);
const ChatPanel = lazily(async () => (await import("./talk/chat-panel")).ChatPanel);
const PeoplePanel = lazily(async () => (await import("./talk/people-panel")).PeoplePanel);
const CaptionsPanel = lazily(async () => (await import("./talk/captions-panel")).CaptionsPanel);
const CaptionsView = lazily(async () => (await import("./talk/captions-view")).CaptionsView);
const SettingsPanel = lazily(async () => (await import("./panels")).SettingsPanel);
const InvitePanel = lazily(async () => (await import("./share")).InvitePanel);
/** Hosts alone need it, and not often. */
const HostPanel = lazily(async () => (await import("./talk/host-panel")).HostPanel);
const RecordPanel = lazily(async () => (await import("./talk/record-panel")).RecordPanel);

interface RoomProps {
  readonly store: RoomStore;
  readonly room: string;
  /** What the guest link carries; null where one came by the code. */
  readonly guestSecret: string | null;
  /** Whether one comes in without pictures, until one asks for them. */
  readonly soundOnly: boolean;
}

export function Room({ store, room, guestSecret, soundOnly }: RoomProps): JSX.Element {
  const panels = useMemo(() => new Panels(), [store]);
  useEffect(() => present({ store, panels }), [store, panels]);
  const talk = useMemo(() => new Talk(store), [store]);
  const reporter = useMemo(() => new ViewReporter(store.call), [store]);
  const sight = useMemo(() => {
    const sight = new Sight(store);
    sight.soundOnly.value = soundOnly;
    return sight;
  }, [store]);
  useEffect(() => () => reporter.close(), [reporter]);
  useEffect(() => () => sight.close(), [sight]);
  useEffect(() => () => talk.close(), [talk]);
  useEffect(
    () =>
      onShortcut({
        m: () => store.toggleMicrophone(),
        v: () => store.toggleCamera(),
        h: () => talk.signs.toggleHand(),
      }),
    [store, talk],
  );
  const narrow = useNarrow();
  const side = panels.side.value;
  const covered = narrow && side !== null;
  useEffect(() => reporter.setCovered(covered), [reporter, covered]);
  const closeModal = (): void => {
    panels.modal.value = null;
  };
  return (
    <main class="room">
      <h1 class="visually-hidden">{t().room(room)}</h1>
      <div class="room-body">
        <div class="room-main" inert={covered}>
          <Notices
            store={store}
            sight={sight}
            panels={panels}
            chips={<Chips store={store} talk={talk} sight={sight} />}
          />
          <Pictures sight={sight} reporter={reporter}>
            {talk.captions.on.value && <CaptionsView captions={talk.captions} />}
          </Pictures>
          <FloatingReactions signs={talk.signs} />
          <Cards store={store} talk={talk} panels={panels} />
        </div>
        {side === "chat" && <ChatPanel store={store} talk={talk} panels={panels} />}
        {side === "captions" && (
          <CaptionsPanel store={store} captions={talk.captions} panels={panels} />
        )}
        {side === "people" && <PeoplePanel store={store} talk={talk} panels={panels} />}
      </div>
      <Toolbar
        store={store}
        talk={talk}
        panels={panels}
        sight={sight}
        reporter={reporter}
        narrow={narrow}
        covered={covered}
      />
      <Sounds store={store} />
      <Announcer sentence={talk.announcer.sentence} />
      {panels.modal.value === "invite" && (
        <InvitePanel
          room={room}
          guestSecret={store.call.guestSecret ?? guestSecret}
          isHost={store.role.value === "host"}
          code={store.call.code}
          onClose={closeModal}
        />
      )}
      {panels.modal.value === "settings" && (
        <SettingsPanel store={store} sight={sight} onClose={closeModal} />
      )}
      {panels.modal.value === "host" && (
        <HostPanel store={store} talk={talk} room={room} onClose={closeModal} />
      )}
      {panels.modal.value === "record" && (
        <RecordPanel store={store} talk={talk} room={room} onClose={closeModal} />
      )}
      {talk.order.question.value !== null && <Confirm order={talk.order} />}
    </main>
  );
}
