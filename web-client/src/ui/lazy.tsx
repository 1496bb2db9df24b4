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
    const state = useSignal<"loading" | "ready" | "failed">(Loaded ? "ready" : "loading");
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
    return <PartMissing shown={state.value === "failed"} />;
  };
}

/**
 * There is no network, or the server has been updated since and has the part by another name. A
 * reload brings the new page, and comes back to the room by itself.
 */
function PartMissing({ shown }: { readonly shown: boolean }): JSX.Element {
  return (
    <div class={shown ? "part-missing" : ""}>
      <output role="status">{shown && t().door.partMissing}</output>
      {shown && (
        <button type="button" class="small-button" onClick={() => location.reload()}>
          {t().door.reload}
        </button>
      )}
    </div>
  );
}
