/** What starting a server takes and gives, on every runtime that opens a socket of its own. */
import type { ConfigOrigin, ReadConfigDocument } from "../handlers/config-document.ts";
import type { Upgrade } from "../handlers/server-view.ts";
import type { ConfigSource } from "../src/config/gather.ts";
import type { Config } from "../src/config/types.ts";
import type { LogThreshold } from "../src/observe/event-log.ts";
import type { FailureOptions } from "../src/observe/failure-options.ts";
import { errorCode } from "./error-code.ts";
import type { Inheritance } from "./inheritance.ts";
import type { NamedListener } from "./succession.ts";

export interface ServeOptions extends FailureOptions {
  /** Instead of the config's; 0 takes any free port. */
  readonly port?: number;
  /** Instead of the config's. */
  readonly host?: string;
  /** Dotted config paths that somebody set; what is only a default never makes a runtime refuse a config. */
  readonly explicit?: ReadonlySet<string>;
  /** Sockets that another process has opened, for the first config. @default all are opened here */
  readonly inheritance?: Inheritance | undefined;
  /**
   * Starts a process that takes the place of this one; the admin API asks for it. Call `handOver` once it has succeeded.
   *
   * @default refused: only whoever started this process can replace it
   */
  readonly upgrade?: Upgrade | undefined;
  /** Where the config comes from, and what the admin API may show of it. @default it shows nothing of it */
  readonly origin?: ConfigOrigin;
  /** Reads configs that come through the admin API. @default takes nothing from elsewhere: neither variables nor files */
  readonly readDocument?: ReadConfigDocument;
  /**
   * Where the config comes from. Needed with `threads` for a config that has functions, middleware say: they can't be sent to a
   * thread, so each thread imports the module itself.
   */
  readonly source?: ConfigSource | undefined;
}

/** Where a listener can be reached. */
export interface ListenAddress {
  readonly scheme: "http" | "https";
  /** Empty for a Unix socket. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Path of a Unix socket. */
  readonly socket?: string | undefined;
}

/** A server that listens. */
export interface Serving {
  /** Of the first listener of the config in effect. */
  readonly address: ListenAddress;
  /** Where the admin listener is; undefined without one. */
  readonly admin: ListenAddress | undefined;
  /**
   * Makes everything that `config` needs, new sockets and log files included, and changes nothing yet. One config at a time: a
   * second call waits until the first one's result is committed or discarded.
   *
   * @param explicit as in `ServeOptions`, and so is `origin`. `options.port` and `options.host` of the start go on to count.
   * @throws ConfigError or ServeError where the config can't be put into effect. Nothing has changed then.
   */
  prepare(config: Config, explicit?: ReadonlySet<string>, origin?: ConfigOrigin): Promise<PreparedConfig>;
  /** How many configs were put into effect. */
  readonly generation: number;
  /** Why the last config was refused; undefined where it was put into effect. `at` is in milliseconds since 1970. */
  readonly lastError: { readonly at: number; readonly message: string } | undefined;
  /** Tells log and metrics that a config was refused, in one sentence without secrets. */
  noteRefusal(message: string): void;
  /** Opens log files anew, after another program has moved them. */
  reopenLogs(): void;
  /** Changes the level of events of `category` and those below it; `""` is all that have no level of their own. */
  setLogLevel(category: string, level: LogThreshold): void;
  /**
   * Stops gracefully: not ready from now on, every response closes its connection, accepts connections for
   * `drain.delayMs` more where there is a ready page, waits `drain.timeoutMs` for what is in flight, then cuts it.
   * Later calls return the first one's promise.
   */
  drain(): Promise<{ readonly cut: number }>;
  /** Listeners that accept now, the admin listener included. */
  listeners(): Promise<readonly NamedListener[]>;
  /**
   * Another process accepts on the same sockets from now on. Accepts nothing more and finishes what is in flight, as `drain`, but
   * without a delay, and whoever watches the ready page does not notice. Idle connections stay open for `drain.delayMs`. A promise
   * of `drain` counts for this one too, and the other way round.
   */
  handOver(): Promise<{ readonly cut: number }>;
  /** Stops at once; whatever is in flight is cut, and counted as far as the runtime tells. */
  stop(): Promise<{ readonly cut: number }>;
}

/** A config that is ready to take effect. Call one of the two, once; later calls do nothing. */
export interface PreparedConfig {
  /**
   * Puts it into effect at once. Cannot fail.
   *
   * Requests from now on get the new config, on connections that are open already too. Requests and tunnels in flight finish on
   * the old one. Listeners that are in both configs stay open. Those that are gone accept nothing more, and their connections
   * close as they become idle. State of endpoints that stay is kept.
   */
  commit(): void;
  /** Gives it up. Resolves when what was opened for it is closed. */
  discard(): Promise<void>;
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
