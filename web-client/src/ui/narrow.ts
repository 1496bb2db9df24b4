// Whether a panel leaves no room for pictures.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

/** Screens on which a panel leaves no room for pictures; `talk.css` has the same. */
const NARROW = "(max-width: 700px)";

/** Whether the screen is a phone's, upright. Follows a window that is resized. */
export function useNarrow(): boolean {
  const query = useMemo(() => matchMedia(NARROW), []);
  const narrow = useSignal(query.matches);
  useEffect(() => {
    const look = (): void => {
      narrow.value = query.matches;
    };
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, [query]);
  return narrow.value;
}
