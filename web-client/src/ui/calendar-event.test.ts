// The file that goes into a calendar.
import { describe, expect, it } from "vitest";

import { calendarEvent } from "./calendar-event";

const MEETING = {
  title: "Réunion de parents ; 5e, salle 3\nà l’heure \\o/",
  link: `https://meet.example.org/classe-de-5e#${"a".repeat(70)}`,
  start: new Date("2026-11-24T17:30:00+01:00"),
  minutes: 90,
};

const text = calendarEvent(MEETING, "7f@meet.example.org", new Date("2026-11-20T08:05:09.123Z"));

describe("a calendar event", () => {
  it("is an iCalendar object with all that RFC 5545 asks for", () => {
    const lines = unfold(text);
    expect(lines).toEqual([
      "BEGIN:VCALENDAR",
      "VERSION:2.0",
      "PRODID:-//Préau//Préau//EN",
      "BEGIN:VEVENT",
      "UID:7f@meet.example.org",
      "DTSTAMP:20261120T080509Z",
      "DTSTART:20261124T163000Z",
      "DTEND:20261124T180000Z",
      "SUMMARY:Réunion de parents \\; 5e\\, salle 3\\nà l’heure \\\\o/",
      `LOCATION:${MEETING.link}`,
      `DESCRIPTION:${MEETING.link}`,
      `URL:${MEETING.link}`,
      "END:VEVENT",
      "END:VCALENDAR",
    ]);
  });

  it("has lines of at most 75 octets, cut between characters and ended by CRLF", () => {
    const title = "é".repeat(200) + "🌳".repeat(50);
    const long = calendarEvent({ ...MEETING, title }, "u", new Date(0));
    expect(long.endsWith("\r\n")).toBe(true);
    expect(long.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    for (const line of long.split("\r\n")) {
      expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
      expect(line).not.toMatch(/\p{Surrogate}/u);
    }
    expect(unfold(long)).toContain(`SUMMARY:${title}`);
  });
});

/** RFC 5545 §3.1. */
function unfold(calendar: string): string[] {
  return calendar.replaceAll(/\r\n[ \t]/g, "").split("\r\n").slice(0, -1);
}
