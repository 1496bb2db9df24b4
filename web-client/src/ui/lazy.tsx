// Parts of the page that few visits need are loaded when they are asked for.
import { useSignal } from "@preact/signals";
import type { FunctionComponent, JSX } from "preact";
import { useEffect } from "preact/hooks";

import { loadLater, t } from "./i18n";

/**
 * A component that stands for another one until that is there, with the words it needs: those of
 * `later`, unless it is content with the `first`.
 */
export function lazily<Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
  words: "first" | "later" = "later",
): FunctionComponent<Props> {
  let Loaded: FunctionComponent<Props> | null = null;
  return function Lazy(props: Props): JSX.Element {
    const state = useSignal<"loading" | "ready" | "failed" | "aside">(Loaded ? "ready" : "loading");
    useEffect(() => {
      if (Loaded !== null) {
        return;
      }
      Promise.all([load(), words === "later" && loadLater()]).then(
        ([component]) => {
          Loaded = component;
          state.value = "ready";
        },
        () => (state.value = "failed"),
      );
    }, []);
    if (state.value === "ready" && Loaded !== null) {
      return <Loaded {...props} />;
    }
    return (
      <PartMissing
        shown={state.value === "failed"}
        onAside={() => {
          state.value = "aside";
          // Who can close the part can ask for it again.
          (props as Closable).onClose?.();
        }}
      />
    );
  };
}

interface Closable {
  readonly onClose?: () => void;
}

interface PartMissingProps {
  readonly shown: boolean;
  readonly onAside: () => void;
}

/**
 * There is no network, or the server has been updated since and has the part by another name. A
 * reload brings the new page, and comes back to the room by itself; the call goes on until the
 * person chooses it.
 */
function PartMissing({ shown, onAside }: PartMissingProps): JSX.Element {
  return (
    <div class={shown ? "part-missing" : ""}>
      <output role="status">{shown && t().door.partMissing}</output>
      {shown && (
        <p class="row">
          <button type="button" class="small-button primary" onClick={() => location.reload()}>
            {t().door.reload}
          </button>
          <button type="button" class="small-button" onClick={onAside}>
            {t().talk.later}
          </button>
        </p>
      )}
    </div>
  );
}
