// Who is here, who waits at the door, whose hand is up; and for hosts, what keeps order.
import type { JSX } from "preact";

import { later, t } from "../i18n";
import type { RoomStore } from "../room-store";
import { SidePanel } from "../side-panel";
import type { Panels } from "../open-panels";
import { KeptOut } from "./kept-out";
import { PersonRow } from "./person-row";
import type { Talk } from "./talk";

interface PeoplePanelProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly panels: Panels;
}

export function PeoplePanel({ store, talk, panels }: PeoplePanelProps): JSX.Element {
  const people = store.people.value;
  const host = store.role.value === "host";
  return (
    <SidePanel
      id="people-panel"
      title={t().peopleCount(people.length)}
      opener={panels.opener}
      onClose={() => (panels.side.value = null)}
    >
      <div class="side-scroll">
        {host && <Lobby store={store} talk={talk} />}
        <Hands store={store} talk={talk} />
        {host && <HostRow talk={talk} panels={panels} />}
        <ul class="people" aria-label={t().people}>
          {people.map((picture) => (
            <PersonRow
              key={picture.key}
              store={store}
              talk={talk}
              picture={picture}
              onWrite={({ participant }) => {
                talk.chat.address(participant.id);
                panels.side.value = "chat";
              }}
            />
          ))}
        </ul>
        {host && <KeptOut store={store} />}
      </div>
    </SidePanel>
  );
}

type PartProps = Omit<PeoplePanelProps, "panels">;

function Lobby({ store, talk: { order } }: PartProps): JSX.Element | null {
  const waiting = store.lobby.value;
  const { waitingTitle } = t().talk;
  const { admit, admitAll, admitWho, deny, denyAll, denyWho, byCode } = later().people;
  if (waiting.length === 0) {
    return null;
  }
  return (
    <section id="lobby-list" class="people-section" aria-label={waitingTitle(waiting.length)}>
      <h3>{waitingTitle(waiting.length)}</h3>
      <ul>
        {waiting.map(({ id, name, by_code: withCode }) => (
          <li key={id} class="person" data-waiting={id}>
            <span class="person-name">
              <bdi>{name}</bdi>
              {withCode && <span class="hint"> {byCode}</span>}
            </span>
            <button
              type="button"
              class="small-button primary"
              data-action="admit"
              aria-label={admitWho(name)}
              onClick={() => order.moderate({ action: "admit", whom: { these: [id] } })}
            >
              {admit}
            </button>
            <button
              type="button"
              class="small-button"
              data-action="deny"
              aria-label={denyWho(name)}
              onClick={() => order.moderate({ action: "deny", whom: { these: [id] } })}
            >
              {deny}
            </button>
          </li>
        ))}
      </ul>
      {waiting.length > 1 && (
        <p class="row">
          <button
            id="admit-all"
            type="button"
            class="small-button primary"
            onClick={() => order.moderate({ action: "admit", whom: "all" })}
          >
            {admitAll}
          </button>
          <button
            id="deny-all"
            type="button"
            class="small-button"
            onClick={() => order.moderate({ action: "deny", whom: "all" })}
          >
            {denyAll}
          </button>
        </p>
      )}
    </section>
  );
}

function Hands({ store, talk: { order } }: PartProps): JSX.Element | null {
  const { hands } = store.room.value;
  const { handsTitle, lowerHandOf, lower, lowerAll, notRaised } = later().people;
  if (hands.length === 0) {
    return null;
  }
  const host = store.role.value === "host";
  const down = store.participants.value.filter(
    ({ id, role }) => role === "guest" && !hands.includes(id),
  );
  return (
    <section id="hands" class="people-section" aria-label={handsTitle(hands.length)}>
      <h3>{handsTitle(hands.length)}</h3>
      <ol class="hands">
        {hands.map((id) => (
          <li key={id} data-hand={id}>
            <bdi class="person-name">{store.nameOf(id)}</bdi>
            {host && (
              <button
                type="button"
                class="small-button"
                aria-label={lowerHandOf(store.nameOf(id))}
                onClick={() => order.moderate({ action: "lower_hands", whom: { these: [id] } })}
              >
                {lower}
              </button>
            )}
          </li>
        ))}
      </ol>
      {host && (
        <>
          <p class="row">
            <button
              id="lower-all"
              type="button"
              class="small-button"
              onClick={() => order.moderate({ action: "lower_hands", whom: { these: hands } })}
            >
              {lowerAll}
            </button>
          </p>
          {down.length > 0 && (
            <details id="not-raised">
              <summary>{notRaised(down.length)}</summary>
              <ul>
                {down.map(({ id, name }) => (
                  <li key={id}>
                    <bdi>{name}</bdi>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </section>
  );
}

function HostRow({ talk: { order }, panels }: Pick<PeoplePanelProps, "talk" | "panels">) {
  const { muteAll } = later();
  const { hostTools } = t().talk;
  return (
    <p class="row people-section">
      <button
        id="mute-all"
        type="button"
        class="small-button"
        onClick={() =>
          order.moderate({ action: "turn_off", whom: "all", source: "microphone" })
        }
      >
        {muteAll}
      </button>
      <button
        id="open-host-tools"
        type="button"
        class="small-button"
        onClick={() => (panels.modal.value = "host")}
      >
        {hostTools}
      </button>
    </p>
  );
}
