// What a browser remembers, also where it is shared or refuses.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { forgetEverything, recall, remember, setSharedComputer, sharedComputer } from "./storage";

/** A storage area, as far as it is used. */
class Area {
  readonly items = new Map<string, string>();
  get length(): number {
    return this.items.size;
  }
  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }
  getItem(name: string): string | null {
    return this.items.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.items.set(name, value);
  }
  removeItem(name: string): void {
    this.items.delete(name);
  }
}

let local: Area;
let session: Area;

beforeEach(() => {
  [local, session] = [new Area(), new Area()];
  vi.stubGlobal("localStorage", local);
  vi.stubGlobal("sessionStorage", session);
});

afterEach(() => {
  forgetEverything();
  vi.unstubAllGlobals();
});

describe("the memory of a browser", () => {
  it("outlives the tab, and forgets what is set to null", () => {
    remember("name", "Awa");
    expect(local.items.get("preau.name")).toBe("Awa");
    expect(recall("name")).toBe("Awa");
    remember("name", null);
    expect(recall("name")).toBeNull();
    expect(local.length).toBe(0);
  });

  it("is the tab's alone on a shared computer, with what this page had written before", () => {
    local.setItem("preau.camera.id", "of somebody before");
    remember("name", "Awa");
    setSharedComputer(true);
    remember("microphone.id", "headset");
    expect([...local.items.keys()]).toEqual(["preau.camera.id"]);
    expect([recall("name"), recall("microphone.id")]).toEqual(["Awa", "headset"]);

    setSharedComputer(false);
    expect(local.items.get("preau.microphone.id")).toBe("headset");
    expect(session.length).toBe(0);
  });

  it("is emptied at a word, of what is ours", () => {
    local.setItem("another.site", "kept");
    remember("name", "Awa");
    setSharedComputer(true);
    remember("rooms", "[]");
    forgetEverything();
    expect([...local.items.keys(), ...session.items.keys()]).toEqual(["another.site"]);
    expect(sharedComputer.value).toBe(false);
  });

  it("is nothing where storage is blocked, and nothing breaks", () => {
    const blocked = {
      get length(): number {
        throw new Error("blocked");
      },
    };
    vi.stubGlobal("localStorage", blocked);
    vi.stubGlobal("sessionStorage", undefined);
    remember("name", "Awa");
    setSharedComputer(true);
    forgetEverything();
    expect(recall("name")).toBeNull();
  });
});
