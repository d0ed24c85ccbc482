/**
 * What a runtime can't express. Each entry is run all the same, in the expectation that it fails: as soon as its case
 * passes, the entry has to go. The docs' table is written from this one (`npm run docs`).
 */
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";
import type { RuntimeName } from "../support/runtimes.ts";

export interface Exemption {
  readonly subject: string;
  /** `"*"` for every case of the subject. */
  readonly title: string;
  readonly runtime: RuntimeName;
  /** What of the runtime stands in the way; shown in the docs. */
  readonly reason: string;
  /** Part of the message that the case fails with: any other failure is none that is exempt. */
  readonly fails: string;
  /** The runtime refuses the case's config at start for want of this. */
  readonly refused?: Capability;
}

const HOLDS = "the runtime's server holds the client's connection";
const CLIENT = "fetch holds the connection to the upstream";

/**
 * Subjects about connections, which the engine holds on Node, Deno and Bun. On Workers the client's ends at
 * Cloudflare's edge (in the tests at workerd's own server) and the upstream's is behind `fetch`: no case of these is
 * Fairlead's there, so none is run.
 */
export const ENGINE_SUBJECTS: Readonly<Record<string, string>> = {
  "HTTP/1.0 clients": HOLDS,
  "chunked requests": HOLDS,
  discovery: "nothing goes on between requests",
  "health over changes of the config": "a Worker's config is that of its deployment",
  expectations: HOLDS,
  "half-closed clients": HOLDS,
  tunnels: HOLDS,
  "switches of protocols and smuggling": HOLDS,
  "switches of protocols, once": HOLDS,
  "half-closed clients that are answered": HOLDS,
  "interim answers": HOLDS,
  "limits while reading": HOLDS,
  persistence: HOLDS,
  pipelining: HOLDS,
  "slow clients": HOLDS,
  "strictness about requests": HOLDS,
  "targets in absolute form": HOLDS,
  "the proxy's own answers": HOLDS,
  trailers: HOLDS,
  addresses: CLIENT,
  "admin listener": "a Worker has one entrance; there it is a path",
  debugging: "a Worker can't look into its process, and has no listener of its own for it",
  "debugging of threads": "a Worker has one thread",
  "metrics across restarts of the collector": "nothing goes on between requests",
  "failures after the head": CLIENT,
  "header limit of responses": CLIENT,
  "log lines about TLS": CLIENT,
  "fields of Cloudflare's edge elsewhere": "on Workers Cloudflare's edge sends them",
  "switch of protocols in an app": "on Workers WebSockets pass",
  "access log of what clients cut":
    "the runtime's server holds the client's connection, and the invocation ends with it",
  "access log that nobody reads": "workerd writes what a Worker logs",
  "access log on a full disk": "a Worker has no files",
  "access log files": "a Worker has no files",
  "access log files by size": "a Worker has no files",
  "log lines by the second": "a Worker has no timer outside of a request",
};

/** What the members of an `Exemption` are; a Worker's where no runtime is named. */
type Row = readonly [
  subject: string,
  titles: string | readonly string[],
  reason: string,
  fails: string,
  runtime?: RuntimeName,
];

const URL_PARSER =
  "the target comes out of the runtime's URL parser, which has rewritten it before the gateway sees it";
const NO_CLOSE =
  "the runtime's server resolves the framing itself and goes on; the gateway can't see it or close";
const REPEATS =
  "workerd tells neither whether a lost connection was a used one nor whether anything came on it, so a GET is repeated once in any case";
const FEW_METHODS = "workerd's server answers 501 to methods that it doesn't know";
const NO_BYTES =
  "workerd hands field values over as UTF-8; bytes that are none are lost, so the gateway refuses them";

const REFUSED_OR_LOST = "workerd's fetch does not tell a refused connection from a lost one";
const UNSEEN =
  "bodies go through unseen, which is what makes them fast there; what has been sent can't be sent again";

const ROWS: readonly Row[] = [
  ["retries", "PUT with as much content as is kept is sent again, whole", UNSEEN, "Upstream close"],
  [
    "retries",
    "PUT that failed in the middle of its upload is sent again from its beginning",
    UNSEEN,
    "there was no second attempt",
  ],
  ["retries", "POST with an Idempotency-Key is sent again where the config trusts it", UNSEEN, "second 5"],
  [
    "retries",
    "POST that could not be sent goes to the other endpoint",
    REFUSED_OR_LOST,
    "expected 502 to be 200",
  ],
  [
    "mirroring",
    "copy has the request's content",
    "bodies go through unseen, which is what makes them fast there",
    "1 at the origin",
  ],
  ["failover", "POST that could not be sent goes to the next upstream", REFUSED_OR_LOST, "answered 502"],
  // Of apps that somebody else's server serves; the engine is not in them.
  [
    "library",
    "HEAD response to a chunked resource invents no length",
    "Hono answers HEAD with `new Response(null, …)`, for which Deno.serve writes `Content-Length: 0`",
    "expected [ 200, '0' ]",
    "deno",
  ],
  [
    "library",
    "HEAD response to a chunked resource invents no length",
    "Hono answers HEAD with `new Response(null, …)`, for which Bun.serve writes `Content-Length: 0`",
    "expected [ 200, '0' ]",
    "bun",
  ],
  [
    "library",
    "changed request still names its client",
    "Bun.serve tells the client of the very request that it made; a request that the app puts in its place has none",
    "expected undefined to be '127.0.0.1'",
    "bun",
  ],
  [
    "targets",
    "query with quotes is forwarded in its one spelling",
    `${URL_PARSER} (\`'\` became \`%27\`)`,
    "'/a?b=%27x%27' to be",
  ],
  [
    "targets",
    "fragment is rejected with 400",
    `${URL_PARSER} (what follows \`#\` is cut off)`,
    "expected 200 to be 400",
  ],
  [
    "targets",
    ["target of another scheme", "target that is a bare word", "target in authority form"].map(
      (what) => `${what} is rejected with 400`,
    ),
    `${URL_PARSER} (all of it but a path was cut off)`,
    "expected 200 to be 400",
  ],
  [
    "framing",
    "target whose authority disagrees with Host is rejected with 400",
    "a target in absolute form is cut down to its path before the gateway sees it; Host alone counts",
    "expected 200 to be 400",
  ],
  [
    "framing",
    [
      "request with both Content-Length and Transfer-Encoding is rejected with 400",
      "request with a repeated length is rejected with 400",
    ],
    NO_CLOSE,
    "expected 200 to be 400",
  ],
  [
    "framing",
    "connection is closed after a request with both Content-Length and Transfer-Encoding",
    NO_CLOSE,
    "to deeply equal []",
  ],
  [
    "responses",
    "304 keeps the length of the representation",
    "the runtime's server drops the field",
    "expected [ 304, undefined ]",
  ],
  [
    "keep-alive",
    [
      "GET on a fresh connection that is reset is not repeated",
      "answer that was begun is never started over",
    ],
    REPEATS,
    "expected 2 to be 1",
  ],
  [
    "keep-alive",
    "PUT on a used connection that is closed unanswered is sent again, whole, on a fresh one",
    UNSEEN,
    "expected [ 502,",
  ],
  [
    "pool",
    "idle upstream connection is closed before the origin would close it",
    "fetch's pool does not heed `Keep-Alive: timeout`",
    "the peer to end the connection",
  ],
  [
    "methods",
    [
      ...["FOO", "VERSION-CONTROL", "M-SEARCH", "get", "Post", "!#$%&'*+-.^_`|~9"].map(
        (method) => `${method} reaches the origin as it was spelt`,
      ),
      "FOO without content is forwarded without framing fields",
      "content of FOO is forwarded",
    ],
    FEW_METHODS,
    "expected 501 to be 200",
  ],
  ["methods", "standard method in lower case is refused", FEW_METHODS, "expected 501 to be 400"],
  ["method policy", "method of the policy passes, HEAD with GET", FEW_METHODS, "'FOO /' ]"],
  [
    "method policy",
    ["BAR", "foo"].map((method) => `${method} is answered 405 with what is allowed`),
    FEW_METHODS,
    "expected 501 to be 405",
  ],
  [
    "methods",
    ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MKCOL"].map(
      (method) => `${method} without content is forwarded without framing fields`,
    ),
    "workerd's fetch adds `Content-Length: 0`",
    "expected [ '0', undefined ]",
  ],
  ["methods", "content of GET is forwarded", "fetch sends no content with GET", "expected 501 to be 200"],
  [
    "bytes above 0x7f",
    ["every byte above 0x7f", "a lone byte"].flatMap((what) => [
      `${what} in field values crosses both ways as it came`,
      `${what} is copied by a header template as it came`,
    ]),
    NO_BYTES,
    "expected 400 to be 200",
  ],
  [
    "bytes above 0x7f",
    "lone byte in a path template is escaped as the byte that it is",
    NO_BYTES,
    "expected 400 to be 200",
  ],
  [
    "tolerance of responses",
    "response with bytes above 0x7f in a value is passed on well-formed",
    "workerd hands field values over as UTF-8; bytes that are none are lost",
    "to be 'åÿ'",
  ],
  [
    "Max-Forwards of TRACE",
    "TRACE that may pass 5 proxies is sent on with 4",
    "the Fetch standard has no TRACE",
    "expected 501 to be 200",
  ],
  [
    "access log",
    "chunked response is counted to its last byte",
    "the runtime copies the content, and tells its length only where the response announced it",
    "bytesOut",
  ],
  ["bytes above 0x7f", "value beyond ASCII is matched by its bytes", NO_BYTES, "expected 400 to be 404"],
  [
    "dates",
    ["200 OK", "204 No Content", "304 Not Modified", "404 Not Found"].map(
      (status) => `${status} without a date gets that of the moment`,
    ),
    "the date is Cloudflare's edge's to add; workerd alone adds none",
    "expected [] to deeply equal",
  ],
  [
    "tolerance of responses",
    [
      "a space before a colon",
      "a tab before a colon",
      "a folded field",
      "a field folded twice",
      "a field folded at its start",
    ].map((what) => `response with ${what} is passed on well-formed`),
    "workerd's fetch refuses such a response",
    "expected [ 502,",
  ],
  [
    "strictness about responses",
    "response with an empty transfer coding is answered with 502 and its connection closed",
    "workerd's fetch takes the connection's end for that of the content",
    "a chunk size line",
  ],
  [
    "abort",
    "client that closes before the response head ends the upstream connection",
    "workerd takes an orderly close for half-closed and goes on; only a reset ends the request",
    "the peer to end the connection",
  ],
  [
    "abort",
    "client that stops in the middle of a chunked body after an early answer never completes the request",
    "workerd writes the last chunk of whatever chunked upload it gives up once the response head is here; sized ones stay incomplete",
    "instead of rejecting",
  ],
  [
    "errors",
    "origin that can't be reached is told apart from one that closed the connection",
    "workerd's fetch tells both as a lost connection",
    "code: 'connect-failed'",
  ],
  [
    "metrics",
    [
      "response that breaks off behind its head is counted once, as failed",
      "request whose client leaves in the middle of the body is counted once",
    ],
    "the runtime copies bodies unseen, so the end of a head is the end of what can be counted",
    "{ 'GET 200 -': 1 }",
  ],
  [
    "metrics",
    "request whose client leaves before the head is counted once",
    "all that a request does ends with its client, its own count included",
    "expected { requests: {}, attempts: {} }",
  ],
];

/** Subject, title (`"*"` for each), capability that a Worker's start-up error names. */
const REFUSED: readonly (readonly [string, string, Capability])[] = [
  ["client header timeout", "*", "client-header-timeout"],
  ["client keep-alive timeout", "*", "client-header-timeout"],
  ["client timeouts of 0", "*", "client-header-timeout"],
  ["least rate of clients", "*", "client-header-timeout"],
  ["connect timeout", "*", "connect-timeout"],
  ["connection limit", "*", "connection-limit"],
  ["connections of a client", "*", "connection-limit"],
  ["requests of a connection", "*", "requests-per-connection"],
  ["unix sockets", "*", "unix-socket"],
  ["tcp checks", "*", "tcp-check"],
  ["host policy", "preserved Host reaches the origin as the client sent it", "raw-host"],
  ["host policy", "literal Host reaches the origin", "raw-host"],
  ["host rewriting", "rewritten host is sent upstream", "raw-host"],
  ["drain", "*", "graceful-drain"],
];

export const EXEMPTIONS: readonly Exemption[] = [
  ...ROWS.flatMap(([subject, titles, reason, fails, runtime = "workerd"]) =>
    [titles].flat().map((title): Exemption => ({ subject, title, runtime, reason, fails })),
  ),
  ...REFUSED.map(([subject, title, refused]): Exemption => ({
    subject,
    title,
    runtime: "workerd",
    refused,
    reason: "refused at start",
    fails: CAPABILITIES[refused],
  })),
];

export const exemptionOf = (subject: string, title: string, runtime: RuntimeName): Exemption | undefined =>
  EXEMPTIONS.find(
    (entry) =>
      entry.subject === subject &&
      entry.runtime === runtime &&
      (entry.title === title || entry.title === "*"),
  );
