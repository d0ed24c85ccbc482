/** Where runtimes that speak the same `fetch` differ. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock } from "../../src/core/platform.ts";

/** Header fields as `fetch` takes them; a name may stand there several times. */
export type HeaderEntries = [name: string, value: string][];

/** Changes response fields in place. */
export type EditHeaders = (headers: Headers) => void;

export interface FetchHooks {
  readonly clock: Clock;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** `fetch` options for an endpoint: TLS, sockets, pool. Asked once for each endpoint. */
  endpointInit(endpoint: Endpoint): object;
  /** Whether a `Host` field is sent as given; otherwise the URL decides. */
  readonly sendsHost: boolean;
  /** Whether `Content-Length` has to be asked for; otherwise the runtime knows it from its own body streams. */
  readonly declaresLength: boolean;
  /** Has the last word on the request's fields. */
  readonly adjustFields?: (entries: HeaderEntries) => void;
  /**
   * Whether the runtime ends the upstream request when the client leaves while it copies the body itself.
   * Otherwise the cancellation stays armed.
   */
  readonly endsWithClient: boolean;
  /** The upstream's answer with another body and edited fields. `body` is the upstream's own or made from it. */
  respond(upstream: Response, body: ReadableStream<Uint8Array> | null, edit: EditHeaders): Response;
  /** Told before this exchange may be quiet for `ms` (Infinity: for ever), which a server's own idle timer may not allow. */
  mayBeQuiet?(attempt: Attempt, ms: number): void;
  /** Closes idle upstream connections. */
  close?(): void;
}
