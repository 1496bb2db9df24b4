// The rooms one was in last, each with a way back and a way to forget it.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Dialog } from "./dialog";
import { later, t } from "./i18n";
import { CloseIcon } from "./icons";
import { visit } from "./navigation";
import { addressOf, forgetRoom, isHostOf, recentRooms, rereadRooms } from "./recent-rooms";
import { forgetEverything } from "./storage";

/** What the person is asked to confirm, because a host's link may be lost by it. */
type Question = { readonly kind: "all" } | { readonly kind: "room"; readonly room: string };

export function RecentRooms(): JSX.Element {
  const question = useSignal<Question | null>(null);
  const forgotten = useSignal(false);

  function forget(): void {
    if (question.value?.kind === "room") {
      forgetRoom(question.value.room);
    } else {
      forgetEverything();
      rereadRooms();
      forgotten.value = true;
    }
    question.value = null;
  }

  return (
    <>
      {recentRooms.value.length > 0 && (
        <section class="recent" aria-labelledby="recent-title">
          <h2 id="recent-title">{later().home.recentTitle}</h2>
          <ul id="recent-rooms">
            {recentRooms.value.map(({ room }) => (
              <Recent
                key={room}
                room={room}
                onForget={() => {
                  if (isHostOf(room)) {
                    question.value = { kind: "room", room };
                  } else {
                    forgetRoom(room);
                  }
                }}
              />
            ))}
          </ul>
          <p class="hint">{later().home.recentHint}</p>
          <button
            id="forget-all"
            type="button"
            class="button"
            onClick={() => (question.value = { kind: "all" })}
          >
            {later().home.forgetAll}
          </button>
        </section>
      )}
      <output role="status" class="hint">
        {forgotten.value ? later().home.forgotten : ""}
      </output>
      {question.value !== null && (
        <Sure
          question={question.value}
          onForget={forget}
          onClose={() => (question.value = null)}
        />
      )}
    </>
  );
}

function Recent({ room, onForget }: { room: string; onForget: () => void }): JSX.Element {
  const address = addressOf(room);
  return (
    <li class="recent-room" data-room={room}>
      <a
        href={address}
        onClick={(event) => {
          // A press with a key held opens a tab of its own, as everywhere.
          if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
            event.preventDefault();
            visit(address);
          }
        }}
      >
        {room}
      </a>
      {isHostOf(room) && <span class="badge">{t().host}</span>}
      <button
        type="button"
        class="plain-button"
        aria-label={later().home.forgetRoom(room)}
        title={later().home.forgetRoom(room)}
        onClick={onForget}
      >
        <CloseIcon />
      </button>
    </li>
  );
}

interface SureProps {
  readonly question: Question;
  readonly onForget: () => void;
  readonly onClose: () => void;
}

function Sure({ question, onForget, onClose }: SureProps): JSX.Element {
  const { home } = later();
  const sentence =
    question.kind === "all" ? home.forgetAllSure : home.forgetHostSure(question.room);
  return (
    <Dialog id="forget-sure" title={home.forget} onClose={onClose}>
      <p>{sentence}</p>
      <div class="dialog-ways">
        <button id="forget-yes" type="button" class="button primary" onClick={onForget}>
          {home.forget}
        </button>
        <button type="button" class="button" onClick={onClose}>
          {later().cancel}
        </button>
      </div>
    </Dialog>
  );
}
