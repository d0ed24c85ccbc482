/**
 * What a runtime can't express. Each entry is run all the same, in the expectation that it fails: as soon as its case
 * passes, the entry has to go. The docs' table is written from this one (`npm run docs`).
 */
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";
import type { RuntimeName } from "../support/runtimes.ts";

export interface Exemption {
  readonly subject: string;
  readonly title: string;
  readonly runtime: RuntimeName;
  /** What of the runtime stands in the way; shown in the docs. */
  readonly reason: string;
  /** Part of the message that the case fails with: any other failure is none that is exempt. */
  readonly fails: string;
  /** The runtime refuses the case's config at start for want of this. */
  readonly refused?: Capability;
}

/**
 * Subjects about the connection between client and proxy, which the engine holds on Node, Deno and Bun. On Workers
 * it ends at Cloudflare's edge (in the tests at workerd's own server): no case of these is Fairlead's there.
 */
export const ENGINE_SUBJECTS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    "HTTP/1.0 clients",
    "addresses",
    "chunked requests",
    "failures after the head",
    "fields of Cloudflare's edge elsewhere",
    "header limit of responses",
    "limits while reading",
    "log lines about TLS",
    "log lines by the second",
    "slow clients",
    "expectations",
    "interim answers",
    "strictness about requests",
    "targets in absolute form",
    "the proxy's own answers",
    "half-closed clients",
    "half-closed clients that are answered",
    "persistence",
    "pipelining",
    "trailers",
  ].map((subject) => [subject, "the runtime's server holds the client's connection"]),
);

/** What the members of an `Exemption` are, for runtimes that have it in common. */
type Row = readonly [
  subject: string,
  title: string,
  runtimes: readonly RuntimeName[],
  reason: string,
  fails: string,
];

const FETCH: readonly RuntimeName[] = ["deno", "bun", "workerd"];

const URL_PARSER =
  "the target comes out of the runtime's URL parser, which has rewritten it before the gateway sees it";
const NO_CLOSE =
  "the runtime's server resolves the framing itself and goes on; the gateway can't see it or close";
const ITS_OWN_RETRY =
  "the runtime's fetch repeats a GET whose connection was closed of its own accord; it can't be told not to";

const ROWS: readonly Row[] = [
  [
    "targets",
    "query with quotes is forwarded in its one spelling",
    FETCH,
    `${URL_PARSER} (\`'\` became \`%27\`)`,
    "'/a?b=%27x%27' to be",
  ],
  [
    "targets",
    "fragment is rejected with 400",
    ["workerd"],
    `${URL_PARSER} (what follows \`#\` is cut off)`,
    "expected 200 to be 400",
  ],
  [
    "targets",
    "raw backslash is rejected with 400",
    ["bun"],
    `${URL_PARSER} (it became a slash)`,
    "expected 200 to be 400",
  ],
  ...["target of another scheme", "target that is a bare word", "target in authority form"].map(
    (what): Row => [
      "targets",
      `${what} is rejected with 400`,
      ["workerd"],
      `${URL_PARSER} (all of it but a path was cut off)`,
      "expected 200 to be 400",
    ],
  ),
  [
    "targets",
    "OPTIONS of the whole server is answered without asking the origin",
    ["bun"],
    "Bun.serve refuses the target `*` itself, with 400",
    "expected 400 to be 204",
  ],
  ...["text beyond ASCII", "text beyond ASCII in a query"].map((what): Row => [
    "targets",
    `${what} is rejected with 400`,
    ["bun"],
    `${URL_PARSER} (it became escapes, of U+FFFD where it was no UTF-8)`,
    "expected 200 to be 400",
  ]),
  [
    "framing",
    "target whose authority disagrees with Host is rejected with 400",
    ["bun", "workerd"],
    "a target in absolute form is cut down to its path before the gateway sees it; Host alone counts",
    "expected 200 to be 400",
  ],
  [
    "framing",
    "request with both Content-Length and Transfer-Encoding is rejected with 400",
    ["workerd"],
    NO_CLOSE,
    "expected 200 to be 400",
  ],
  [
    "framing",
    "request with a repeated length is rejected with 400",
    ["workerd"],
    NO_CLOSE,
    "expected 200 to be 400",
  ],
  [
    "framing",
    "connection is closed after a request with both Content-Length and Transfer-Encoding",
    ["workerd"],
    NO_CLOSE,
    "to deeply equal []",
  ],
  [
    "framing",
    "pipelined requests are answered in their order",
    ["bun"],
    "Bun.serve closes a connection on which a second request comes before the first is answered",
    "the connection ended without a response",
  ],
  [
    "framing",
    "offer to upgrade on a request with content is ignored",
    ["deno"],
    "Deno.serve answers content with an `Upgrade` field 400, without a body, before anybody sees it",
    "expected 400 to be 200",
  ],
  [
    "responses",
    "trailers of a request are dropped cleanly",
    ["bun"],
    "Bun.serve reads the trailer section as a next request, answers it 400 and closes",
    "expected 400 to be 200",
  ],
  [
    "streams",
    "head of an event stream is flushed before the first event",
    ["bun"],
    "Bun.serve ends the header section with the first byte of the body",
    "the end of the header section",
  ],
  [
    "responses",
    "304 keeps the length of the representation",
    ["deno", "workerd"],
    "the runtime's server drops the field",
    "expected [ 304, undefined ]",
  ],
  [
    "responses",
    "205 has no body even if the origin sends one",
    ["deno"],
    "Deno.serve sends a 205 without any framing, so its end can't be told",
    "more of the body",
  ],
  [
    "keep-alive",
    "GET on a fresh connection that is reset is not repeated",
    ["deno"],
    ITS_OWN_RETRY,
    "expected 2 to be 1",
  ],
  [
    "keep-alive",
    "answer that was begun is never started over",
    ["deno", "bun"],
    ITS_OWN_RETRY,
    "expected 2 to be 1",
  ],
  ...[
    "GET on a fresh connection that is reset is not repeated",
    "answer that was begun is never started over",
  ].map((title): Row => [
    "keep-alive",
    title,
    ["workerd"],
    "workerd tells neither whether a lost connection was a used one nor whether anything came on it, so a GET is repeated once in any case",
    "expected 2 to be 1",
  ]),
  [
    "pool",
    "idle upstream connection is closed before the origin would close it",
    FETCH,
    "fetch's pool does not heed `Keep-Alive: timeout`",
    "the peer to end the connection",
  ],
  [
    "responses",
    "sized body of megabytes keeps its length",
    ["bun"],
    "Bun.serve frames every body that it streams as chunks; only bodies that were there at once keep their length",
    "expected [ undefined, 5000000 ]",
  ],
  [
    "framing",
    "POST with an empty body is forwarded with length zero",
    ["deno"],
    "Deno's fetch repeats a POST whose connection broke unless its content is a stream, and streams are chunked",
    "expected undefined to be '0'",
  ],
  [
    "library",
    "HEAD response to a chunked resource invents no length",
    ["deno"],
    "Hono answers HEAD with `new Response(null, …)`, for which Deno.serve writes `Content-Length: 0`; the command and `serve` of `fairlead/deno` take that back",
    "expected [ 200, '0' ]",
  ],
  [
    "library",
    "changed request still names its client",
    ["bun"],
    "Bun.serve tells the client of the very request that it made; a request that the app puts in its place has none",
    "expected undefined to be '127.0.0.1'",
  ],
  [
    "2 GiB streams",
    "chunked upload grows resident memory by less than 64 MiB",
    ["deno"],
    "Deno forwards chunked uploads ever more slowly as they grow, a bare proxy of five lines too; sized ones are fast",
    "gave up",
  ],
  [
    "abort",
    "client that closes before the response head ends the upstream connection",
    ["workerd"],
    "workerd takes an orderly close for half-closed and goes on; only a reset ends the request",
    "the peer to end the connection",
  ],
  [
    "abort",
    "client that stops in the middle of a chunked body after an early answer never completes the request",
    ["workerd"],
    "workerd writes the last chunk of whatever chunked upload it gives up once the response head is here; sized ones stay incomplete",
    "instead of rejecting",
  ],
  [
    "errors",
    "origin that can't be reached is told apart from one that closed the connection",
    ["workerd"],
    "workerd's fetch tells both as a lost connection",
    "code: 'connect-failed'",
  ],
];

/** Subject, title, runtimes, capability that their start-up error names. */
const REFUSED: readonly (readonly [string, string, readonly RuntimeName[], Capability])[] = [
  [
    "client header timeout",
    "client that sends its header section slowly is dropped",
    FETCH,
    "client-header-timeout",
  ],
  [
    "client header timeout",
    "slow request body is not mistaken for a slow header section",
    FETCH,
    "client-header-timeout",
  ],
  [
    "client keep-alive timeout",
    "idle client connection is closed",
    ["deno", "workerd"],
    "client-keep-alive-timeout",
  ],
  [
    "connect timeout",
    "connection that is not established in time is answered with 502",
    FETCH,
    "connect-timeout",
  ],
  [
    "connection limit",
    "connection over the limit is not served, and one that ends makes room",
    FETCH,
    "connection-limit",
  ],
  [
    "requests of a connection",
    "client connection is closed after its last allowed request, orderly",
    FETCH,
    "requests-per-connection",
  ],
  [
    "unix sockets",
    "origin behind a socket gets the target in origin form",
    ["deno", "workerd"],
    "unix-socket",
  ],
  ["host policy", "preserved Host reaches the origin as the client sent it", ["workerd"], "raw-host"],
  ["host policy", "literal Host reaches the origin", ["workerd"], "raw-host"],
  ["host rewriting", "rewritten host is sent upstream", ["workerd"], "raw-host"],
  ...[
    "stop under load answers every request that was sent and ends with 0",
    "readiness turns 503 at once while connections are still accepted",
    "response on its way when the stop begins is finished",
    "request that outlasts the deadline is cut and the exit code says so",
    "response on its way that outlasts the deadline is cut and the exit code says so",
    "half a header section is no request that a stop could cut",
    "answer to a request that was under way when the stop began tells that its connection closes",
    "idle client connections do not hold up the stop",
  ].map((title) => ["drain", title, ["workerd"], "graceful-drain"] as const),
];

export const EXEMPTIONS: readonly Exemption[] = [
  ...ROWS.flatMap(([subject, title, runtimes, reason, fails]) =>
    runtimes.map((runtime): Exemption => ({ subject, title, runtime, reason, fails })),
  ),
  ...REFUSED.flatMap(([subject, title, runtimes, refused]) =>
    runtimes.map((runtime): Exemption => ({
      subject,
      title,
      runtime,
      refused,
      reason: "refused at start",
      fails: CAPABILITIES[refused],
    })),
  ),
];

export const exemptionOf = (subject: string, title: string, runtime: RuntimeName): Exemption | undefined =>
  EXEMPTIONS.find((entry) => entry.subject === subject && entry.title === title && entry.runtime === runtime);
