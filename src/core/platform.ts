/** The ports: everything that a runtime passes in. `runtimes/*` and `fairlead/testing` implement them. */
import type { Arrival } from "./arrival.ts";
import type { Capability } from "./capability.ts";
import type { FindDiagnostics } from "./diagnostics.ts";
import type { SharedChecks } from "./checks.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Discover } from "./endpoint-source.ts";
import type { ProxyError } from "./errors.ts";
import type { Attempt } from "./exchange.ts";
import type { LogOutputs } from "./log-output.ts";
import type { SendPost } from "./post.ts";
import type { Probe } from "./probe.ts";
import type { Reply } from "./reply.ts";
import type { Telemetry } from "./telemetry.ts";
import type { ThreadShare } from "./thread-share.ts";
import type { InspectTls } from "./tls-inspection.ts";

/** Takes back what was asked for. Idempotent; never throws. */
export type Cancel = () => void;

/** Time. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  epoch(): number;
  /** Runs `task` once after at least `ms` milliseconds unless cancelled. MUST NOT keep the process alive. */
  after(ms: number, task: () => void): Cancel;
}

/** Randomness. Not for secrets. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform integer in [0, bound); `bound` is a positive integer. */
  below(bound: number): number;
  /** 32 lower-case hexadecimal digits, unpredictable enough to be unique. */
  id(): string;
}

/**
 * Sends one attempt to one endpoint.
 *
 * Resolves when the response's head has arrived, with end-to-end fields only. MUST reject only with `ProxyError`. Never
 * follows redirects, never decodes a body that it forwards as encoded, and retries in one case only, which is part of keeping
 * connections: a request without content and with an idempotent method that went out on a reused connection, which the
 * peer closed without a byte in answer, MAY be sent once more on a fresh one (RFC 9112 §9.3.1). MUST abort the upstream
 * request when the attempt is cancelled, also while the response's body is on its way. MUST settle the attempt's outcome
 * exactly once.
 */
export interface Transport {
  send(attempt: Attempt): Promise<Reply>;
  /** Its connections now. Left out where they are not its own. */
  pools?(): Iterable<PoolState>;
  /** Closes connections to `before` that `after` has no use for, as they fall idle. Attempts at `before` still succeed. */
  retire?(before: Iterable<Endpoint>, after: Iterable<Endpoint>): void;
  /** Lets requests in flight finish, then closes idle connections. */
  close(): Promise<void>;
}

/** The connections to one endpoint. */
export interface PoolState {
  readonly endpoint: Endpoint;
  /** Idle ones included. */
  readonly open: number;
  readonly idle: number;
  /** Attempts that wait for a connection, or for one to be made. */
  readonly waiting: number;
  /** Since the start. */
  readonly opened: number;
}

/** One runtime, as the proxy sees it. */
export interface Platform {
  /** Shown in messages only; nothing may branch on it. */
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly clock: Clock;
  readonly random: Random;
  /** Reaches upstreams, unless an upstream asks for `fetch`. */
  readonly transport: Transport;
  /** For upstreams with `transport: "fetch"`. */
  readonly fetchTransport: Transport | undefined;
  readonly telemetry: Telemetry;
  /** Left out where nothing is logged. */
  readonly logs?: LogOutputs | undefined;
  /** Left out where a config can name no certificates. */
  readonly inspectTls?: InspectTls | undefined;
  /** Left out where nothing goes on between requests; endpoints are then those that the config lists. */
  readonly discover?: Discover | undefined;
  /** Sends telemetry to a collector. Left out where nothing can be sent. */
  readonly post?: SendPost | undefined;
  /** Opens a connection. Left out where there are none to be had. */
  readonly tcpProbe?: Probe | undefined;
  /** Left out where no code can look into its process. */
  readonly diagnostics?: FindDiagnostics | undefined;
  /** Left out where a thread makes its own checks, for itself. */
  readonly checks?: SharedChecks | undefined;
  /** Left out where one thread answers all requests. */
  readonly share?: ThreadShare | undefined;
  /** Whether the code for a request stops without a word when its client leaves. @default false */
  readonly abandonsRequests?: boolean | undefined;
  /** HMAC-SHA-256 of `text` under `secret`, as text that may stand in a cookie. */
  sign(secret: string, text: string): Promise<string>;
  /**
   * Reads a Web request of this runtime's fetch server. `env` is Hono's `c.env`; `original` the request that the server
   * made, where the app has put another in its place and that one is known.
   */
  arrive(request: Request, env: unknown, original?: Request): Arrival;
  /** The Web response for `reply`, for that server. */
  respond(reply: Reply, to: ReplyTarget): Response;
}

/** What a Web response answers, and who hears of its end. */
export interface ReplyTarget {
  /** Of the request. */
  readonly method: string;
  /** Called once, when all of the reply has left, as far as can be seen, or with the reason why it did not. */
  ended(error: ProxyError | undefined, bytesSent: number): void;
}
