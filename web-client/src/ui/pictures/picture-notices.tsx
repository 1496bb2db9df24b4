// What is to be known of one's view: that nobody is there, that there is sound alone, that a host
// leads it.
import type { JSX } from "preact";

import { t } from "../i18n";
import type { Panels } from "../open-panels";
import type { Sight } from "./sight";

interface PictureNoticesProps {
  readonly sight: Sight;
  readonly panels: Panels;
}

export function PictureNotices({ sight, panels }: PictureNoticesProps): JSX.Element {
  const words = t().pictures;
  const { focus, leading, left } = sight.following;
  const isLed = focus.value !== null && !leading.value;
  const ownChoice = left.value || sight.pins.value.length > 0;
  return (
    <>
      <Notice
        id="alone-notice"
        sentence={sight.store.participants.value.length < 2 ? t().alone : ""}
        button={t().invite}
        onPress={() => (panels.modal.value = "invite")}
      />
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
    <div class={sentence === "" ? "" : "standing-notice"}>
      <output id={id} role="status">
        {sentence}
      </output>
      {sentence !== "" && (
        <button id={`${id}-button`} type="button" class="small-button" onClick={onPress}>
          {button}
        </button>
      )}
    </div>
  );
}
