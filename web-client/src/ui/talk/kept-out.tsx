// Who is kept out of the room, for hosts, who can let each of them come again.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { Banned } from "../../call";
import { later, t } from "../i18n";
import type { RoomStore } from "../room-store";

/** The server is asked when one looks, and after each change. */
export function KeptOut({ store }: { readonly store: RoomStore }): JSX.Element {
  const banned = useSignal<readonly Banned[] | null>(null);
  const words = later().people.keptOut;

  async function read(): Promise<void> {
    banned.value = await store.call.listBans();
  }

  async function lift({ id, name }: Banned): Promise<void> {
    await store.call.moderate({ action: "lift_ban", ban: id });
    await read();
    store.say(words.lifted(name || t().talk.somebody));
  }

  return (
    <details
      id="kept-out"
      onToggle={({ currentTarget: { open } }) => {
        if (open) {
          store.attempt(read());
        }
      }}
    >
      <summary>{words.title}</summary>
      {banned.value?.length === 0 && <p class="hint">{words.nobody}</p>}
      <ul>
        {banned.value?.map((person) => {
          const name = person.name || t().talk.somebody;
          return (
            <li key={person.id} class="person" data-ban={person.id}>
              <bdi class="person-name">{name}</bdi>
              <button
                type="button"
                class="small-button"
                data-action="lift"
                aria-label={words.liftWho(name)}
                onClick={() => store.attempt(lift(person))}
              >
                {words.lift}
              </button>
            </li>
          );
        })}
      </ul>
    </details>
  );
}
