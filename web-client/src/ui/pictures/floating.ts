// Picture in picture: a small window with controls where the browser has such windows, else the
// large picture alone, else nothing.
import type { ViewReporter } from "../view-reporter";
import type { Sight } from "./sight";

/** https://wicg.github.io/document-picture-in-picture/ */
interface WindowMaker {
  readonly window: Window | null;
  requestWindow(size: { readonly width: number; readonly height: number }): Promise<Window>;
}

/** CSS pixels; people may resize it. */
const SIZE = { width: 340, height: 250 };

export function canFloat(): boolean {
  return windowMaker() !== null || document.pictureInPictureEnabled === true;
}

/** Opens the small window, or closes it. Rejects where the browser refuses. */
export async function toggleFloating(sight: Sight, reporter: ViewReporter): Promise<void> {
  const maker = windowMaker();
  if (sight.floating.value) {
    maker?.window?.close();
    await (document.pictureInPictureElement ? document.exitPictureInPicture() : null);
    return;
  }
  await (maker === null ? floatVideo(sight, reporter) : openWindow(maker, sight, reporter));
}

async function openWindow(maker: WindowMaker, sight: Sight, reporter: ViewReporter): Promise<void> {
  const opened = await maker.requestWindow(SIZE);
  sight.floating.value = true;
  opened.addEventListener("pagehide", () => (sight.floating.value = false));
  try {
    const { fill } = await import("./floating-window");
    fill(opened, sight, reporter);
  } catch (error) {
    opened.close();
    throw error;
  }
}

async function floatVideo(sight: Sight, reporter: ViewReporter): Promise<void> {
  const video = largest();
  if (video === null) {
    return;
  }
  video.disablePictureInPicture = false;
  await video.requestPictureInPicture();
  sight.floating.value = true;
  reporter.handleElsewhere();
  video.addEventListener(
    "leavepictureinpicture",
    () => {
      sight.floating.value = false;
      reporter.handleElsewhere();
    },
    { once: true },
  );
}

/** Of the others' pictures: nobody floats their own. */
function largest(): HTMLVideoElement | null {
  const videos = [...document.querySelectorAll<HTMLVideoElement>('.tile[data-self="false"] video')];
  const area = (video: HTMLVideoElement): number => video.clientWidth * video.clientHeight;
  return videos.reduce<HTMLVideoElement | null>(
    (best, video) => (best === null || area(video) > area(best) ? video : best),
    null,
  );
}

function windowMaker(): WindowMaker | null {
  const { documentPictureInPicture } = window as Window & {
    readonly documentPictureInPicture?: WindowMaker;
  };
  return documentPictureInPicture ?? null;
}
