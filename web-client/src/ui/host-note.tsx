// A host who has just opened a room wants to bring the others in before anything else.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { t } from "./i18n";
import { lazily } from "./lazy";
import { hostSecret } from "./links";

const InvitePanel = lazily(async () => (await import("./share")).InvitePanel);

interface HostNoteProps {
  readonly room: string;
  /** Of the link in the address bar. */
  readonly secret: string | null;
}

/** Nothing for guests, nor where the address bar still holds the host's own link. */
export function HostNote({ room, secret }: HostNoteProps): JSX.Element | null {
  const inviting = useSignal(false);
  const own = hostSecret(room);
  if (own === null || secret === null || secret === own) {
    return null;
  }
  return (
    <section class="note host-note">
      <p>{t().door.hostNote}</p>
      <button
        id="invite-before"
        type="button"
        class="button"
        onClick={() => (inviting.value = true)}
      >
        {t().invite}
      </button>
      {inviting.value && (
        <InvitePanel
          room={room}
          guestSecret={secret}
          isHost
          code={null}
          onClose={() => (inviting.value = false)}
        />
      )}
    </section>
  );
}
