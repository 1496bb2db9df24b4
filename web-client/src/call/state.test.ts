// The state that is shown follows from what happened.
import { describe as group, expect, it } from "vitest";

import type { CallState } from "./api";
import type { Happening } from "./state";
import { describe, progress, START } from "./state";

function after(...kinds: Exclude<Happening["kind"], "ended">[]): CallState {
  return describe(kinds.reduce((before, kind) => progress(before, { kind }), START));
}

group("where a call stands", () => {
  it("is found on the way in", () => {
    expect(after()).toEqual({ phase: "idle" });
    expect(after("join_asked")).toEqual({ phase: "connecting" });
    expect(after("join_asked", "joined")).toEqual({
      phase: "joined",
      connection: "media_connecting",
    });
    expect(after("join_asked", "joined", "media_connected")).toEqual({
      phase: "joined",
      connection: "connected",
    });
  });

  it("shows the worse of signaling and media, and both mend independently", () => {
    const both = ["joined", "media_connected", "signaling_lost", "media_lost"] as const;
    expect(after(...both)).toMatchObject({ connection: "reconnecting_signaling" });
    expect(after(...both, "signaling_resumed")).toMatchObject({ connection: "restarting_media" });
    expect(after(...both, "signaling_resumed", "media_connected")).toMatchObject({
      connection: "connected",
    });
  });

  it("forgets the old session's troubles when it is joined anew", () => {
    const rejoining = ["joined", "media_lost", "signaling_lost", "session_gone"] as const;
    expect(after(...rejoining)).toMatchObject({ connection: "rejoining" });
    expect(after(...rejoining, "joined")).toMatchObject({ connection: "media_connecting" });
  });

  it("shows that one waits for a host only where one was in before", () => {
    expect(after("join_asked", "lobby_entered")).toEqual({ phase: "connecting" });
    const again = ["joined", "media_lost", "session_gone", "lobby_entered"] as const;
    expect(after(...again)).toMatchObject({ connection: "in_lobby" });
    expect(after(...again, "joined", "media_connected")).toMatchObject({ connection: "connected" });
  });

  it("stays ended", () => {
    const ended = progress(START, { kind: "ended", reason: "replaced" });
    expect(progress(ended, { kind: "joined" })).toBe(ended);
    expect(describe(ended)).toEqual({ phase: "ended", reason: "replaced" });
  });

  it("heeds no link before it is joined", () => {
    expect(after("join_asked", "signaling_lost", "media_connected")).toEqual({
      phase: "connecting",
    });
  });
});
