// What the examples share: asking for a link, loading the SDK from its server, showing tracks.

/** Has `enter` take the link in the page's form, and its fields; the form goes once one is in. */
export function onEntry(enter) {
  const entry = document.getElementById("entry");
  entry.elements.link.value = location.hash.slice(1);
  entry.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await enter(linkOf(entry.elements.link.value), entry.elements);
      entry.hidden = true;
    } catch (error) {
      document.getElementById("status").textContent = `Not joined: ${error.code ?? error.message}`;
    }
  });
}

/** `https://meet.example.org/yard#SECRET` as `join` takes it. */
export function linkOf(text) {
  const { origin, pathname, hash } = new URL(text);
  return { url: origin, room: pathname.slice(1), secret: hash.slice(1) };
}

/** The SDK of the server that the link leads to: both are then of one version. */
export function sdk({ url }) {
  return import(`${url}/sdk.js`);
}

/** Shows a picture, or takes away one that ended. */
export function showPicture(call, { participant, source, track }) {
  if (source !== "camera" && source !== "screen") return;
  const id = `picture-${participant}-${source}`;
  document.getElementById(id)?.remove();
  if (track === null) return;
  const video = document.createElement("video");
  video.id = id;
  video.autoplay = true;
  video.playsInline = true;
  // Sound comes by tracks of its own.
  video.muted = true;
  video.title = call.participants.find(({ id }) => id === participant)?.name ?? "";
  video.srcObject = new MediaStream([track]);
  document.getElementById("pictures").append(video);
}

/** Plays everybody: sound slots stay the same for the whole call. */
export function playSounds(call) {
  for (const { kind, track } of call.slots) {
    if (kind === "video") continue;
    const audio = new Audio();
    audio.srcObject = new MediaStream([track]);
    void audio.play();
  }
}
