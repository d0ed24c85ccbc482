/** What starting a server takes and gives, on every runtime that opens a socket of its own. */
import type { ListenConfig } from "../src/config/types.ts";
import type { LogThreshold } from "../src/observe/event-log.ts";
import type { FailureOptions } from "../src/observe/failure-options.ts";
import { errorCode } from "./error-code.ts";

export interface ServeOptions extends FailureOptions {
  /** Instead of the config's; 0 takes any free port. */
  readonly port?: number;
  /** Instead of the config's. */
  readonly host?: string;
  /** Dotted config paths that somebody set; what is only a default never makes a runtime refuse a config. */
  readonly explicit?: ReadonlySet<string>;
}

/** A server that listens. */
export interface Serving extends ServingSockets {
  /** Opens log files anew, after something else has moved them. */
  reopenLogs(): void;
  /** Changes the level of events of `category` and those below it; `""` is all that have no level of their own. */
  setLogLevel(category: string, level: LogThreshold): void;
  /** Where the admin listener is; undefined without one. */
  readonly admin: { readonly host: string; readonly port: number } | undefined;
}

/** Its sockets. */
export interface ServingSockets {
  readonly address: { readonly scheme: "http" | "https"; readonly host: string; readonly port: number };
  /**
   * Exchanges the certificates of all listeners for those of `listen`: connections from now on get the new ones.
   *
   * @throws where one can't be used, or the listeners are others; then all stay as they were.
   */
  useCertificates(listen: Pick<ListenConfig, "tls" | "also">): void;
  /**
   * Stops gracefully: not ready from now on, every response closes its connection, accepts connections for
   * `drain.delayMs` more where there is a ready page, waits `drain.timeoutMs` for what is in flight, then cuts it.
   * Later calls return the first one's promise.
   */
  drain(): Promise<{ readonly cut: number }>;
  /** Stops at once; whatever is in flight is cut, and counted as far as the runtime tells. */
  stop(): Promise<{ readonly cut: number }>;
}

/** A server could not be started. The message is one sentence for the person who started it. */
export class ServeError extends Error {
  override readonly name = "ServeError";
}

/** Why a socket could not be opened, as a sentence. */
export const listenError = (cause: unknown, { host, port }: { host: string; port: number }): ServeError =>
  new ServeError(listenFailure(errorCode(cause), host, port) ?? `cannot listen on ${host}:${port}`, {
    cause,
  });

const listenFailure = (code: string | undefined, host: string, port: number): string | undefined => {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is taken by another program; stop it or choose another port`;
    case "EACCES":
      return `not allowed to listen on ${host}:${port}; ports below 1024 need more rights, so choose a higher one`;
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return `this machine has no address ${host} to listen on`;
    case "ENOTFOUND":
      return `no address is known for the host name ${host}`;
    default:
      return undefined;
  }
};
