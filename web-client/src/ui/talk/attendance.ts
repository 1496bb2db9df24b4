// Who was here and when, as a file that spreadsheets open. Pure.
import type { Stay } from "../../call";

/** How a file is written in one language. */
export interface AttendanceWords {
  readonly columns: readonly [name: string, role: string, from: string, to: string];
  readonly roles: Readonly<Record<Stay["role"], string>>;
  readonly stillHere: string;
  /** What spreadsheets of this language expect between two cells. */
  readonly separator: string;
}

/** Spreadsheets read UTF-8 as such only behind this mark. */
const BYTE_ORDER_MARK = "\ufeff";
/** A cell that begins so is computed, and could call out: OWASP, "CSV Injection". */
const FORMULA = /^[\s\u00a0\ufeff]*[=+\-@\t\r\n|%＝＋－＠]/u;

/** `now` is when the server was asked; times are those of this machine's zone. */
export function attendanceFile(
  stays: readonly Stay[],
  now: Date,
  { columns, roles, stillHere, separator }: AttendanceWords,
): string {
  const moment = (msAgo: number): string => localTime(new Date(now.getTime() - msAgo));
  const rows = stays.map(({ name, role, from_ms_ago: from, to_ms_ago: to }) => [
    name,
    roles[role],
    moment(from),
    to === null ? stillHere : moment(to),
  ]);
  const lines = [columns, ...rows].map((row) => row.map(cell).join(separator));
  return `${BYTE_ORDER_MARK}${lines.join("\r\n")}\r\n`;
}

/** RFC 4180 §2: quotes around, and doubled inside. The apostrophe keeps a cell from computing. */
function cell(text: string): string {
  const inert = FORMULA.test(text) ? `'${text}` : text;
  return `"${inert.replaceAll('"', '""')}"`;
}

/** `2026-11-24 09:05:00`: read as a date by spreadsheets of every language. */
export function localTime(time: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day} ${clock}`;
}
