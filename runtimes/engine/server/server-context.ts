/** What the connections of one entrance share. */
import type { ListenConfig } from "../../../src/config/types.ts";
import { type TrustedRanges, compileTrusted } from "../../../src/http/address.ts";
import type { Gateway } from "../../../src/gateway.ts";
import type { HeadFormat } from "../../../src/http1/head-reader.ts";
import { type RequestHead, requestHeads } from "../../../src/http1/request-head.ts";
import type { Deadlines } from "../deadlines.ts";
import { latin1 } from "../latin1.ts";
import type { Notice } from "../notices.ts";
import type { ClientConnection } from "./connection.ts";
import { DateField } from "./date-field.ts";
import { FieldEncoder } from "./field-lines.ts";

/** Limits of a server that a change of the config changes for connections that are open too. */
export interface ServerSettings {
  readonly listen: Pick<ListenConfig, "drain" | "halfClose" | "limits" | "timeouts">;
  readonly heads: HeadFormat<RequestHead>;
  readonly trusted: TrustedRanges;
}

/** @param room connections at most, whatever `listen` says */
export const serverSettings = (
  listen: ServerSettings["listen"] & Pick<ListenConfig, "trustedProxies">,
  room: number = Number.POSITIVE_INFINITY,
): ServerSettings => ({
  listen: {
    ...listen,
    limits: { ...listen.limits, connections: Math.min(listen.limits.connections, room) },
  },
  heads: requestHeads(latin1, listen.limits),
  trusted: compileTrusted(listen.trustedProxies),
});

export interface ServerContextParts {
  readonly scheme: "http" | "https";
  readonly deadlines: Deadlines;
  readonly lifecycle: { readonly draining: boolean };
  readonly now: () => number;
  readonly epoch: () => number;
  readonly notice: Notice;
  readonly closed: (connection: ClientConnection) => void;
}

export class ServerContext {
  readonly scheme: "http" | "https";
  readonly fields: FieldEncoder = new FieldEncoder();
  readonly deadlines: Deadlines;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Writes a line for operators. */
  readonly notice: Notice;
  /** Called when a connection is gone. */
  readonly closed: (connection: ClientConnection) => void;
  readonly #lifecycle: ServerContextParts["lifecycle"];
  readonly #date: DateField;
  #gateway: Gateway;
  #settings: ServerSettings;
  #isClosing = false;

  constructor(parts: ServerContextParts, gateway: Gateway, settings: ServerSettings) {
    this.scheme = parts.scheme;
    this.deadlines = parts.deadlines;
    this.now = parts.now;
    this.notice = parts.notice;
    this.closed = parts.closed;
    this.#lifecycle = parts.lifecycle;
    this.#date = new DateField(parts.epoch);
    this.#gateway = gateway;
    this.#settings = settings;
  }

  /** For the next request. */
  get gateway(): Gateway {
    return this.#gateway;
  }
  get listen(): ServerSettings["listen"] {
    return this.#settings.listen;
  }
  get heads(): HeadFormat<RequestHead> {
    return this.#settings.heads;
  }
  /** Addresses of trusted proxies. */
  get trusted(): TrustedRanges {
    return this.#settings.trusted;
  }
  /** From now on every response closes its connection. */
  get draining(): boolean {
    return this.#isClosing || this.#lifecycle.draining;
  }

  /** Value for `Date`. */
  date(): string {
    return this.#date.value;
  }

  /** Another config is in effect. */
  change(gateway: Gateway, settings: ServerSettings): void {
    this.#gateway = gateway;
    this.#settings = settings;
  }

  /** The entrance is gone: every response closes its connection. */
  close(): void {
    this.#isClosing = true;
  }
}
