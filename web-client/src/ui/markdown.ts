// The few signs of Markdown that the operator's texts may use: headings, lists, strong and stressed
// words, links. Pure: text in, values out. Everything else, tags above all, is text.

export type Inline =
  | { readonly kind: "text" | "strong" | "em"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3; readonly words: readonly Inline[] }
  | { readonly kind: "paragraph"; readonly words: readonly Inline[] }
  | { readonly kind: "list"; readonly items: readonly (readonly Inline[])[] };

export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let items: string[] = [];
  const close = (): void => {
    if (items.length > 0) {
      blocks.push({ kind: "list", items: items.map(inlineOf) });
    }
    if (lines.length > 0) {
      blocks.push({ kind: "paragraph", words: inlineOf(lines.join(" ")) });
    }
    [items, lines] = [[], []];
  };
  for (const line of markdown.split(/\r?\n/)) {
    const trimmed = line.trim();
    const [, hashes, heading] = /^(#{1,6})\s+(.*)$/.exec(trimmed) ?? [];
    const [, item] = /^[-*]\s+(.*)$/.exec(trimmed) ?? [];
    if (hashes !== undefined && heading !== undefined) {
      close();
      const level = hashes.length === 1 ? 1 : hashes.length === 2 ? 2 : 3;
      blocks.push({ kind: "heading", level, words: inlineOf(heading) });
    } else if (item !== undefined) {
      if (lines.length > 0) {
        close();
      }
      items.push(item);
    } else if (trimmed === "") {
      close();
    } else if (items.length > 0) {
      // A list's item goes on in the next line.
      items.push(`${items.pop() ?? ""} ${trimmed}`);
    } else {
      lines.push(trimmed);
    }
  }
  close();
  return blocks;
}

const SIGNS = /\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^()\s]+)\)|<?(https?:\/\/[^\s<>)]+)>?/g;

function inlineOf(text: string): readonly Inline[] {
  const words: Inline[] = [];
  let done = 0;
  for (const match of text.matchAll(SIGNS)) {
    const [whole, strong, em, label, address, bare] = match;
    if (match.index > done) {
      words.push({ kind: "text", text: text.slice(done, match.index) });
    }
    done = match.index + whole.length;
    const href = hrefOf(address ?? bare ?? "");
    if (strong !== undefined) {
      words.push({ kind: "strong", text: strong });
    } else if (em !== undefined) {
      words.push({ kind: "em", text: em });
    } else if (href !== null) {
      words.push({ kind: "link", text: label ?? bare ?? "", href });
    } else {
      words.push({ kind: "text", text: whole });
    }
  }
  if (done < text.length) {
    words.push({ kind: "text", text: text.slice(done) });
  }
  return words;
}

/** Where a text may lead: the web, a mailbox, a telephone, or a page of this site. */
function hrefOf(address: string): string | null {
  if (/^(https?:\/\/|mailto:|tel:)/i.test(address) || /^\/(?![/\\])/.test(address)) {
    return address;
  }
  return null;
}
