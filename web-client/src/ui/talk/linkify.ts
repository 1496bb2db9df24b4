// Finds the links in what people write. Pure: text in, pieces out, and nothing becomes HTML.

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

/** Where a link may be; `hrefOf` decides. Only these two schemes: `javascript:` is text. */
const CANDIDATE = /\bhttps?:\/\/[^\s<>"«»“”]+/giu;
/** Ends a sentence more often than an address. */
const TRAILING = /[.,;:!?'’…*_~]+$/u;
/** Turns the direction of writing, by which an address can be made to look like another. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

export function linkify(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  const plain = (end: number): void => {
    if (end > done) {
      pieces.push({ kind: "text", text: text.slice(done, end) });
    }
  };
  for (const { 0: candidate, index } of text.matchAll(CANDIDATE)) {
    const address = trimmed(candidate);
    const href = hrefOf(address);
    if (href !== null) {
      plain(index);
      pieces.push({ kind: "link", text: address, href });
      done = index + address.length;
    }
  }
  plain(text.length);
  return pieces;
}

/** Cuts off what belongs to the sentence: its full stop, and a bracket opened before the link. */
function trimmed(candidate: string): string {
  let address = candidate;
  for (;;) {
    const shorter = withoutBracket(address.replace(TRAILING, ""));
    if (shorter === address) {
      return address;
    }
    address = shorter;
  }
}

function withoutBracket(address: string): string {
  for (const [open, close] of ["()", "[]", "{}"].map(([open, close]) => [open, close] as const)) {
    const count = (sign: string | undefined): number => address.split(sign ?? "").length - 1;
    if (close !== undefined && address.endsWith(close) && count(close) > count(open)) {
      return address.slice(0, -1);
    }
  }
  return address;
}

/** Null where it is no address, or one that deceives: `https://bank.example@evil.example`. */
function hrefOf(address: string): string | null {
  if (DIRECTION.test(address)) {
    return null;
  }
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return isWeb && url.username === "" && url.password === "" ? url.href : null;
}
