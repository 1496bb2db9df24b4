// A question before everybody: one's vote while it is open, then how it went.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { Choice, Poll, PollResult } from "../../call";
import { later } from "../i18n";
import type { RoomStore } from "../room-store";
import type { Talk } from "./talk";

const CHOICES: readonly Choice[] = ["yes", "no", "abstain"];

interface PollCardProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly poll: Poll;
}

export function PollCard({ store, talk, poll }: PollCardProps): JSX.Element | null {
  const { id, question, voted, result } = poll;
  /** Put aside as it was: an outcome comes back. */
  const aside = useSignal<"no" | "open" | "closed">("no");
  const words = later().poll;
  const host = store.role.value === "host";
  if (aside.value === (result === null ? "open" : "closed")) {
    return null;
  }
  const own = talk.signs.voted.value;
  return (
    <section id="poll" class="card" aria-label={words.title}>
      <p class="poll-question">
        <bdi>{question}</bdi>
      </p>
      {result === null ? (
        <p class="poll-choices" role="group" aria-label={words.answer}>
          {CHOICES.map((choice) => (
            <button
              key={choice}
              id={`vote-${choice}`}
              type="button"
              class="small-button"
              aria-pressed={own?.poll === id && own.choice === choice}
              onClick={() => talk.signs.vote(id, choice)}
            >
              {words.choices[choice]}
            </button>
          ))}
        </p>
      ) : (
        <Result result={result} />
      )}
      <p class="hint">{words.voted(voted, store.participants.value.length)}</p>
      <p class="row">
        {host && (
          <button
            id={result === null ? "close-poll" : "dismiss-poll"}
            type="button"
            class="small-button plain"
            onClick={() =>
              talk.order.moderate({
                action: result === null ? "close_poll" : "dismiss_poll",
                poll: id,
              })
            }
          >
            {result === null ? words.close : words.dismiss}
          </button>
        )}
        <button
          id="hide-poll"
          type="button"
          class="small-button plain"
          onClick={() => (aside.value = result === null ? "open" : "closed")}
        >
          {words.hide}
        </button>
      </p>
    </section>
  );
}

/** The bars repeat what the words say. */
function Result({ result }: { readonly result: PollResult }): JSX.Element {
  const all = Math.max(1, result.yes + result.no + result.abstain);
  return (
    <ul class="poll-result">
      {CHOICES.map((choice) => (
        <li key={choice} data-choice={choice} data-votes={result[choice]}>
          <span>{later().poll.choiceVotes(later().poll.choices[choice], result[choice])}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${(100 * result[choice]) / all}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
