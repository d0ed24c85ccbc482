/** An end of a connection that nobody takes for its proper one. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Resets the connection. Under TLS it is closed without TLS's own end, which says the same. A Unix socket knows no reset, so it is
 * closed.
 */
export const resetSocket = (socket: Socket): void => {
  if (socket.destroyed) return;
  if (socket instanceof TLSSocket || socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
};
