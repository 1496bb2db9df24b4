// Small words about people.

/** One or two letters that stand for a person without a picture. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(firstLetter);
  return letters.join("").toLocaleUpperCase();
}

/** A letter with its accents, or a whole emoji: what a person sees as one character. */
function firstLetter(word: string | undefined): string {
  if (word === undefined || word === "") {
    return "";
  }
  if (typeof Intl.Segmenter === "function") {
    const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word);
    return first?.segment ?? "";
  }
  return [...word][0] ?? "";
}

/** One of eight colours, the same for a person on every screen. */
export function hueOf(participant: number): number {
  return participant % 8;
}

/** `TCP 443`, as people who run networks say it; the two stay on one line. */
export function wayOf(protocol: "TCP" | "UDP", port: number | null): string {
  return port === null ? protocol : `${protocol}\u00a0${port}`;
}
