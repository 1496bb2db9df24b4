// Whom one may write to, as the server decides it too. Pure.
import type { Participant, ParticipantId, Role, Rules } from "../../call";

/** Why nothing can be written: a rule's name, or they have left. */
export type Closed = "chat" | "private_chat" | "gone";

interface Writing {
  readonly role: Role;
  readonly rules: Rules;
  readonly others: readonly Participant[];
  /** Null for everybody. */
  readonly to: ParticipantId | null;
}

/** Null where one may write. To hosts everybody always may. */
export function whyClosed({ role, rules, others, to }: Writing): Closed | null {
  if (to === null) {
    return role === "host" || rules.chat ? null : "chat";
  }
  const addressee = others.find(({ id }) => id === to);
  if (addressee === undefined) {
    // What was meant for one person does not go to everybody instead.
    return "gone";
  }
  const free = role === "host" || addressee.role === "host" || rules.private_chat;
  return free ? null : "private_chat";
}
