// A meeting for calendars: an iCalendar object (RFC 5545) with the room's link.

export interface Meeting {
  readonly title: string;
  readonly link: string;
  readonly start: Date;
  readonly minutes: number;
}

/** RFC 5545 §3.1: content lines are folded at 75 octets, the line break not counted. */
const LINE_OCTETS_MAX = 75;

/**
 * The text of an `.ics` file. Times stand in UTC, so that it needs no table of time zones and reads
 * the same everywhere. `uid` is unique for ever; `now` is when it was made.
 */
export function calendarEvent(meeting: Meeting, uid: string, now: Date): string {
  const end = new Date(meeting.start.getTime() + meeting.minutes * 60_000);
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Préau//Préau//EN",
    "BEGIN:VEVENT",
    `UID:${uid}`,
    `DTSTAMP:${utc(now)}`,
    `DTSTART:${utc(meeting.start)}`,
    `DTEND:${utc(end)}`,
    `SUMMARY:${escaped(meeting.title)}`,
    // Most programs make a link of one of these, and few of all three.
    `LOCATION:${escaped(meeting.link)}`,
    `DESCRIPTION:${escaped(meeting.link)}`,
    `URL:${meeting.link}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

/** RFC 5545 §3.3.5, form 2: `20261124T081500Z`. */
function utc(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, "");
}

/** RFC 5545 §3.3.11. */
function escaped(text: string): string {
  return text.replace(/[\\;,]/g, "\\$&").replace(/\r\n|\r|\n/g, "\\n");
}

/** Never within a character: a program that unfolds octets would not mind, others would. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let octets = 0;
  let text = "";
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (octets + size > LINE_OCTETS_MAX) {
      text += "\r\n ";
      octets = 1;
    }
    text += character;
    octets += size;
  }
  return text;
}
