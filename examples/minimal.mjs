// A call with camera and microphone.
import { onEntry, playSounds, sdk, showPicture } from "./shared.mjs";

const status = document.getElementById("status");

onEntry(async (link, { name }) => {
  const { join } = await sdk(link);
  start(await join({ ...link, name: name.value, audio: true, video: true }));
});

function start(call) {
  document.getElementById("controls").hidden = false;
  playSounds(call);

  const names = () => call.participants.map(({ name }) => name).join(", ");
  const tell = () => (status.textContent = `In the room: ${names()}`);
  call.on("participant", tell);
  call.on("state", ({ phase, reason }) => {
    if (phase === "ended") status.textContent = `Ended: ${reason}`;
  });
  tell();

  // What is on already, and then what changes. `track` is null where a picture ends.
  for (const { carries, track } of call.slots) {
    if (carries !== null) showPicture(call, { ...carries, track });
  }
  call.on("track", (change) => showPicture(call, change));
  showPicture(call, { participant: call.you, source: "camera", track: call.local.camera });

  document.getElementById("microphone").addEventListener("click", async ({ currentTarget }) => {
    const on = !call.local.microphoneOn;
    await call.setMicrophone(on);
    currentTarget.setAttribute("aria-pressed", on);
  });
  document.getElementById("camera").addEventListener("click", async ({ currentTarget }) => {
    const on = call.local.camera === null;
    await call.setCamera(on);
    currentTarget.setAttribute("aria-pressed", on);
    showPicture(call, { participant: call.you, source: "camera", track: call.local.camera });
  });
  document.getElementById("leave").addEventListener("click", () => call.leave());
}
