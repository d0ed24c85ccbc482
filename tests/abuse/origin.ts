/** A process of its own: what the proxies of the abuse runs lead to. Prints its port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const SMALL = Buffer.alloc(1024, "x");
const PIECE = Buffer.alloc(64 * 1024, "y");
const LARGE_BYTES = 64 * 1024 * 1024;

const server = createServer((request, response) => {
  request.on("error", () => {});
  response.on("error", () => {});
  if (request.url === "/large") {
    response.writeHead(200, { "content-length": LARGE_BYTES });
    let left = LARGE_BYTES;
    const more = (): void => {
      while (left > 0) {
        left -= PIECE.length;
        if (!response.write(PIECE)) return;
      }
      response.end();
    };
    response.on("drain", more);
    more();
    return;
  }
  request.resume();
  request.on("end", () => response.end(SMALL));
});
server.on("upgrade", (_, socket) => {
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const more = (): void => {
    while (socket.write(PIECE));
  };
  socket.on("drain", more);
  socket.on("data", () => {});
  more();
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", 4096, () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
