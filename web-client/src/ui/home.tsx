// The home page: open a room, go to one, or back to one.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { later } from "./i18n";
import { parseLink, roomNameFrom } from "./links";
import { visit } from "./navigation";
import { addressOf } from "./recent-rooms";
import { RecentRooms } from "./recent-list";
import { createRoom } from "./rooms";
import { Shelter } from "./shelter";
import { site } from "./site";
import { SitePage } from "./site-frame";

export function Home(): JSX.Element {
  return (
    <SitePage isHome>
      <Shelter />
      <h1 class="tagline">{later().home.tagline}</h1>
      <div class="home-forms">
        {site.opensRooms && <CreateForm />}
        <EnterForm />
      </div>
      <RecentRooms />
      <p class="quiet">{later().home.noTracking}</p>
    </SitePage>
  );
}

function CreateForm(): JSX.Element {
  const busy = useSignal(false);
  const trouble = useSignal<"" | "taken" | "bad_name" | "refused" | "failed">("");

  async function create(form: HTMLFormElement): Promise<void> {
    busy.value = true;
    trouble.value = "";
    const name = new FormData(form).get("room");
    const created = await createRoom(roomNameFrom(typeof name === "string" ? name : ""));
    busy.value = false;
    if (created.kind === "created") {
      visit(created.guestLink);
    } else {
      trouble.value = created.kind;
    }
  }

  const sentences = {
    "": "",
    taken: later().home.createNameTaken,
    bad_name: later().home.createNameBad,
    refused: later().home.createRefused,
    failed: later().home.createFailed,
  };
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void create(event.currentTarget);
      }}
    >
      <h2>{later().home.createTitle}</h2>
      <label class="field">
        <span>{later().home.createRoomName}</span>
        <input
          id="room-name"
          name="room"
          maxLength={64}
          autocomplete="off"
          aria-describedby="room-name-hint"
        />
      </label>
      <p id="room-name-hint" class="hint">
        {later().home.createRoomNameHint}
      </p>
      <button id="create-room" type="submit" class="button primary" disabled={busy.value}>
        {busy.value ? later().home.creating : later().home.createRoom}
      </button>
      <output role="alert" class="trouble">
        {sentences[trouble.value]}
      </output>
    </form>
  );
}

function EnterForm(): JSX.Element {
  const bad = useSignal(false);

  function enter(form: HTMLFormElement): void {
    const field = new FormData(form).get("link");
    const text = typeof field === "string" ? field : "";
    const link = parseLink(text, location.origin);
    // A name alone, as somebody says it on the telephone; an address is no name.
    const room = /[/#]/.test(text) ? "" : roomNameFrom(text);
    bad.value = link === null && room === "";
    if (link === null) {
      if (room !== "") {
        visit(addressOf(room));
      }
    } else if (link.origin === location.origin) {
      visit(link.pathname + link.hash);
    } else {
      location.assign(link.href);
    }
  }

  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        enter(event.currentTarget);
      }}
    >
      <h2>{later().home.enterTitle}</h2>
      <label class="field">
        <span>{later().home.enterLink}</span>
        <input
          id="room-link"
          name="link"
          autocomplete="off"
          spellcheck={false}
          required
          aria-invalid={bad.value}
          aria-describedby="room-link-hint"
        />
      </label>
      <p id="room-link-hint" class="hint">
        {later().home.enterLinkHint}
      </p>
      <button id="enter-room" type="submit" class="button">
        {later().home.enter}
      </button>
      <output role="alert" class="trouble">
        {bad.value ? later().home.enterLinkBad : ""}
      </output>
    </form>
  );
}
