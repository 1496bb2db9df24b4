// A TCP path of its own between a browser and the server, so that pages and WebSocket can lose the
// network while media, which go past it over UDP, go on.
import { once } from "node:events";
import net from "node:net";

/** @param {number} serverPort */
export async function openNetwork(serverPort) {
  const pairs = new Set();
  let isUp = true;
  const listener = net.createServer((from) => {
    if (!isUp) {
      from.destroy();
      return;
    }
    const to = net.connect(serverPort, "127.0.0.1");
    const pair = { from, to };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      from.destroy();
      to.destroy();
    };
    for (const socket of [from, to]) {
      socket.setNoDelay();
      socket.on("error", end).on("close", end);
    }
    from.pipe(to).pipe(from);
  });
  listener.listen(0);
  await once(listener, "listening");
  return {
    url: `http://localhost:${listener.address().port}`,

    /** Resets every connection and refuses new ones. */
    down() {
      isUp = false;
      for (const { from, to } of pairs) {
        from.resetAndDestroy();
        to.resetAndDestroy();
      }
    },

    up() {
      isUp = true;
    },

    async close() {
      this.down();
      listener.close();
      await once(listener, "close");
    },
  };
}
