// The attendance list as a spreadsheet reads it.
import { describe, expect, it } from "vitest";

import type { Stay } from "../../call";
import type { AttendanceWords } from "./attendance";
import { attendanceFile } from "./attendance";

const words: AttendanceWords = {
  columns: ["Nom", "Rôle", "De", "À"],
  roles: { guest: "invité", host: "hôte" },
  stillHere: "encore là",
  separator: ";",
};

/** A quarter past nine, wherever the test runs. */
const now = new Date(2026, 10, 24, 9, 15, 0);

const stay = (name: string, more: Partial<Stay> = {}): Stay => ({
  name,
  role: "guest",
  from_ms_ago: 600_000,
  to_ms_ago: null,
  ...more,
});

describe("the attendance file", () => {
  it("tells names, roles and local times, and who is still here", () => {
    const left = stay("Léo", { from_ms_ago: 3_600_000, to_ms_ago: 1_000 });
    const file = attendanceFile([stay("Nadia", { role: "host" }), left], now, words);
    expect(file).toBe(
      "\ufeff" +
        '"Nom";"Rôle";"De";"À"\r\n' +
        '"Nadia";"hôte";"2026-11-24 09:05:00";"encore là"\r\n' +
        '"Léo";"invité";"2026-11-24 08:15:00";"2026-11-24 09:14:59"\r\n',
    );
  });

  it("keeps a name in its cell, whatever it holds", () => {
    const file = attendanceFile([stay('A "B"; C')], now, words);
    expect(file).toContain('\r\n"A ""B""; C";"invité";');
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1", "|calc", "\u00a0=1"])(
    "lets no spreadsheet compute %j",
    (name) => {
      const file = attendanceFile([stay(name)], now, words);
      expect(file).toContain(`\r\n"'${name}";`);
    },
  );
});
