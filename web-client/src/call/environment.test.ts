// What the browser says of the machine's network.
import { afterEach, expect, it, vi } from "vitest";

import { browserEnvironment } from "./environment";

class FakeNetwork extends EventTarget {
  type = "wifi";

  become(type: string): void {
    this.type = type;
    this.dispatchEvent(new Event("change"));
  }
}

afterEach(() => vi.unstubAllGlobals());

it("from Wi-Fi to mobile is another network, and another estimate is not", () => {
  const page = new EventTarget();
  const connection = new FakeNetwork();
  vi.stubGlobal("navigator", { connection });
  for (const name of ["addEventListener", "removeEventListener"] as const) {
    vi.stubGlobal(name, page[name].bind(page));
  }
  const told: boolean[] = [];
  const stop = browserEnvironment().onNetworkChange((online) => told.push(online));
  connection.become("wifi");
  expect(told).toEqual([]);
  connection.become("cellular");
  page.dispatchEvent(new Event("offline"));
  page.dispatchEvent(new Event("online"));
  expect(told).toEqual([true, false, true]);
  stop();
  connection.become("wifi");
  page.dispatchEvent(new Event("online"));
  expect(told).toHaveLength(3);
});
