/** A client request as it came in, before anything is decided about it. */
import type { FieldNotes } from "../http/field-notes.ts";
import type { HeaderPairs } from "../http/header-edits.ts";
import type { PeerAddress } from "../http/address.ts";
import type { ScreenProblem } from "../http/screen-problem.ts";
import type { Body } from "./body.ts";
import type { Cancellation } from "./cancellation.ts";
import type { ConnectionTls } from "./connection-tls.ts";

/** The other end of the connection. */
export interface Peer extends PeerAddress {
  /** IP address without brackets, zone or IPv4-mapping prefix; empty where nobody tells. */
  readonly address: string;
  readonly port: number | undefined;
}

/** Request line and header section. */
export interface RequestHead {
  /** As sent; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** Of the connection: what an absolute-form target says of it does not count. */
  readonly scheme: "http" | "https";
  /** The request target as it came (RFC 9112 §3.2); not yet normalised, see `normaliseTarget`. */
  readonly target: string;
  /**
   * Authority of the request's URL where a runtime reports it apart from `Host` (HTTP/2 and some fetch servers). It
   * must agree with `Host`, and stands in for one that is missing.
   */
  readonly authority: string | undefined;
  /** `"1.0"` or `"1.1"`; undefined where the runtime does not report it. */
  readonly version: string | undefined;
  /** Every field in received order: name, value, …. Values hold one character a byte (latin1). */
  readonly fields: HeaderPairs;
  /** What `fields` say of framing and of the connection. */
  readonly notes: FieldNotes;
  /** Why the head must not be believed, where reading it showed that already. */
  readonly refusal: ScreenProblem | undefined;
  /** What its connection's TLS tells; left out without TLS, and where a runtime does not tell. */
  readonly tls?: ConnectionTls | undefined;
}

/** What a server hands to the gateway. */
export interface Arrival extends RequestHead {
  /** The content; its first reader starts it, which also answers a held `Expect: 100-continue`. */
  readonly body: Body;
  readonly peer: Peer;
  /**
   * Where the client is, as the runtime itself tells: names from the smallest area to the largest, as `["DE", "EU"]`. Left out
   * where it does not tell.
   */
  areas?(): readonly string[];
  /** Port that the client connected to, where the proxy itself listens. */
  readonly localPort: number | undefined;
  /**
   * What the client's connection can be switched to: any protocol's bytes, a runtime's own WebSocket, or nothing, as in an
   * app on somebody else's server.
   */
  readonly switchesTo: "bytes" | "web-socket" | "nothing";
  /** Fires `client-closed` when the client leaves before the response is complete. */
  readonly cancellation: Cancellation;
  /** The Web request, where a server speaks fetch. */
  readonly request: Request | undefined;
  /** Passes an interim response (1xx but 100 and 101) on to the client; ignored where that is not possible. */
  interim(status: number, fields: HeaderPairs): void;
}
