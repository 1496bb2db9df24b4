// The drawing on the home page: the roof of a school yard, and people under it.
import type { JSX } from "preact";

export function Shelter(): JSX.Element {
  return (
    <svg class="shelter" viewBox="0 0 320 120" aria-hidden="true" focusable="false">
      <path class="shelter-roof" d="M16 50 160 14l144 36v9H16z" />
      <path class="shelter-post" d="M40 59v49M120 59v49M200 59v49M280 59v49" />
      <path class="shelter-ground" d="M8 109h304" />
      <g class="shelter-people">
        <circle class="hue-0" cx="68" cy="78" r="7" />
        <path class="hue-0" d="M57 106a11 17 0 0 1 22 0z" />
        <circle class="hue-3" cx="94" cy="84" r="6" />
        <path class="hue-3" d="M84.500 106a9.500 14 0 0 1 19 0z" />
        <circle class="hue-1" cx="148" cy="76" r="7" />
        <path class="hue-1" d="M137 106a11 18 0 0 1 22 0z" />
        <circle class="hue-5" cx="176" cy="83" r="6" />
        <path class="hue-5" d="M166.500 106a9.500 14 0 0 1 19 0z" />
        <circle class="hue-4" cx="238" cy="78" r="7" />
        <path class="hue-4" d="M227 106a11 17 0 0 1 22 0z" />
      </g>
    </svg>
  );
}
