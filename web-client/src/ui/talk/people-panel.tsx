// Who is here.
import type { JSX } from "preact";

import { t } from "../i18n";
import { CameraIcon, CameraOffIcon, MicrophoneIcon, MicrophoneOffIcon } from "../icons";
import type { Picture, RoomStore } from "../room-store";
import { has } from "../room-store";
import { SidePanel } from "../side-panel";
import { hueOf, initials } from "../text";
import { isHeard, nameOf } from "../tile";
import type { Talk } from "./talk";

interface PeoplePanelProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly onClose: () => void;
}

export function PeoplePanel({ store, onClose }: PeoplePanelProps): JSX.Element {
  const people = store.people.value;
  return (
    <SidePanel id="people-panel" title={t().peopleCount(people.length)} onClose={onClose}>
      <ul class="people side-scroll">
        {people.map((picture) => (
          <Person key={picture.key} store={store} picture={picture} />
        ))}
      </ul>
    </SidePanel>
  );
}

function Person({ store, picture }: { store: RoomStore; picture: Picture }): JSX.Element {
  const { participant, self } = picture;
  const heard = isHeard(store, picture);
  const seen = self ? store.local.value.camera !== null : has(participant, "camera");
  return (
    <li class="person" data-person={participant.id}>
      <span class={`avatar hue-${hueOf(participant.id)}`} aria-hidden="true">
        {initials(participant.name)}
      </span>
      <span class="person-name">{nameOf(picture)}</span>
      {participant.role === "host" && <span class="badge">{t().host}</span>}
      <span class="person-state">
        {heard ? <MicrophoneIcon /> : <MicrophoneOffIcon />}
        {!heard && <span class="visually-hidden">{t().microphoneOff}</span>}
        {seen ? <CameraIcon /> : <CameraOffIcon />}
        {!seen && <span class="visually-hidden">{t().cameraOff}</span>}
      </span>
    </li>
  );
}
