// What this part of the room adds to the toolbar.
import { canShareScreen } from "../devices";
import { t } from "../i18n";
import { ChatIcon, PeopleIcon } from "../icons";
import { Popup } from "../popup";
import { Face } from "../toolbar";
import type { RoomParts, Tool } from "../tools";
import { CaptionsIcon, HandIcon, OrderIcon, RecordIcon, SmileIcon } from "./icons";
import { ReactionRow } from "./reactions";

export function talkTools(parts: RoomParts): readonly Tool[] {
  const { store, talk, panels } = parts;
  const words = t().talk;
  const host: Tool = {
    id: "host-tools",
    label: words.hostTools,
    icon: OrderIcon,
    place: "menu",
    run: () => (panels.modal.value = "host"),
  };
  return [
    ...signTools(parts),
    chatTool(parts),
    peopleTool(parts),
    {
      id: "captions",
      label: t().captions,
      icon: CaptionsIcon,
      place: "menu",
      expanded: panels.side.value === "captions",
      run: () => panels.toggle("captions"),
    },
    ...(canRecord() ? [recordTool(parts)] : []),
    ...(store.role.value === "host" ? [host] : []),
  ];

  function chatTool({ talk: { chat } }: RoomParts): Tool {
    const unread = chat.unread.value;
    return {
      id: "chat",
      label: words.chat,
      icon: ChatIcon,
      place: "bar",
      expanded: panels.side.value === "chat",
      count: { value: unread, said: words.unread(unread), urgent: true },
      run: () => panels.toggle("chat"),
    };
  }

  function signTools({ talk: { signs } }: RoomParts): readonly Tool[] {
    const place = signs.place.value;
    return [
      {
        id: "hand",
        label: words.hand,
        title: words.handKey,
        icon: HandIcon,
        place: "bar",
        kind: "extra",
        pressed: place > 0,
        count: { value: place, said: words.handUp(place) },
        run: () => signs.toggleHand(),
      },
      {
        id: "reactions",
        label: words.reactions,
        icon: SmileIcon,
        place: "wide",
        custom: (where, close) =>
          where === "menu" ? (
            <ReactionRow signs={talk.signs} onChosen={close} />
          ) : (
            <Popup
              id="reactions"
              label={words.reactions}
              buttonClass="tool"
              button={<Face icon={<SmileIcon />} label={words.reactions} />}
            >
              {(fold) => <ReactionRow signs={talk.signs} onChosen={fold} />}
            </Popup>
          ),
        run: () => undefined,
      },
    ];
  }
}

/** Who waits at the door matters more than how many are in. */
function peopleTool({ store, panels }: RoomParts): Tool {
  const here = store.participants.value.length;
  const waiting = store.lobby.value.length;
  return {
    id: "people",
    label: t().people,
    icon: PeopleIcon,
    place: "wide",
    expanded: panels.side.value === "people",
    count:
      waiting > 0
        ? { value: waiting, said: t().talk.waitingTitle(waiting), urgent: true }
        : { value: here, said: t().peopleCount(here) },
    run: () => panels.toggle("people"),
  };
}

function recordTool({ talk: { recorder }, panels }: RoomParts): Tool {
  const running = recorder.value;
  const { title, stop } = t().talk.record;
  return {
    id: "record",
    label: running === null ? title : stop,
    icon: RecordIcon,
    place: "menu",
    run: () => {
      if (running === null) {
        panels.modal.value = "record";
      } else {
        running.stop();
      }
    },
  };
}

/** Phones show no tab or window to a page. */
function canRecord(): boolean {
  return canShareScreen() && typeof MediaRecorder === "function";
}
