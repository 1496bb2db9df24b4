// Says hello in the chat, answers `!count`, and leaves when it is alone.
import { linkOf, sdk } from "./shared.mjs";

const status = document.getElementById("status");
const link = linkOf(location.hash.slice(1));
const { join } = await sdk(link);
const call = await join({ ...link, name: "Bot" });
// It looks at nothing, so that no picture is sent here.
call.view({ stage: null, tiles: [] });

const others = () => call.participants.filter(({ id }) => id !== call.you);
const count = () => `${others().length} people are here.`;

await call.chat(`Hello! ${count()} Write !count to ask again.`);
status.textContent = "In the room.";

call.on("chat", ({ from, to, text }) => {
  if (from !== call.you && text.trim() === "!count") {
    // Whoever asked in private is answered in private.
    void call.chat(count(), { to: to === null ? null : from });
  }
});
call.on("participant", ({ change }) => {
  if (change === "left" && others().length === 0) call.leave();
});
call.on("state", ({ phase, reason }) => {
  if (phase === "ended") status.textContent = `Gone: ${reason}`;
});
