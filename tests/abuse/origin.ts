/** A process of its own: what the proxies of the abuse runs lead to. Prints its port. */
import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

const SMALL = Buffer.alloc(1024, "x");
const PIECE = Buffer.alloc(64 * 1024, "y");
const LARGE_BYTES = 64 * 1024 * 1024;
const SLOW_MS = 500;

const sendLarge = (response: ServerResponse): void => {
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
};

const server = createServer((request, response) => {
  request.on("error", () => {});
  response.on("error", () => {});
  if (request.url?.endsWith("/large") === true) return sendLarge(response);
  if (request.url?.endsWith("/slow") === true) {
    setTimeout(() => response.end("late"), SLOW_MS);
    return;
  }
  request.resume();
  request.on("end", () => response.end(SMALL));
});
server.on("upgrade", (request, socket) => {
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  socket.on("data", () => {}).on("end", () => socket.end());
  if (request.url?.endsWith("/sink") === true) return;
  const more = (): void => {
    while (socket.write(PIECE));
  };
  socket.on("drain", more);
  more();
});
// Longer than any run: what is lost is lost by the proxy.
server.keepAliveTimeout = 600_000;
server.requestTimeout = 0;
server.listen(0, "127.0.0.1", 4096, () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
