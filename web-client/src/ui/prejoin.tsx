// Before the room: how one looks and sounds, and under which name one goes in.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import type { CallEnd } from "../call";
import { BlurChoice } from "./blur-choice";
import { DeviceChoice } from "./device-choice";
import type { Devices } from "./devices";
import { canCapture } from "./devices";
import { proposedName } from "./frame-state";
import { HostNote } from "./host-note";
import { t } from "./i18n";
import { LanguageChoice } from "./language-choice";
import { lazily } from "./lazy";
import { LevelMeter } from "./level-meter";
import { Preview } from "./preview";
import { Brand, SiteFooter } from "./site-frame";
import { recall, remember, setSharedComputer, sharedComputer } from "./storage";
import type { Wish } from "./wish";

const loadSpeaker = () => import("./speaker-test");
const SpeakerChoice = lazily(async () => (await loadSpeaker()).SpeakerChoice, "first");
const SpeakerTest = lazily(async () => (await loadSpeaker()).SpeakerTest, "first");
const NetworkCheck = lazily(async () => (await import("./network-check")).NetworkCheck);

/** `protocol::client::NAME_CHARACTERS_MAX`. */
const NAME_CHARACTERS_MAX = 64;

interface PrejoinProps {
  readonly room: string;
  /** The secret of the link that one came by. */
  readonly secret: string | null;
  readonly devices: Devices;
  readonly joining: boolean;
  readonly trouble: CallEnd | null;
  readonly onJoin: (name: string, wish: Wish) => void;
}

export function Prejoin(props: PrejoinProps): JSX.Element {
  const { room, secret, devices, joining } = props;
  const remembered = useMemo(() => recall("name") ?? "", []);
  const name = proposedName.value ?? remembered;
  useEffect(() => {
    // Who comes back from a reload is joining already, with the devices they had.
    if (!joining) {
      void devices.start();
    }
  }, [devices]);
  return (
    <div class="prejoin">
      <header class="page-header">
        <Brand />
        <LanguageChoice />
      </header>
      <main class="prejoin-main">
        <Preview devices={devices} name={name} />
        <div class="prejoin-side">
          <p class="eyebrow">{t().room(room)}</p>
          <h1>{t().readyTitle}</h1>
          <HostNote room={room} secret={secret} />
          <JoinForm key={name} {...props} name={name} />
          <More />
        </div>
        <Choices devices={devices} />
      </main>
      <SiteFooter />
    </div>
  );
}

function JoinForm(props: PrejoinProps & { readonly name: string }): JSX.Element {
  const { joining, trouble, onJoin, name } = props;
  const nameMissing = useSignal(false);

  function submit(form: HTMLFormElement, wish: Wish): void {
    const typed = new FormData(form).get("name");
    const name = typeof typed === "string" ? typed.trim() : "";
    nameMissing.value = name === "";
    if (name === "") {
      form.querySelector("input")?.focus();
      return;
    }
    remember("name", name);
    onJoin(name, wish);
  }

  return (
    <form
      class="prejoin-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget, event.submitter?.id === "join-sound" ? "sound" : "all");
      }}
    >
      <label class="field">
        <span>{t().yourName}</span>
        <input
          id="name"
          name="name"
          autocomplete="name"
          defaultValue={name}
          maxLength={NAME_CHARACTERS_MAX}
          required
          aria-invalid={nameMissing.value}
          aria-describedby="name-trouble"
        />
      </label>
      <output id="name-trouble" role="alert" class="trouble">
        {nameMissing.value ? t().nameMissing : ""}
      </output>
      <button id="join" type="submit" class="button primary wide" disabled={joining}>
        {joining ? t().joining : canCapture() ? t().join : t().joinListening}
      </button>
      <button id="join-sound" type="submit" class="button wide" disabled={joining}>
        {t().door.joinSound}
      </button>
      <output id="join-trouble" role="alert" class="trouble">
        {trouble === null ? "" : t().end[trouble]}
      </output>
    </form>
  );
}

function Choices({ devices }: { devices: Devices }): JSX.Element {
  const microphone = devices.track("microphone");
  const camera = devices.track("camera");
  return (
    <section class="prejoin-choices" aria-label={t().door.devices}>
      {canCapture() && (
        <>
          <div class="choices">
            <DeviceChoice
              kind="microphone"
              track={microphone}
              onChoose={(deviceId) => void devices.open("microphone", deviceId)}
            />
            {microphone !== null && <LevelMeter track={microphone} />}
          </div>
          <div class="choices">
            <DeviceChoice
              kind="camera"
              track={camera}
              onChoose={(deviceId) => void devices.open("camera", deviceId)}
            />
            {camera !== null && <BlurChoice camera={camera} />}
          </div>
        </>
      )}
      <SpeakerChoice microphone={microphone} />
      <SpeakerTest />
    </section>
  );
}

/** What few people need, out of the way of those who do not. */
function More(): JSX.Element {
  const { door } = t();
  const checking = useSignal(false);
  return (
    <details id="more-settings" class="disclosure">
      <summary>{door.more}</summary>
      <div class="disclosed">
        <label class="check">
          <input
            id="shared-computer"
            type="checkbox"
            checked={sharedComputer.value}
            onChange={({ currentTarget }) => setSharedComputer(currentTarget.checked)}
          />
          <span>{door.sharedComputer}</span>
        </label>
        <p class="hint">{door.checkHint}</p>
        {checking.value ? (
          <NetworkCheck />
        ) : (
          <button
            id="check-network"
            type="button"
            class="button"
            onClick={() => (checking.value = true)}
          >
            {door.check}
          </button>
        )}
      </div>
    </details>
  );
}
