// Who was here, fetched from the room and handed over as a file.
import type { Call } from "../../call";
import { later } from "../i18n";
import { attendanceFile, localTime } from "./attendance";
import { download } from "./download";

/** Rejects where the room refuses. */
export async function takeAttendance(call: Call, room: string): Promise<void> {
  const stays = await call.takeAttendance();
  const now = new Date();
  const { attendance } = later().host;
  const { name, role, from, to, guest, host, stillHere, separator } = attendance;
  const file = attendanceFile(stays, now, {
    columns: [name, role, from, to],
    roles: { guest, host },
    stillHere,
    separator,
  });
  const [day = ""] = localTime(now).split(" ");
  download(new Blob([file], { type: "text/csv" }), attendance.file(room, day));
}
