/**
 * The one error type that travels on a request's way, and the one table that says what each code means.
 *
 * Whoever catches a `ProxyError` reads the table; nobody decides again what a failure is.
 */

import type { Progress } from "./outcome.ts";

/** Who has to change something for the failure to go away. */
export type Fault = "client" | "upstream" | "gateway";

/** What is fixed about a code. */
export interface ErrorKind {
  /** HTTP status of the answer. 499 is never sent: the client is gone. */
  readonly status: number;
  /** One public sentence fragment, safe to show to anybody. */
  readonly title: string;
  readonly fault: Fault;
  /** The same request may succeed later, unchanged. */
  readonly temporary: boolean;
  /** Nothing was done upstream or the method may be repeated: another endpoint may be tried. */
  readonly retryable: boolean;
  /** Counts as a failure of the endpoint that was tried. */
  readonly countsAgainstEndpoint: boolean;
}

const kind = (
  status: number,
  title: string,
  fault: Fault,
  { temporary = false, retryable = false, countsAgainstEndpoint = false } = {},
): ErrorKind => ({ status, title, fault, temporary, retryable, countsAgainstEndpoint });

const upstreamFailure = { temporary: true, retryable: true, countsAgainstEndpoint: true };

/** Name of a failure, stable across versions; shown to clients in `application/problem+json`. */
export type ErrorCode =
  | "bad-request"
  | "host-not-allowed"
  | "no-route"
  | "method-not-allowed"
  | "request-timeout"
  | "body-too-large"
  | "target-too-long"
  | "unsupported-media-type"
  | "expectation-failed"
  | "header-too-large"
  | "version-not-supported"
  | "client-closed"
  | "internal"
  | "not-implemented"
  | "connect-failed"
  | "connect-timeout"
  | "upstream-reset"
  | "bad-upstream-response"
  | "no-endpoint"
  | "circuit-open"
  | "overloaded"
  | "draining"
  | "attempt-timeout"
  | "deadline-exceeded"
  | "discarded"
  | "superseded";

/** Every code, with its status, fault and what may be done about it. */
export const ERROR_KINDS: Readonly<Record<ErrorCode, ErrorKind>> = {
  "bad-request": kind(400, "Malformed request", "client"),
  "host-not-allowed": kind(421, "Host not served here", "client"),
  "no-route": kind(404, "No route matches", "client"),
  "method-not-allowed": kind(405, "Method not allowed", "client"),
  "request-timeout": kind(408, "Request body stalled", "client", { temporary: true }),
  "body-too-large": kind(413, "Request body too large", "client"),
  "target-too-long": kind(414, "Request target too long", "client"),
  "unsupported-media-type": kind(415, "Content type not accepted", "client"),
  "expectation-failed": kind(417, "Expectation not supported", "client"),
  "header-too-large": kind(431, "Request headers too large", "client"),
  "version-not-supported": kind(505, "HTTP version not supported", "client"),
  "client-closed": kind(499, "Client closed the request", "client"),
  internal: kind(500, "Internal error", "gateway"),
  "not-implemented": kind(501, "Method not supported", "gateway"),
  "connect-failed": kind(502, "Upstream could not be reached", "upstream", upstreamFailure),
  "connect-timeout": kind(504, "Upstream took too long to connect", "upstream", upstreamFailure),
  "upstream-reset": kind(502, "Upstream closed the connection", "upstream", upstreamFailure),
  "bad-upstream-response": kind(502, "Upstream sent an invalid response", "upstream", {
    ...upstreamFailure,
    retryable: false,
  }),
  "no-endpoint": kind(503, "No upstream endpoint available", "gateway", { temporary: true }),
  "circuit-open": kind(503, "Upstream is failing; requests are held off", "gateway", { temporary: true }),
  overloaded: kind(503, "Too many requests in progress", "gateway", { temporary: true }),
  draining: kind(503, "Shutting down", "gateway", { temporary: true }),
  "attempt-timeout": kind(504, "Upstream took too long", "upstream", upstreamFailure),
  "deadline-exceeded": kind(504, "Request took too long", "upstream", { temporary: true }),
  // Why an attempt was given up for another one; never sent.
  discarded: kind(500, "Given up for a retry", "gateway"),
  superseded: kind(500, "A faster copy has answered", "gateway"),
};

/** What may accompany an error. */
export interface ProxyErrorOptions {
  /** What went wrong, for operators; never sent to the client. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Header fields the answer must carry, e.g. `allow` on 405. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How far the attempt had got; `"connecting"` says that nothing was sent. */
  readonly progress?: Progress;
}

/**
 * A failure on a request's way.
 *
 * `message` and `cause` are for operators; the client only ever sees the code's title and status.
 */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly progress: Progress | undefined;

  constructor(code: ErrorCode, options: ProxyErrorOptions = {}) {
    super(
      options.detail ?? ERROR_KINDS[code].title,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.headers = options.headers;
    this.progress = options.progress;
  }

  get kind(): ErrorKind {
    return ERROR_KINDS[this.code];
  }
}

/** Whatever was thrown, as a `ProxyError`; what is not one yet is a defect of the proxy (`internal`). */
export const asProxyError = (thrown: unknown): ProxyError =>
  thrown instanceof ProxyError
    ? thrown
    : new ProxyError("internal", { detail: "unexpected failure", cause: thrown });
