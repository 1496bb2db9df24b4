// What is to be known of one's view: that there is sound alone, that a host leads it; and the
// counter of bytes, where the person wants it.
import type { JSX } from "preact";

import { t } from "../i18n";
import { lazily } from "../lazy";
import type { Sight } from "./sight";

/** For those who have chosen to see it. */
const TrafficCounter = lazily(async () => (await import("./traffic-lines")).TrafficCounter);

export function PictureNotices({ sight }: { readonly sight: Sight }): JSX.Element {
  const words = t().pictures;
  const { focus, leading, left } = sight.following;
  const isLed = focus.value !== null && !leading.value;
  const ownChoice = left.value || sight.pins.value.length > 0;
  return (
    <>
      <Notice
        id="sound-only-notice"
        sentence={sight.soundOnly.value ? words.soundOnlyNotice : ""}
        button={words.picturesAgain}
        onPress={() => void sight.setSoundOnly(false)}
      />
      {leading.value && (
        <Notice
          id="leading-notice"
          sentence={words.leading}
          button={words.stopLeading}
          onPress={() => sight.toggleLeading()}
        />
      )}
      <Notice
        id="led-notice"
        sentence={isLed ? (ownChoice ? words.ledWithoutYou : words.led) : ""}
        button={ownChoice ? words.followAgain : words.lookMyself}
        onPress={() => (ownChoice ? sight.followAgain() : sight.lookMyself())}
      />
      {sight.trafficShown.value && <TrafficCounter sight={sight} />}
    </>
  );
}

interface NoticeProps {
  readonly id: string;
  /** Empty where there is nothing to say. */
  readonly sentence: string;
  readonly button: string;
  readonly onPress: () => void;
}

function Notice({ id, sentence, button, onPress }: NoticeProps): JSX.Element {
  return (
    <div class="standing-notice">
      <output id={id} role="status">
        {sentence !== "" && <span>{sentence}</span>}
      </output>
      {sentence !== "" && (
        <button id={`${id}-button`} type="button" class="button" onClick={onPress}>
          {button}
        </button>
      )}
    </div>
  );
}
