/** A client request as it came in, before anything is decided about it. */
import type { HeaderPairs } from "../http/header-edits.ts";
import type { Cancellation } from "./cancellation.ts";

/** Request line and header section. */
export interface RequestHead {
  /** As sent; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  readonly scheme: "http" | "https";
  /**
   * Origin-form target (path and query) as the runtime shows it: raw on Node, already passed through the URL
   * parser elsewhere. Not yet normalised; see `normaliseTarget`.
   */
  readonly target: string;
  /**
   * Authority of the request's URL where the runtime tells it apart from `Host` (absolute-form, HTTP/2). It must
   * agree with `Host`, and stands in for one that is missing.
   */
  readonly authority?: string | undefined;
  /** `"1.0"`, `"1.1"`, … where the runtime tells. */
  readonly httpVersion?: string | undefined;
  /** Every field in received order, duplicates kept where the runtime keeps them. */
  readonly pairs: HeaderPairs;
}

/** The request's content. Consumed at most once, by the transport. */
export interface ArrivedBody {
  /** False when the message has no content by its framing (RFC 9112 §6.3). */
  readonly present: boolean;
  /** `Content-Length`, or undefined when the length is not known in advance. */
  readonly length: number | undefined;
  /** The bytes. Null when not `present`. */
  stream(): ReadableStream<Uint8Array> | null;
}

/** The other end of the connection. */
export interface Peer {
  /** IP address without brackets, zone or IPv4-mapping prefix; empty when the runtime does not tell. */
  readonly address: string;
  readonly port: number | undefined;
}

/** What a runtime's server hands to the gateway. */
export interface Arrival {
  readonly head: RequestHead;
  readonly body: ArrivedBody;
  readonly peer: Peer;
  /** Fires `client-closed` when the client leaves before the response is complete. */
  readonly cancellation: Cancellation;
  /** The request as the runtime built it. Costly on Node: touching headers or body materialises them. */
  readonly request: Request;
  /**
   * What the runtime tells the client's connection by. Whoever makes an arrival from another, with another request,
   * hands it on.
   */
  readonly connection?: object | undefined;
}
