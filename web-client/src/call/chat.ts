// What is written, checked as the server does.
import type { ChatLine } from "./api";
import { CallError } from "./api";
import type { ChatMessage } from "./protocol.gen";

/** `protocol::client::CHAT_CHARACTERS_MAX`, in Unicode characters. */
const CHARACTERS_MAX = 2_000;

/** Controls but the line feed, and halves of a surrogate pair, which no JSON carries. */
const NOT_TEXT = /(?!\n)[\p{Cc}\p{Cs}]/u;

/** What a page is told of a text. */
export function lineOf({ from, to, text, caption }: ChatMessage): ChatLine {
  return { from, to, text, caption };
}

/** The text as it is sent. Throws a `CallError` where the server would refuse it. */
export function textToSend(text: string): string {
  const trimmed = text.trim();
  const { length } = [...trimmed];
  if (length === 0 || length > CHARACTERS_MAX || NOT_TEXT.test(trimmed)) {
    const detail = `a text has 1 to ${CHARACTERS_MAX} characters, none but \\n a control`;
    throw new CallError("bad_text", detail);
  }
  return trimmed;
}
