// The dialogs that the toolbar opens: the links, the settings.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { DeviceChoice } from "./device-choice";
import { canCapture } from "./devices";
import { Dialog } from "./dialog";
import { t } from "./i18n";
import { LanguageChoice } from "./language-choice";
import { hostSecret, linkTo } from "./links";
import type { RoomStore } from "./room-store";
import { shortcutsOn } from "./shortcuts";
import { wayOf } from "./text";
import { ThemeChoice } from "./theme-choice";

interface PanelProps {
  readonly store: RoomStore;
  readonly onClose: () => void;
}

interface InvitePanelProps extends PanelProps {
  readonly room: string;
  readonly guestSecret: string;
}

export function InvitePanel({ store, room, guestSecret, onClose }: InvitePanelProps): JSX.Element {
  const secret = store.call.role === "host" ? hostSecret(room) : null;
  return (
    <Dialog id="invite-panel" title={t().inviteTitle} onClose={onClose}>
      <Link
        id="guest-link"
        label={t().guestLink}
        hint={t().guestLinkHint}
        copy={t().copyGuestLink}
        href={linkTo(room, guestSecret)}
      />
      {secret !== null && (
        <Link
          id="host-link"
          label={t().hostLink}
          hint={t().hostLinkHint}
          copy={t().copyHostLink}
          href={linkTo(room, secret)}
        />
      )}
    </Dialog>
  );
}

interface LinkProps {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly copy: string;
  readonly href: string;
}

function Link({ id, label, hint, copy, href }: LinkProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const result = useSignal<"" | "copied" | "by_hand">("");

  async function write(): Promise<void> {
    try {
      // Absent on plain HTTP, refused by some settings.
      await navigator.clipboard.writeText(href);
      result.value = "copied";
    } catch {
      field.current?.select();
      result.value = "by_hand";
    }
  }

  const sentences = { "": "", copied: t().copied, by_hand: t().copyByHand };
  return (
    <section class="link">
      <label class="field">
        <span>{label}</span>
        <input
          id={id}
          ref={field}
          readOnly
          value={href}
          aria-describedby={`${id}-hint`}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      </label>
      <p id={`${id}-hint`} class="hint">
        {hint}
      </p>
      <button id={`copy-${id}`} type="button" class="button" onClick={() => void write()}>
        {copy}
      </button>
      <output role="status" class="copy-result">
        {sentences[result.value]}
      </output>
    </section>
  );
}

export function SettingsPanel({ store, onClose }: PanelProps): JSX.Element {
  const { microphone, camera } = store.local.value;
  const path = store.path.value;
  return (
    <Dialog id="settings-panel" title={t().settings} onClose={onClose}>
      {canCapture() && (
        <div class="choices">
          <DeviceChoice
            kind="microphone"
            track={microphone}
            onChoose={(deviceId) => store.choose("microphone", deviceId)}
          />
          <DeviceChoice
            kind="camera"
            track={camera}
            onChoose={(deviceId) => store.choose("camera", deviceId)}
          />
        </div>
      )}
      <LanguageChoice />
      <ThemeChoice />
      <label class="check">
        <input
          id="shortcuts"
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={({ currentTarget }) => (shortcutsOn.value = currentTarget.checked)}
        />
        <span>{t().shortcuts}</span>
      </label>
      {path !== null && (
        <p id="path" class="hint">
          {t().pathTaken(path.transport === "udp" ? "UDP" : wayOf("TCP", path.port))}
        </p>
      )}
    </Dialog>
  );
}
