// The camera's own blur, where the camera and the browser have one: it costs this page nothing.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { canBlur, isBlurred, setBlur } from "./devices";
import { t } from "./i18n";

export function BlurChoice({ camera }: { readonly camera: MediaStreamTrack }): JSX.Element | null {
  const on = useSignal(isBlurred(camera));
  useEffect(() => {
    const read = (): void => {
      on.value = isBlurred(camera);
    };
    read();
    // The system has a switch for it as well.
    camera.addEventListener("configurationchange", read);
    return () => camera.removeEventListener("configurationchange", read);
  }, [camera]);
  if (!canBlur(camera)) {
    return null;
  }
  return (
    <label class="check">
      <input
        id="blur"
        type="checkbox"
        checked={on.value}
        onChange={({ currentTarget }) => {
          const wanted = currentTarget.checked;
          setBlur(camera, wanted).then(
            () => (on.value = wanted),
            () => (currentTarget.checked = isBlurred(camera)),
          );
        }}
      />
      <span>{t().door.blur}</span>
    </label>
  );
}
