// What a host rarely needs: the room's rules, the clock, a vote, who was here, the end.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { Rules } from "../../call";
import { Dialog } from "../dialog";
import { later, t } from "../i18n";
import type { RoomStore } from "../room-store";
import { takeAttendance } from "./take-attendance";
import type { Talk } from "./talk";

export interface HostPanelProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly room: string;
  readonly onClose: () => void;
}

/** In the order in which they are shown: who comes in first, then what they may do. */
const RULES: readonly (keyof Rules)[] = [
  "lobby",
  "locked",
  "microphone",
  "camera",
  "screen",
  "chat",
  "private_chat",
  "recording",
];

/** `protocol::client::order::QUESTION_CHARACTERS_MAX`. */
const QUESTION_MAX = 300;
const MINUTES_MAX = 24 * 60;

export function HostPanel({ store, talk, room, onClose }: HostPanelProps): JSX.Element {
  const { rulesTitle, rules, attendanceTitle, attendanceHint, attendanceTake, endAll } =
    later().host;
  return (
    <Dialog id="host-panel" title={t().talk.hostTools} onClose={onClose}>
      <section class="host-section">
        <h3>{rulesTitle}</h3>
        {RULES.map((rule) => (
          <label key={rule} class="check">
            <input
              id={`rule-${rule}`}
              type="checkbox"
              checked={store.room.value.rules[rule]}
              onChange={({ currentTarget }) => {
                talk.order.setRule(rule, currentTarget.checked);
                // The room's answer moves the switch, so that it never shows what is not so.
                currentTarget.checked = store.room.value.rules[rule];
              }}
            />
            <span>{rules[rule]}</span>
          </label>
        ))}
      </section>
      <PollForm store={store} talk={talk} onClose={onClose} />
      <TimerForm store={store} talk={talk} onClose={onClose} />
      <section class="host-section">
        <h3>{attendanceTitle}</h3>
        <p class="hint">{attendanceHint}</p>
        <button
          id="take-attendance"
          type="button"
          class="button"
          onClick={() => store.attempt(takeAttendance(store.call, room))}
        >
          {attendanceTake}
        </button>
      </section>
      <section class="host-section">
        <button
          id="end-all"
          type="button"
          class="button danger"
          onClick={() => {
            onClose();
            const { title, sentence, yes } = endAll;
            talk.order.ask({ title, sentence, yes, act: { action: "end" } });
          }}
        >
          {endAll.label}
        </button>
      </section>
    </Dialog>
  );
}

type FormProps = Omit<HostPanelProps, "room">;

function PollForm({ talk, onClose }: FormProps): JSX.Element {
  const question = useSignal("");
  const { pollQuestion, pollHint, pollOpen } = later().host;
  return (
    <form
      class="host-section"
      onSubmit={(event) => {
        event.preventDefault();
        const text = question.value.trim();
        if (text !== "") {
          talk.order.moderate({ action: "open_poll", question: text });
          onClose();
        }
      }}
    >
      <h3>{later().poll.title}</h3>
      <label class="field">
        <span>{pollQuestion}</span>
        <input
          id="poll-question"
          value={question.value}
          maxLength={QUESTION_MAX}
          aria-describedby="poll-hint"
          onInput={({ currentTarget }) => (question.value = currentTarget.value)}
        />
      </label>
      <p id="poll-hint" class="hint">
        {pollHint}
      </p>
      <button id="open-poll" type="submit" class="button" disabled={question.value.trim() === ""}>
        {pollOpen}
      </button>
    </form>
  );
}

function TimerForm({ store, talk, onClose }: FormProps): JSX.Element {
  const minutes = useSignal("5");
  const { timerTitle, timerMinutes, timerStart, timerStop } = later().host;
  const number = Number(minutes.value.replace(",", "."));
  const valid = number > 0 && number <= MINUTES_MAX;
  return (
    <form
      class="host-section"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) {
          talk.order.moderate({ action: "set_timer", seconds: Math.ceil(number * 60) });
          onClose();
        }
      }}
    >
      <h3>{timerTitle}</h3>
      <label class="field short">
        <span>{timerMinutes}</span>
        <input
          id="timer-minutes"
          inputMode="decimal"
          autoComplete="off"
          value={minutes.value}
          aria-invalid={!valid}
          onInput={({ currentTarget }) => (minutes.value = currentTarget.value)}
        />
      </label>
      <p class="row">
        <button id="start-timer" type="submit" class="button" disabled={!valid}>
          {timerStart}
        </button>
        {store.room.value.timer !== null && (
          <button
            id="stop-timer"
            type="button"
            class="button"
            onClick={() => talk.order.moderate({ action: "set_timer", seconds: null })}
          >
            {timerStop}
          </button>
        )}
      </p>
    </form>
  );
}
