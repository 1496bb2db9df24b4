// The chat: what was written, and a field to write in.
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { language, later, t } from "../i18n";
import { SendIcon } from "../icons";
import type { Panels } from "../open-panels";
import type { RoomStore } from "../room-store";
import { SidePanel } from "../side-panel";
import type { Line } from "./chat-log";
import { CHARACTERS_MAX } from "./chat-log";
import type { Closed } from "./chat-rules";
import { whyClosed } from "./chat-rules";
import { linkify } from "./linkify";
import type { Talk } from "./talk";

interface ChatPanelProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly panels: Panels;
}

/** The counter is shown when this many characters are left. */
const COUNTED_FROM = 200;
/** Nearer to the end than this, in CSS pixels, one reads along. */
const READING_ALONG = 48;

export function ChatPanel({ store, talk, panels }: ChatPanelProps): JSX.Element {
  const { chat } = talk;
  useEffect(() => {
    chat.look(true);
    return () => chat.look(false);
  }, [chat]);
  return (
    <SidePanel
      id="chat-panel"
      title={t().talk.chat}
      opener={panels.opener}
      onClose={() => (panels.side.value = null)}
    >
      <Lines lines={chat.lines.value} />
      <Composer store={store} talk={talk} />
    </SidePanel>
  );
}

function Lines({ lines }: { readonly lines: readonly Line[] }): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const readsAlong = useRef(true);
  // Before the picture is painted, so that nothing jumps.
  useLayoutEffect(() => {
    const { current } = list;
    if (current !== null && readsAlong.current) {
      current.scrollTop = current.scrollHeight;
    }
  }, [lines]);
  const time = new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit" });
  return (
    <ol
      id="chat-lines"
      ref={list}
      class="chat-lines"
      // A list that scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={later().chat.lines}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) =>
        (readsAlong.current = scrollTop + clientHeight > scrollHeight - READING_ALONG)
      }
    >
      {lines.length === 0 && <li class="chat-empty hint">{later().chat.empty}</li>}
      {lines.map((line) => (
        <ChatLine key={line.key} line={line} time={time} />
      ))}
    </ol>
  );
}

interface ChatLineProps {
  readonly line: Line;
  readonly time: Intl.DateTimeFormat;
}

function ChatLine({ line, time }: ChatLineProps): JSX.Element {
  const { author, to, mine, text, at } = line;
  const { privately, privatelyTo } = later().chat;
  return (
    <li class={`chat-line${mine ? " mine" : ""}${to === null ? "" : " private"}`}>
      <p class="chat-head">
        <bdi class="chat-author">{mine ? t().talk.me : author}</bdi>{" "}
        <time dateTime={at.toISOString()}>{time.format(at)}</time>
        {to !== null && <span class="chat-private">{mine ? privatelyTo(to) : privately}</span>}
      </p>
      <p class="chat-text" dir="auto">
        {linkify(text).map((piece) =>
          piece.kind === "text" ? (
            piece.text
          ) : (
            <a href={piece.href} target="_blank" rel="noopener noreferrer">
              {piece.text}
            </a>
          ),
        )}
      </p>
    </li>
  );
}

function Composer({ store, talk: { chat } }: Omit<ChatPanelProps, "panels">): JSX.Element {
  const to = chat.to.value;
  const others = store.participants.value.filter(({ id }) => id !== store.call.you);
  const { rules } = store.room.value;
  const closed = whyClosed({ role: store.role.value, rules, others, to });
  const left = CHARACTERS_MAX - chat.length.value;
  const { trouble } = chat;
  const refused = trouble.value === null ? "" : t().end[trouble.value];
  const wrong = left < 0 ? t().end.bad_text : refused;
  const send = (): void => {
    if (left >= 0 && closed === null) {
      void chat.send();
    }
  };
  return (
    <form
      class={`chat-composer${to === null ? "" : " private"}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="chat-to">
        <span>{later().chat.to}</span>
        <select
          id="chat-to"
          value={to === null ? "" : String(to)}
          onChange={({ currentTarget: { value } }) =>
            chat.address(value === "" ? null : Number(value))
          }
        >
          <option value="">{later().chat.everybody}</option>
          {closed === "gone" && <option value={String(to)}>{later().chat.somebodyGone}</option>}
          {others.map(({ id, name, role }) => (
            <option key={id} value={String(id)}>
              {role === "host" ? `${name} (${t().host})` : name}
            </option>
          ))}
        </select>
      </label>
      <div class="chat-field">
        <textarea
          id="chat-text"
          data-first
          rows={2}
          value={chat.draft.value}
          aria-label={later().chat.message}
          aria-invalid={wrong !== ""}
          aria-describedby="chat-trouble chat-left"
          placeholder={later().chat.message}
          enterkeyhint="send"
          readOnly={chat.sending.value}
          disabled={closed !== null}
          onInput={({ currentTarget }) => chat.write(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
              event.preventDefault();
              send();
            }
          }}
        />
        <button
          id="chat-send"
          type="submit"
          class="send"
          aria-label={later().chat.send}
          disabled={closed !== null}
        >
          <SendIcon />
        </button>
      </div>
      <output id="chat-trouble" role="status" class="trouble">
        {closed === null ? wrong : sentenceOf(closed)}
      </output>
      <p id="chat-left" class="hint">
        {left <= COUNTED_FROM && countOf(left)}
      </p>
    </form>
  );
}

function countOf(left: number): string {
  const { charactersLeft, charactersOver } = later().chat;
  return left < 0 ? charactersOver(-left) : charactersLeft(left);
}

function sentenceOf(closed: Closed): string {
  return closed === "gone" ? t().end.unknown_participant : t().talk.forbidden[closed];
}
