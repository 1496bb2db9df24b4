// Everybody's pictures: alike in a grid, or some of them large, and a page of them at a time.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../i18n";
import { lazily } from "../lazy";
import { NextIcon, PreviousIcon } from "../icons";
import { nameOf, Tile } from "../tile";
import type { ViewReporter } from "../view-reporter";
import type { Scene } from "./scene";
import type { Sight } from "./sight";
import { onSwipe, onPageKeys } from "./turning";

const QualityNote = lazily(async () => (await import("./quality-note")).QualityNote);

interface PicturesProps {
  readonly sight: Sight;
  readonly reporter: ViewReporter;
  /** What lies over them. */
  readonly children?: ComponentChildren;
}

export function Pictures({ sight, reporter, children }: PicturesProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      sight.space.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    const turn = (by: 1 | -1): void => sight.turn(by);
    const stops = [onSwipe(element, turn), onPageKeys(turn)];
    return () => {
      observer.disconnect();
      stops.forEach((stop) => stop());
    };
  }, [sight]);
  useEffect(() => reporter.setPaused(sight.soundOnly.value), [reporter, sight.soundOnly.value]);

  const scene = sight.scene.value;
  return (
    <div ref={box} class="pictures">
      <ScreenTabs sight={sight} />
      <ul class="tiles">
        {scene.tiles.map((placed) => (
          <Tile key={placed.picture.key} sight={sight} reporter={reporter} placed={placed} />
        ))}
      </ul>
      <Pager sight={sight} scene={scene} />
      <SpeakerElsewhere sight={sight} />
      {sight.explained.value !== null && <QualityNote sight={sight} />}
      {children}
    </div>
  );
}

/** Which of several shared screens is large. */
function ScreenTabs({ sight }: { readonly sight: Sight }): JSX.Element | null {
  const { screens, stage } = sight.arrangement.value;
  if (screens.length === 0) {
    return null;
  }
  return (
    <div class="screen-tabs" role="group" aria-label={t().pictures.screens}>
      {screens.map((picture) => (
        <button
          key={picture.key}
          type="button"
          class="screen-tab"
          data-screen={picture.participant.id}
          aria-pressed={stage.some(({ key }) => key === picture.key)}
          onClick={() => sight.chooseScreen(picture.key)}
        >
          {nameOf(picture)}
        </button>
      ))}
    </div>
  );
}

interface PagerProps {
  readonly sight: Sight;
  readonly scene: Scene;
}

function Pager({ sight, scene }: PagerProps): JSX.Element | null {
  const { pager, page, pages } = scene;
  if (pager === null) {
    return null;
  }
  const words = t().pictures;
  return (
    <nav
      class="pager"
      aria-label={words.pages}
      style={{
        left: `${pager.left}px`,
        top: `${pager.top}px`,
        width: `${pager.width}px`,
        height: `${pager.height}px`,
      }}
    >
      <button
        id="page-before"
        type="button"
        class="plain-button"
        aria-label={words.pageBefore}
        title={words.pageBefore}
        aria-disabled={page === 0}
        onClick={() => sight.turn(-1)}
      >
        <PreviousIcon />
      </button>
      <output id="page" role="status">
        <span aria-hidden="true">{`${page + 1} / ${pages}`}</span>
        <span class="visually-hidden">{words.pageOf(page + 1, pages)}</span>
      </output>
      <button
        id="page-after"
        type="button"
        class="plain-button"
        aria-label={words.pageAfter}
        title={words.pageAfter}
        aria-disabled={page === pages - 1}
        onClick={() => sight.turn(1)}
      >
        <NextIcon />
      </button>
    </nav>
  );
}

/** Whoever speaks on another page is one press away; nothing moves by itself. */
function SpeakerElsewhere({ sight }: { readonly sight: Sight }): JSX.Element | null {
  const elsewhere = sight.speakerElsewhere.value;
  if (elsewhere === null) {
    return null;
  }
  return (
    <button
      id="speaker-elsewhere"
      type="button"
      class="speaker-elsewhere"
      onClick={() => (sight.page.value = elsewhere.page)}
    >
      {t().pictures.speaksElsewhere(elsewhere.picture.participant.name)}
    </button>
  );
}
