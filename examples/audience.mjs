// Receives only: no device is asked for, and one picture is sent here, that of the speaker.
import { onEntry, playSounds, sdk, showPicture } from "./shared.mjs";

const status = document.getElementById("status");

onEntry(async (link) => {
  const { join } = await sdk(link);
  // One slot is enough for one picture; the server then spares this line the rest.
  watch(await join({ ...link, name: "Audience", videoSlots: 1 }));
});

function watch(call) {
  playSounds(call);
  call.on("track", (change) => showPicture(call, change));
  call.on("speaker", follow);
  call.on("participant", follow);
  follow();

  /** Asks for the picture of whoever has the floor, else of the first who has one. */
  function follow() {
    const shown = call.participants.filter(
      ({ id, sources }) => id !== call.you && sources.some(({ source }) => source === "camera"),
    );
    const speaker = shown.find(({ id }) => id === call.speaker) ?? shown[0];
    const picture = speaker && { participant: speaker.id, source: "camera", height: 720 };
    call.view({ stage: picture ?? null, tiles: [] });
    status.textContent = speaker ? `On screen: ${speaker.name}` : "Nobody shows a picture yet.";
  }
}
