/**
 * An origin that fails as it is told: `node faulty-origin.ts NAME PORT`. Prints its ports, and a line for each request whose head came.
 *
 * `GET /MODE` on the control port changes how requests are answered.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** How requests are answered. */
export type Mode = "ok" | "hang" | "reset" | "unavailable" | "unread";

const BODY_BYTES = 4_096;
const RESET_AFTER_MS = 30;

const answer = (mode: Mode, name: string, request: IncomingMessage, response: ServerResponse): void => {
  const id = String(request.headers["x-id"]);
  process.stdout.write(`${request.method} ${id}\n`);
  if (mode === "hang" || mode === "unread") return;
  if (mode === "unavailable") {
    response.writeHead(503, { "content-length": "0" }).end();
    return;
  }
  const body = id.padEnd(BODY_BYTES, ".");
  if (mode === "ok") {
    request.resume().once("end", () => {
      response.writeHead(200, { "content-length": String(BODY_BYTES), "x-origin": name }).end(body);
    });
    return;
  }
  request.resume();
  response.writeHead(200, { "content-length": String(BODY_BYTES), "x-origin": name });
  response.write(body.slice(0, BODY_BYTES / 2));
  // Later than the head, which a reset right behind it would overtake.
  setTimeout(() => request.socket.resetAndDestroy(), RESET_AFTER_MS);
};

const run = (name: string, port: number): void => {
  let mode: Mode = "ok";
  const http = createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.url === "/healthz" && mode === "ok") response.end("ok");
    else answer(mode, name, request, response);
  });
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    if (mode === "unread") socket.pause();
    else http.emit("connection", socket);
  });
  const control = createHttpServer((request, response) => {
    const wasUnread = mode === "unread";
    mode = request.url?.slice(1) as Mode;
    // Uploads that have begun are not read further either.
    for (const socket of sockets) {
      if (mode === "unread") socket.pause();
      else if (wasUnread) socket.destroy();
    }
    response.end();
  });
  // Few fit the queue: while the process is stopped, connecting takes as long.
  listener.listen({ port, host: "127.0.0.1", backlog: 8 }, () =>
    control.listen(0, "127.0.0.1", () => {
      const ports = [listener, control].map((server) => (server.address() as AddressInfo).port);
      process.stdout.write(`ports ${ports.join(" ")}\n`);
    }),
  );
};

const [name = "", port = "0"] = process.argv.slice(2);
run(name, Number(port));
