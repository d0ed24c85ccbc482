/** A listening socket. */
import { type Server, type Socket, createServer } from "node:net";
import type { ListenTlsConfig } from "../../../src/config/types.ts";

export interface Listener {
  readonly server: Server;
  /** Exchanges the certificates for connections that begin from now on. @throws where they can't be used; the old ones stay */
  useCertificates(tls: ListenTlsConfig): void;
  /** Ends connections that are not accepted yet. */
  destroyUnaccepted(): void;
}

/** One without TLS. */
export const plainListener = (accepted: (socket: Socket) => void): Listener => ({
  server: createServer({ allowHalfOpen: true, noDelay: true }, accepted),
  useCertificates() {
    throw new TypeError("a listener without TLS has no certificates");
  },
  destroyUnaccepted() {},
});
