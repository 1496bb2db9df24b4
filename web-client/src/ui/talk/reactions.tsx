// Reactions: eight to choose from, and those of everybody floating by.
import type { JSX } from "preact";

import type { Reaction } from "../../call";
import { t } from "../i18n";
import type { Signs } from "./signs";

/** In the order in which they are offered. */
const FACES: Readonly<Record<Reaction, string>> = {
  agree: "👍",
  disagree: "👎",
  applause: "👏",
  heart: "❤️",
  laugh: "😂",
  surprise: "😮",
  slower: "🐢",
  faster: "🐇",
};

interface ReactionRowProps {
  readonly signs: Signs;
  readonly onChosen: () => void;
}

export function ReactionRow({ signs, onChosen }: ReactionRowProps): JSX.Element {
  const names = t().talk.reactionNames;
  return (
    <div class="reaction-row">
      {(Object.keys(FACES) as Reaction[]).map((reaction) => (
        <button
          key={reaction}
          id={`react-${reaction}`}
          type="button"
          class="reaction"
          onClick={() => {
            signs.react(reaction);
            onChosen();
          }}
        >
          <span class="reaction-face" aria-hidden="true">
            {FACES[reaction]}
          </span>
          <span>{names[reaction]}</span>
        </button>
      ))}
    </div>
  );
}

/** The announcer says them; this is for the eye alone. */
export function FloatingReactions({ signs }: { readonly signs: Signs }): JSX.Element {
  return (
    <ul class="floating" aria-hidden="true">
      {signs.floating.value.map(({ key, reaction, name }) => (
        // Side by side, so that several at once are all seen.
        <li key={key} data-reaction={reaction} style={{ "--lane": String(key % 6) }}>
          <span class="floating-face">{FACES[reaction]}</span>
          <bdi>{t().talk.reactionBy(name, t().talk.reactionNames[reaction])}</bdi>
        </li>
      ))}
    </ul>
  );
}
