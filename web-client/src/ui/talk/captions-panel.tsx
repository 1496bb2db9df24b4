// The panel of captions: whether and how they are shown, what was written, and a field to write.
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { later, t } from "../i18n";
import { SendIcon } from "../icons";
import type { Panels } from "../open-panels";
import type { RoomStore } from "../room-store";
import { SidePanel } from "../side-panel";
import type { Caption, Captions } from "./captions";
import { POSITIONS, SIZES } from "./captions";
import { whyClosed } from "./chat-rules";

/** Two lines over the pictures: what one says in a breath. */
const WRITTEN_MAX = 160;

interface CaptionsPanelProps {
  readonly store: RoomStore;
  readonly captions: Captions;
  readonly panels: Panels;
}

export function CaptionsPanel({ store, captions, panels }: CaptionsPanelProps): JSX.Element {
  return (
    <SidePanel
      id="captions-panel"
      title={t().captions}
      opener={panels.opener}
      onClose={() => (panels.side.value = null)}
    >
      <Choices captions={captions} />
      <Lines lines={captions.lines.value} />
      <Writer store={store} captions={captions} />
    </SidePanel>
  );
}

function Choices({ captions }: { readonly captions: Captions }): JSX.Element {
  const { on, size, position, solid, announced } = captions;
  const words = later().captions;
  return (
    <div class="captions-choices">
      <Check id="captions-on" choice={on} label={words.show} />
      <p class="hint">{words.hint}</p>
      {on.value && (
        <>
          <div class="captions-pair">
            <Choice
              id="captions-size"
              label={words.size}
              choice={size}
              choices={SIZES}
              names={words.sizes}
            />
            <Choice
              id="captions-position"
              label={words.position}
              choice={position}
              choices={POSITIONS}
              names={words.positions}
            />
          </div>
          <Check id="captions-solid" choice={solid} label={words.solid} />
          <Check id="captions-announced" choice={announced} label={words.announced} />
        </>
      )}
    </div>
  );
}

interface CheckProps {
  readonly id: string;
  readonly choice: Signal<boolean>;
  readonly label: string;
}

function Check({ id, choice, label }: CheckProps): JSX.Element {
  return (
    <label class="check">
      <input
        id={id}
        type="checkbox"
        checked={choice.value}
        onChange={({ currentTarget }) => (choice.value = currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

interface ChoiceProps<One extends string> {
  readonly id: string;
  readonly label: string;
  readonly choice: Signal<One>;
  readonly choices: readonly One[];
  readonly names: Readonly<Record<One, string>>;
}

function Choice<One extends string>(props: ChoiceProps<One>): JSX.Element {
  const { id, label, choice, choices, names } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <select
        id={id}
        value={choice.value}
        onChange={({ currentTarget: { value } }) =>
          (choice.value = choices.find((one) => one === value) ?? choice.value)
        }
      >
        {choices.map((one) => (
          <option key={one} value={one}>
            {names[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** All that was written, to read again at one's own pace. */
function Lines({ lines }: { readonly lines: readonly Caption[] }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const words = later().captions;
  useLayoutEffect(() => {
    const { current } = list;
    if (current !== null && !current.contains(document.activeElement)) {
      current.scrollTop = current.scrollHeight;
    }
  }, [lines]);
  return (
    // A list that scrolls must be reachable by keyboard; whoever is there reads, and nothing moves.
    <ol id="captions-lines" ref={list} class="chat-lines" tabIndex={0} aria-label={words.lines}>
      {lines.length === 0 && <li class="hint">{words.empty}</li>}
      {lines.map(({ key, author, text, begins }) => (
        <li key={key}>
          {begins && <bdi class="chat-author">{words.by(author)}</bdi>}{" "}
          <span dir="auto">{text}</span>
        </li>
      ))}
    </ol>
  );
}

function Writer({ store, captions }: Omit<CaptionsPanelProps, "panels">): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const { writing, draft, trouble } = captions;
  const words = later().captions;
  const { rules } = store.room.value;
  const closed = whyClosed({ role: store.role.value, rules, others: [], to: null }) !== null;
  const wrong = trouble.value === null ? "" : t().end[trouble.value];
  const unfolded = writing.value;
  useEffect(() => {
    if (unfolded) {
      field.current?.focus();
    }
  }, [unfolded]);
  return (
    <form
      class="chat-composer"
      onSubmit={(event) => {
        event.preventDefault();
        void captions.send();
      }}
    >
      {!unfolded && (
        <button
          id="write-captions"
          type="button"
          class="button"
          onClick={() => (writing.value = true)}
        >
          {words.write}
        </button>
      )}
      {unfolded && (
        <>
          <div class="chat-field">
            <textarea
              id="caption-text"
              ref={field}
              rows={2}
              maxLength={WRITTEN_MAX}
              value={draft.value}
              aria-label={words.text}
              aria-describedby="caption-hint caption-trouble"
              aria-invalid={wrong !== ""}
              placeholder={words.text}
              enterkeyhint="send"
              disabled={closed}
              onInput={({ currentTarget }) => captions.write(currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && !event.isComposing) {
                  event.preventDefault();
                  void captions.send();
                }
              }}
            />
            <button
              id="caption-send"
              type="submit"
              class="send"
              aria-label={words.send}
              disabled={closed}
            >
              <SendIcon />
            </button>
          </div>
          <p id="caption-hint" class="hint">
            {words.writeHint}
          </p>
          <output id="caption-trouble" role="status" class="trouble">
            {closed ? words.closed : wrong}
          </output>
        </>
      )}
    </form>
  );
}
