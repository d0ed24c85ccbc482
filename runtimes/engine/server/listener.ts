/** A listening socket. */
import { type Server, type Socket, createServer } from "node:net";
import type { ServedTls } from "./served-tls.ts";

export interface Listener {
  readonly server: Server;
  /**
   * Prepares other certificates. The function returned puts them in place for connections that begin from then on.
   *
   * @throws where they can't be used, or where there is TLS in only one of listener and `tls`.
   */
  prepare(tls: ServedTls | undefined): () => void;
  /** Ends connections that are not accepted yet. */
  destroyUnaccepted(): void;
}

/** One without TLS. */
export const plainListener = (accepted: (socket: Socket) => void): Listener => ({
  server: createServer({ allowHalfOpen: true, noDelay: true }, accepted),
  prepare(tls) {
    if (tls !== undefined) throw new TypeError("a listener without TLS has no certificates");
    return () => {};
  },
  destroyUnaccepted() {},
});
