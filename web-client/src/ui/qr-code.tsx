// A link that a phone reads from a screen or a sheet of paper.
import type { JSX } from "preact";
import { generate } from "lean-qr/nano";

import { later } from "./i18n";

/** ISO/IEC 18004 §6.3.8: the quiet zone is four modules wide. */
const QUIET_MODULES = 4;

export function QrCode({ text }: { readonly text: string }): JSX.Element {
  const code = generate(text);
  const size = code.size + 2 * QUIET_MODULES;
  return (
    <svg
      id="qr-code"
      class="qr-code"
      viewBox={`${-QUIET_MODULES} ${-QUIET_MODULES} ${size} ${size}`}
      role="img"
      aria-label={later().share.qrLabel}
      shape-rendering="crispEdges"
    >
      {/* Dark on light in every theme: readers expect it so. */}
      <rect
        x={-QUIET_MODULES}
        y={-QUIET_MODULES}
        width={size}
        height={size}
        fill="white"
      />
      <path fill="black" d={modules(code.size, (x, y) => code.get(x, y))} />
    </svg>
  );
}

/** One rectangle for each row's run of dark modules. */
function modules(size: number, isDark: (x: number, y: number) => boolean): string {
  let path = "";
  for (let y = 0; y < size; y += 1) {
    let run = 0;
    for (let x = 0; x <= size; x += 1) {
      if (x < size && isDark(x, y)) {
        run += 1;
      } else if (run > 0) {
        path += `M${x - run} ${y}h${run}v1h${-run}z`;
        run = 0;
      }
    }
  }
  return path;
}
