// When the path of media is given up, and for what.
import { describe, expect, it } from "vitest";

import type { Transport } from "./path";
import { PathKeeper } from "./path-keeper";

/** A path that is looked at every half second; `bytes` come between two looks. */
class Scene {
  readonly keeper = new PathKeeper();
  readonly #hasRelay: boolean;
  readonly restarts: [number, string][] = [];
  now = 0;
  #bytes = 0;

  constructor({ hasRelay = false } = {}) {
    this.#hasRelay = hasRelay;
    this.keeper.begin(0, hasRelay);
  }

  become(ice: RTCIceConnectionState, connection: RTCPeerConnectionState): void {
    this.keeper.handleStates(this.now, ice, connection);
  }

  pass(ms: number, bytes: number | null, transport: Transport = "udp"): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 500;
      this.#bytes += bytes ?? 0;
      const way = { transport, port: 443 };
      const figures = { way, pair: transport, bytesReceived: this.#bytes };
      this.keeper.handleFigures(this.now, bytes === null ? null : figures);
      if (this.keeper.takeRestart(this.now, this.#hasRelay)) {
        this.restarts.push([this.now, this.keeper.reach]);
      }
    }
  }
}

const connected = (options?: { hasRelay: boolean }): Scene => {
  const scene = new Scene(options);
  scene.become("connected", "connected");
  return scene;
};

const VOICE = 2000;
const REPORT = 60;

describe("a path on which nothing comes", () => {
  it("is given up within 2 s where a voice came before", () => {
    const scene = connected();
    scene.pass(5000, VOICE);
    scene.pass(1000, 0);
    expect([scene.keeper.isSuspect(scene.now), scene.keeper.health]).toEqual([true, "well"]);
    scene.pass(1000, 0);
    expect(scene.restarts).toEqual([[6500, "all"]]);
    expect(scene.keeper.health).toBe("silent");
  });

  it("is no concern as long as the server's reports come", () => {
    const scene = connected();
    scene.pass(5000, VOICE);
    for (let second = 0; second < 30; second += 1) {
      scene.pass(500, REPORT);
      scene.pass(500, 0);
    }
    expect(scene.restarts).toEqual([]);
  });

  it("may lose one report, not two", () => {
    const scene = connected();
    scene.pass(500, VOICE);
    scene.pass(500, REPORT);
    scene.pass(2000, 0);
    expect(scene.restarts).toEqual([]);
    scene.pass(500, 0);
    expect(scene.restarts).toHaveLength(1);
  });

  it("is looked for ever less often, and left alone once something comes", () => {
    const scene = connected();
    scene.pass(5000, VOICE);
    scene.pass(15_000, 0);
    expect(scene.restarts.map(([at]) => at)).toEqual([6500, 10_500, 18_500]);
    scene.pass(60_000, VOICE);
    expect(scene.restarts).toHaveLength(3);
    expect(scene.keeper.health).toBe("well");
  });

  it("is given up while the browser goes from one dead pair to the next", () => {
    const scene = connected();
    scene.pass(5000, VOICE);
    scene.pass(500, 0, "tcp");
    scene.pass(500, 0);
    scene.pass(500, 0, "tcp");
    expect(scene.keeper.health).toBe("silent");
  });

  it("is not one that a machine slept through", () => {
    const scene = connected();
    scene.pass(5000, VOICE);
    scene.now += 3_600_000;
    scene.pass(500, 0);
    expect(scene.keeper.health).toBe("well");
  });
});

describe("ICE without DTLS", () => {
  it("goes to TCP after 3 s: to the relay, then to the node, in turns", () => {
    const scene = new Scene({ hasRelay: true });
    scene.become("connected", "connecting");
    scene.pass(2500, null);
    expect(scene.restarts).toEqual([]);
    scene.pass(13_000, null);
    expect(scene.restarts).toEqual([
      [3000, "relay"],
      [7000, "tcp"],
      [15_000, "relay"],
    ]);
  });

  it("goes to the node's TCP where there is no relay, and asks for no UDP later", () => {
    const scene = new Scene();
    scene.become("connected", "connecting");
    scene.pass(3000, null);
    scene.become("connected", "connected");
    scene.pass(1_800_000, VOICE, "tcp");
    expect(scene.restarts).toEqual([[3000, "tcp"]]);
  });

  it("is forgotten in another network", () => {
    const scene = new Scene();
    scene.become("connected", "connecting");
    scene.pass(3000, null);
    scene.become("connected", "connected");
    scene.keeper.handleNetworkChange(scene.now);
    scene.pass(1000, VOICE, "tcp");
    expect(scene.restarts.at(-1)).toEqual([4000, "all"]);
  });
});

describe("a first path that is not found", () => {
  it("is looked for again after 2 s where there is a relay to try", () => {
    const scene = new Scene({ hasRelay: true });
    scene.become("checking", "connecting");
    scene.pass(2500, null);
    expect(scene.restarts).toEqual([[2000, "all"]]);
  });

  it("gets its time where there is none", () => {
    const scene = new Scene();
    scene.become("checking", "connecting");
    scene.pass(14_000, null);
    expect(scene.restarts).toEqual([]);
  });
});

describe("media over TCP", () => {
  it("looks for UDP within the minute, and not again once it has it", () => {
    const scene = connected();
    scene.pass(5000, VOICE);
    scene.pass(58_000, VOICE, "tcp");
    expect(scene.restarts).toEqual([[60_500, "all"]]);
    scene.pass(600_000, VOICE, "udp");
    expect(scene.restarts).toHaveLength(1);
  });
});
