/** The end of a server. */
import type { Server } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { DrainConfig } from "../../src/config/types.ts";

/**
 * A connection that is idle when accepting stops gets this long, less the delay before: its client may just have sent a
 * request, and after its answer the connection closes anyway.
 */
const IDLE_GRACE_MS = 500;
const SWEEP_MS = 20;

type HttpSocket = Socket & { _httpMessage?: unknown };

/** The open connections of `server`, kept up to date. */
export const trackConnections = (server: Server): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
};

/** Stops accepting, waits for what is in flight, cuts the rest. Readiness and `Connection: close` are the caller's. */
export const drainServer = async (
  server: Server,
  sockets: ReadonlySet<Socket>,
  { delayMs, timeoutMs }: DrainConfig,
): Promise<{ readonly cut: number }> => {
  await sleep(delayMs);
  const stopped = stopAccepting(server);
  const startedAt = performance.now();
  const graceMs = Math.min(timeoutMs, Math.max(0, IDLE_GRACE_MS - delayMs));
  while (sockets.size > 0) {
    const passed = performance.now() - startedAt;
    if (passed >= timeoutMs) break;
    if (passed >= graceMs) server.closeIdleConnections();
    await sleep(Math.min(SWEEP_MS, timeoutMs - passed));
  }
  const cut = countBusy(sockets);
  await closeNow(server, sockets, stopped);
  return { cut };
};

/** Cuts whatever is in flight. */
export const stopServer = async (
  server: Server,
  sockets: ReadonlySet<Socket>,
): Promise<{ readonly cut: number }> => {
  const cut = countBusy(sockets);
  await closeNow(server, sockets, stopAccepting(server));
  return { cut };
};

/** `Server.close` of the HTTP server would also close connections that are idle right now. */
const stopAccepting = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });

const closeNow = async (
  server: Server,
  sockets: ReadonlySet<Socket>,
  stopped: Promise<void>,
): Promise<void> => {
  for (const socket of sockets) socket.destroy();
  await stopped;
  // Ends the timer that checks for slow headers.
  server.close(() => {});
};

const countBusy = (sockets: ReadonlySet<HttpSocket>): number => {
  let busy = 0;
  for (const socket of sockets) {
    if (socket._httpMessage !== undefined && socket._httpMessage !== null) busy++;
  }
  return busy;
};

/** Must keep the process alive: it is what a stopping process waits for. */
const sleep = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, ms));
