// A text of the operator's on a page of its own: the legal notice, or the word on personal data.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { language, later } from "./i18n";
import type { Block, Inline } from "./markdown";
import { blocksOf } from "./markdown";
import type { TextKind } from "./site";
import { site } from "./site";
import { SitePage } from "./site-frame";

export function TextPage({ kind }: { readonly kind: TextKind }): JSX.Element {
  const blocks = useSignal<readonly Block[] | null>(null);
  const failed = useSignal(false);
  const written = site.texts[kind];
  const shown = written.includes(language.value) ? language.value : written[0];
  useEffect(() => {
    let gone = false;
    const show = (text: string): void => {
      if (!gone) {
        blocks.value = blocksOf(text);
        failed.value = false;
      }
    };
    const load = async (): Promise<string> => {
      const response = await fetch(`/api/v1/site/${kind}.${shown}.md`);
      if (!response.ok) {
        throw new Error(`no text: ${response.status}`);
      }
      return response.text();
    };
    load().then(show, () => (failed.value = true));
    return () => {
      gone = true;
    };
  }, [kind, shown]);
  return (
    <SitePage class="text-page" id={kind} lang={shown}>
      {(blocks.value ?? []).map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
      <output role="alert">{failed.value ? later().textMissing : ""}</output>
    </SitePage>
  );
}

function BlockView({ block }: { readonly block: Block }): JSX.Element {
  switch (block.kind) {
    case "heading": {
      const Heading = `h${block.level}` as const;
      return (
        <Heading>
          <Words words={block.words} />
        </Heading>
      );
    }
    case "paragraph":
      return (
        <p>
          <Words words={block.words} />
        </p>
      );
    case "list":
      return (
        <ul>
          {block.items.map((words, index) => (
            <li key={index}>
              <Words words={words} />
            </li>
          ))}
        </ul>
      );
  }
}

function Words({ words }: { readonly words: readonly Inline[] }): JSX.Element {
  return (
    <>
      {words.map((word, index) => {
        switch (word.kind) {
          case "text":
            return word.text;
          case "strong":
            return <strong key={index}>{word.text}</strong>;
          case "em":
            return <em key={index}>{word.text}</em>;
          case "link":
            return (
              <a key={index} href={word.href}>
                {word.text}
              </a>
            );
        }
      })}
    </>
  );
}
