// Over the pictures: the clock, who records, who waits at the door, what one is asked, the vote.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { t } from "../i18n";
import { lazily } from "../lazy";
import type { Panels } from "../open-panels";
import type { Sight } from "../pictures/sight";
import type { RoomStore } from "../room-store";
import { ClockIcon, RecordIcon } from "./icons";
import type { Talk } from "./talk";

interface CardsProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly panels: Panels;
}

/** Most calls have no vote, and nobody is told what to turn on or off. */
const PollCard = lazily(async () => (await import("./poll-card")).PollCard);
const RequestCard = lazily(async () => (await import("./request-card")).RequestCard);
const CaptionsOffer = lazily(async () => (await import("./captions-view")).CaptionsOffer);
/** Of the bytes, for those who have chosen to see it. */
const TrafficCounter = lazily(
  async () => (await import("../pictures/traffic-lines")).TrafficCounter,
);

interface ChipsProps extends Pick<CardsProps, "store" | "talk"> {
  readonly sight: Sight;
}

/** Small marks in a row that say how things stand. */
export function Chips({ store, talk, sight }: ChipsProps): JSX.Element {
  const recording = store.participants.value.filter(({ recording }) => recording);
  const names = recording.map(({ id, name }) => (id === store.call.you ? t().you : name));
  const list = new Intl.ListFormat(document.documentElement.lang).format(names);
  return (
    <div class="chips">
      {store.room.value.timer !== null && <Clock talk={talk} />}
      <output id="recording" role="status">
        {recording.length > 0 && (
          <span class="chip">
            <RecordIcon /> {t().talk.recordedBy(list)}
          </span>
        )}
      </output>
      {sight.trafficShown.value && <TrafficCounter sight={sight} />}
    </div>
  );
}

/** Counts by itself; the announcer tells of the last minute and the end. */
function Clock({ talk: { signs } }: Pick<CardsProps, "talk">): JSX.Element {
  const left = useSignal(signs.leftMs());
  const endsAt = signs.endsAt.value;
  useEffect(() => {
    const tick = (): void => {
      left.value = signs.leftMs();
    };
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [endsAt]);
  const seconds = Math.ceil(left.value / 1000);
  const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, "0")];
  const over = seconds === 0;
  return (
    <span id="clock" class={`chip${over ? " over" : ""}`} role="timer" aria-live="off">
      <ClockIcon /> {over ? t().talk.timeOver : `${minutes}:${rest}`}
    </span>
  );
}

export function Cards({ store, talk, panels }: CardsProps): JSX.Element {
  const { poll } = store.room.value;
  return (
    <div class="cards">
      <VoiceCard talk={talk} />
      <LobbyCard store={store} talk={talk} panels={panels} />
      {talk.order.requests.value.map((request) => (
        <RequestCard key={request.key} request={request} order={talk.order} />
      ))}
      {talk.captions.offeredBy.value !== null && <CaptionsOffer captions={talk.captions} />}
      {poll !== null && <PollCard key={poll.id} store={store} talk={talk} poll={poll} />}
    </div>
  );
}

/** That nobody hears one, or that one is heard while the space bar is held. */
function VoiceCard({ talk: { voice } }: Pick<CardsProps, "talk">): JSX.Element {
  const { reminder, talking } = voice;
  const shown = reminder.value && !talking.value;
  return (
    <div class={shown || talking.value ? "card" : ""}>
      <output id="muted-hint" role="status">
        {shown && t().talk.mutedHint}
      </output>
      {shown && (
        <p class="row">
          <button type="button" class="small-button" onClick={() => voice.dismiss()}>
            {t().understood}
          </button>
        </p>
      )}
      {talking.value && <p id="push-to-talk">{t().talk.talkingBySpace}</p>}
    </div>
  );
}

function LobbyCard({ store, talk: { order }, panels }: CardsProps): JSX.Element {
  const waiting = store.lobby.value.length;
  const shown = order.lobbyNotice.value && waiting > 0 && panels.side.value !== "people";
  return (
    <div class={shown ? "card" : ""}>
      <output id="lobby-notice" role="status">
        {shown && t().talk.waitingTitle(waiting)}
      </output>
      {shown && (
        <p class="row">
          <button
            id="see-lobby"
            type="button"
            class="small-button primary"
            onClick={() => (panels.side.value = "people")}
          >
            {t().talk.see}
          </button>
          <button
            type="button"
            class="small-button"
            onClick={() => (order.lobbyNotice.value = false)}
          >
            {t().talk.later}
          </button>
        </p>
      )}
    </div>
  );
}
