/** Where runtimes that speak the same `fetch` differ. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock } from "../../src/core/platform.ts";

/** Changes response fields in place. */
export type EditHeaders = (headers: Headers) => void;

/** `"as it comes"` is the upstream's own body, which the runtime copies itself. */
export type ShownBody = ReadableStream<Uint8Array> | "as it comes" | null;

export interface AtOnce {
  /** Whether content of this length is worth it, or must not go out as it comes. */
  readonly suits: (length: number, untyped: boolean) => boolean;
  /** A stream that hands over all of `pieces`, `length` bytes, in one go. */
  readonly streamOf: (pieces: readonly Uint8Array[], length: number) => ReadableStream<Uint8Array>;
}

export interface FetchHooks {
  readonly clock: Clock;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** `fetch` options for an endpoint: TLS, sockets, pool. Asked once for each endpoint. */
  endpointInit(endpoint: Endpoint): object;
  /** Whether a `Host` field is sent as given; otherwise the URL decides. */
  readonly sendsHost: boolean;
  /** Whether `Content-Length` has to be asked for; otherwise the runtime knows it from its own body streams. */
  readonly declaresLength: boolean;
  /**
   * Whether sized content that is too large to be read whole is nevertheless gathered as far as it comes at once, since
   * the runtime would send it again by itself.
   */
  readonly gathers?: (method: string, length: number) => boolean;
  /** Content that was read whole, or that is missing, as `fetch` is to get it. */
  contentOf(content: Uint8Array<ArrayBuffer> | undefined, method: string): BodyInit | null;
  /** A stream made here, so that the runtime knows its length. */
  readonly sized?: (body: ReadableStream<Uint8Array>, length: number) => ReadableStream<Uint8Array>;
  /** What `fetch` takes for these fields (name, value, …). */
  fieldsInit(pairs: readonly string[]): HeadersInit;
  /**
   * Whether the runtime ends the upstream request when the client leaves while it copies the body itself.
   * Otherwise the cancellation stays armed.
   */
  readonly endsWithClient: boolean;
  /** Whether every body is watched for its length and its pauses, whatever that costs. */
  readonly watchesAll?: boolean;
  /** Whether the runtime adds a `Content-Type` to content without one that it hands on as it comes. */
  readonly addsType?: boolean;
  /** For the content of answers that is better sent at once than streamed. */
  readonly atOnce?: AtOnce;
  /** The upstream's answer with edited fields and its own body, another or none. */
  respond(upstream: Response, body: ShownBody, edit: EditHeaders): Response;
  /**
   * Told before an exchange may be quiet for `ms` (Infinity: for ever), as a server's own idle timer may not allow it.
   * Returns whether it had to change anything and so has to be told when the exchange is over.
   */
  readonly mayBeQuiet?: (attempt: Attempt, ms: number) => boolean;
  /** Told when the exchange is over, or as good as that, if `mayBeQuiet` asked for it. */
  readonly over?: (attempt: Attempt) => void;
  /**
   * Whether a request without content that got no answer on a connection that may have been an old one is sent once
   * more: the runtime doesn't, and the origin may have closed the connection meanwhile (RFC 9110 §9.2.2).
   */
  readonly repeatsUnanswered: boolean;
  /** Closes idle upstream connections. */
  readonly close?: () => void;
}
