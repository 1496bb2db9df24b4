// A site that is not ours, on a port of loopback: pages of a test, or the examples.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { fileURLToPath } from "node:url";

const EXAMPLES = fileURLToPath(new URL("../../../examples/", import.meta.url));

const TYPES = { css: "text/css", html: "text/html", mjs: "text/javascript" };

/**
 * @param {Record<string, string>} [pages]  HTML by path, before the files of `examples`
 */
export async function startSite(pages = {}) {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const name = pathname.slice(1);
    const page = pages[pathname];
    const isFile = /^[\w-]+\.(css|html|mjs)$/.test(name);
    const body = page ?? (isFile ? await readFile(EXAMPLES + name).catch(() => null) : null);
    const type = page === undefined ? TYPES[name.split(".").at(-1)] : TYPES.html;
    response.writeHead(body === null ? 404 : 200, { "content-type": `${type}; charset=utf-8` });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://localhost:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
