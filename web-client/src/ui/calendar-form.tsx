// A meeting for the calendar: the person says when, and gets a file that every calendar opens.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { calendarEvent } from "./calendar-event";
import { later } from "./i18n";

interface CalendarFormProps {
  readonly room: string;
  readonly link: string;
}

const LENGTHS_MINUTES = [30, 45, 60, 90, 120, 180];

export function CalendarForm({ room, link }: CalendarFormProps): JSX.Element {
  const soon = useMemo(nextHour, []);
  const { share } = later();

  function save(form: HTMLFormElement): void {
    const fields = new FormData(form);
    const field = (name: string): string => String(fields.get(name) ?? "");
    const start = new Date(`${field("date")}T${field("time")}`);
    if (Number.isNaN(start.getTime())) {
      return;
    }
    const title = field("title").trim() || share.meetingTitle(room);
    const meeting = { title, link, start, minutes: Number(field("minutes")) };
    const text = calendarEvent(meeting, `${randomId()}@${location.hostname}`, new Date());
    download(new Blob([text], { type: "text/calendar;charset=utf-8" }), `${room}.ics`);
  }

  return (
    <form
      id="calendar-form"
      class="calendar-form"
      onSubmit={(event) => {
        event.preventDefault();
        save(event.currentTarget);
      }}
    >
      <label class="field">
        <span>{share.meetingName}</span>
        <input name="title" maxLength={200} defaultValue={share.meetingTitle(room)} />
      </label>
      <label class="field">
        <span>{share.meetingDate}</span>
        <input name="date" type="date" required defaultValue={soon.date} />
      </label>
      <label class="field">
        <span>{share.meetingTime}</span>
        <input name="time" type="time" required defaultValue={soon.time} />
      </label>
      <label class="field">
        <span>{share.meetingLength}</span>
        <select name="minutes">
          {LENGTHS_MINUTES.map((minutes) => (
            <option key={minutes} value={minutes} selected={minutes === 60}>
              {share.minutes(minutes)}
            </option>
          ))}
        </select>
      </label>
      <button id="save-calendar" type="submit" class="button">
        {share.saveCalendar}
      </button>
    </form>
  );
}

/** The next full hour on this computer's clock, as fields of a form have it. */
function nextHour(): { date: string; time: string } {
  const next = new Date(Date.now() + 3_600_000);
  const two = (number: number): string => String(number).padStart(2, "0");
  return {
    date: `${next.getFullYear()}-${two(next.getMonth() + 1)}-${two(next.getDate())}`,
    time: `${two(next.getHours())}:00`,
  };
}

/** `crypto.randomUUID` is absent on plain HTTP. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Safari reads the file after the click has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
