// What the browser says of the machine's network, and what it remembers.
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

it("is known by the same random token at each visit", () => {
  const items = new Map<string, string>();
  const getItem = (key: string): string | null => items.get(key) ?? null;
  const setItem = (key: string, value: string) => items.set(key, value);
  vi.stubGlobal("localStorage", { getItem, setItem });
  const token = browserEnvironment().browserToken();
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  expect([...items]).toEqual([["preau.browser", token]]);
  expect(browserEnvironment().browserToken()).toBe(token);
  items.set("preau.browser", "something else");
  const other = browserEnvironment().browserToken();
  expect(other).toMatch(/^[0-9a-f]{32}$/);
  expect([...items]).toEqual([["preau.browser", other]]);
});

it("is known by one token until it is closed where the browser remembers nothing", () => {
  const refuse = (): never => {
    throw new DOMException("no", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });
  const token = browserEnvironment().browserToken();
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  expect(browserEnvironment().browserToken()).toBe(token);
});
