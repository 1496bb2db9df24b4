// How others come to the room: its links, a QR code, a calendar file, a message.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";

import { Dialog } from "./dialog";
import { later } from "./i18n";
import { lazily } from "./lazy";
import { hostSecret, linkTo } from "./links";

const QrCode = lazily(async () => (await import("./qr-code")).QrCode);
const CalendarForm = lazily(async () => (await import("./calendar-form")).CalendarForm);

interface InvitePanelProps {
  readonly room: string;
  /** Null where one came by the room's code. */
  readonly guestSecret: string | null;
  readonly isHost: boolean;
  /** The room's code, such as `042917`, for hosts once they are in. */
  readonly code: string | null;
  readonly onClose: () => void;
}

export function InvitePanel(props: InvitePanelProps): JSX.Element {
  const { room, guestSecret, isHost, code, onClose } = props;
  const secret = isHost ? hostSecret(room) : null;
  const link = linkTo(room, guestSecret);
  const { share } = later();
  return (
    <Dialog id="invite-panel" title={share.title} onClose={onClose}>
      <Link
        id="guest-link"
        label={share.guestLink}
        hint={guestSecret === null ? share.linkWithoutSecret : share.guestLinkHint}
        copy={share.copyGuestLink}
        href={link}
      >
        <ShareButton room={room} link={link} />
        <a id="mail-link" class="button" href={mailTo(room, link, code)}>
          {share.byMail}
        </a>
      </Link>
      {code !== null && (
        <section class="room-code">
          <p>
            {share.roomCode} <output id="room-code">{spoken(code)}</output>
          </p>
          <p class="hint">{share.roomCodeHint(`${location.host}/${room}`)}</p>
        </section>
      )}
      <Disclosure id="show-qr" summary={share.showQr}>
        <QrCode text={link} />
        <p class="hint">{share.qrHint}</p>
      </Disclosure>
      <Disclosure id="show-calendar" summary={share.showCalendar}>
        <CalendarForm room={room} link={link} />
      </Disclosure>
      {secret !== null && (
        <Link
          id="host-link"
          label={share.hostLink}
          hint={share.hostLinkHint}
          copy={share.copyHostLink}
          href={linkTo(room, secret)}
        />
      )}
    </Dialog>
  );
}

/** `042 917`: six digits in two breaths; the space does not break. */
export function spoken(code: string): string {
  return code.replace(/^(\d{3})(\d{3})$/, "$1\u00a0$2");
}

/** Mail filters that cut the fragment off leave the code, where there is one. */
function mailTo(room: string, link: string, code: string | null): string {
  const { mailSubject, mailText, mailCode } = later().share;
  const byCode = code === null ? "" : `\n\n${mailCode(`${location.origin}/${room}`, spoken(code))}`;
  const text = `${mailText}\n\n${link}${byCode}\n`;
  const fields = { subject: mailSubject(room), body: text.replaceAll("\n", "\r\n") };
  // `URLSearchParams` writes a space as +, which mail programs show (RFC 6068 §5).
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return `mailto:?${pairs.join("&")}`;
}

interface ShareButtonProps {
  readonly room: string;
  readonly link: string;
}

/** The system's own way of sharing, where the browser has one. */
function ShareButton({ room, link }: ShareButtonProps): JSX.Element | null {
  const share: Navigator["share"] | undefined = navigator.share;
  if (share === undefined) {
    return null;
  }
  const what = { title: later().share.mailSubject(room), url: link };
  return (
    <button
      id="share-link"
      type="button"
      class="button"
      // It rejects where the person closes it, which is not worth a word.
      onClick={() => void navigator.share(what).catch(() => undefined)}
    >
      {later().share.share}
    </button>
  );
}

interface DisclosureProps {
  readonly id: string;
  readonly summary: string;
  readonly children: ComponentChildren;
}

/** Shows what it holds, and makes it only then. */
function Disclosure({ id, summary, children }: DisclosureProps): JSX.Element {
  const open = useSignal(false);
  return (
    <details
      id={id}
      class="disclosure"
      onToggle={({ currentTarget }) => (open.value = currentTarget.open)}
    >
      <summary>{summary}</summary>
      {open.value && <div class="disclosed">{children}</div>}
    </details>
  );
}

interface LinkProps {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly copy: string;
  readonly href: string;
  readonly children?: ComponentChildren;
}

function Link({ id, label, hint, copy, href, children }: LinkProps): JSX.Element {
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

  const sentences = { "": "", copied: later().copied, by_hand: later().copyByHand };
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
      <div class="link-ways">
        <button id={`copy-${id}`} type="button" class="button" onClick={() => void write()}>
          {copy}
        </button>
        {children}
      </div>
      <output role="status" class="copy-result">
        {sentences[result.value]}
      </output>
    </section>
  );
}
