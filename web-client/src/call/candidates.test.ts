// Which of the server's candidates are left.
import { expect, it } from "vitest";

import { withoutUdp } from "./candidates";

it("an answer without UDP keeps everything else", () => {
  const lines = [
    "a=candidate:1 1 udp 2130706431 203.0.113.3 443 typ host",
    "a=candidate:2 1 UDP 2130706430 2001:db8::3 443 typ host",
    "a=candidate:3 1 TCP 1518280447 203.0.113.3 443 typ host tcptype passive",
    "a=mid:0",
  ];
  const text = (kept: string[]): string => kept.map((line) => `${line}\r\n`).join("");
  expect(withoutUdp(text(lines))).toBe(text(lines.slice(2)));
});
