// One person of the list, and what can be done about them.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { Moderation, Source } from "../../call";
import { later, t } from "../i18n";
import {
  CameraIcon,
  CameraOffIcon,
  MicrophoneIcon,
  MicrophoneOffIcon,
  MoreIcon,
  ScreenIcon,
} from "../icons";
import type { Picture, RoomStore } from "../room-store";
import { has } from "../room-store";
import { hueOf, initials } from "../text";
import { isHeard, nameOf } from "../tile";
import { RecordIcon } from "./icons";
import type { Talk } from "./talk";

interface PersonRowProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly picture: Picture;
  /** Opens the chat, addressed to them. */
  readonly onWrite: (picture: Picture) => void;
}

export function PersonRow(props: PersonRowProps): JSX.Element {
  const { store, picture } = props;
  const { participant, self } = picture;
  const open = useSignal(false);
  const hand = store.handOf(participant.id);
  const name = nameOf(picture);
  const { handUp, recording } = t().talk;
  const { actionsFor } = later().people;
  return (
    <li class="person-item" data-person={participant.id}>
      <div class="person">
        <span class={`avatar hue-${hueOf(participant.id)}`} aria-hidden="true">
          {initials(participant.name)}
        </span>
        <span class="person-name">
          <bdi>{name}</bdi>
          {participant.role === "host" && <span class="badge">{t().host}</span>}
          {hand !== null && <span class="visually-hidden">, {handUp(hand)}</span>}
        </span>
        <span class="person-state">
          {participant.recording && (
            <>
              <RecordIcon />
              <span class="visually-hidden">{recording}</span>
            </>
          )}
          <SourceIcons store={store} picture={picture} />
        </span>
        {!self && (
          <button
            type="button"
            class="plain-button"
            aria-label={actionsFor(participant.name)}
            title={actionsFor(participant.name)}
            aria-expanded={open.value}
            onClick={() => (open.value = !open.value)}
          >
            <MoreIcon />
          </button>
        )}
      </div>
      {open.value && <Actions {...props} onDone={() => (open.value = false)} />}
    </li>
  );
}

function SourceIcons({ store, picture }: Pick<PersonRowProps, "store" | "picture">): JSX.Element {
  const heard = isHeard(store, picture);
  const { participant, self } = picture;
  const seen = self ? store.local.value.camera !== null : has(participant, "camera");
  return (
    <>
      {has(participant, "screen") && <ScreenIcon />}
      {heard ? <MicrophoneIcon /> : <MicrophoneOffIcon />}
      {!heard && <span class="visually-hidden">{t().microphoneOff}</span>}
      {seen ? <CameraIcon /> : <CameraOffIcon />}
      {!seen && <span class="visually-hidden">{t().cameraOff}</span>}
    </>
  );
}

interface ActionsProps extends PersonRowProps {
  readonly onDone: () => void;
}

function Actions({ store, talk, picture, onWrite, onDone }: ActionsProps): JSX.Element {
  const { participant } = picture;
  const words = later().people;
  const write = { id: "write", label: words.writePrivately, run: () => onWrite(picture) };
  const orders = store.role.value === "host" ? ordersFor(picture, store, talk) : [];
  return (
    <ul class="person-actions" aria-label={words.actionsFor(participant.name)}>
      {[write, ...orders].map(({ id, label, run }) => (
        <li key={id}>
          <button
            type="button"
            class="menu-line"
            data-action={id}
            onClick={() => {
              onDone();
              run();
            }}
          >
            {label}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface Action {
  readonly id: string;
  readonly label: string;
  readonly run: () => void;
}

function ordersFor(
  { participant }: Picture,
  store: RoomStore,
  { order }: Talk,
): readonly Action[] {
  const words = later().people;
  const { id, name } = participant;
  const whom = { these: [id] };
  const does = (key: string, label: string, act: Moderation): Action => ({
    id: key,
    label,
    run: () => order.moderate(act),
  });
  const turn = (source: Source & keyof typeof words.turnOff): Action =>
    has(participant, source)
      ? does(`off-${source}`, words.turnOff[source], { action: "turn_off", whom, source })
      : does(`ask-${source}`, words.askFor[source], {
          action: "ask_to_turn_on",
          participant: id,
          source,
        });
  const asks = (ban: boolean): Action => {
    const { label, title, sentence, yes } = ban ? words.ban : words.remove;
    const act: Moderation = { action: "remove", participant: id, ban };
    return {
      id: ban ? "ban" : "remove",
      label,
      run: () => order.ask({ title: title(name), sentence, yes, act }),
    };
  };
  const role = participant.role === "host" ? "guest" : "host";
  return [
    turn("microphone"),
    turn("camera"),
    ...(has(participant, "screen") ? [turn("screen")] : []),
    ...(store.handOf(id) === null
      ? []
      : [does("lower", words.lowerHand, { action: "lower_hands", whom })]),
    does("role", words.makeRole[role], { action: "set_role", participant: id, role }),
    asks(false),
    asks(true),
  ];
}
