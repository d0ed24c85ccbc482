/** The ports: everything a runtime lends to the proxy. `runtimes/*` and `fairlead/testing` implement them. */
import type { Arrival } from "./arrival.ts";
import type { Capability } from "./capability.ts";
import type { ProxyError } from "./errors.ts";
import type { Attempt } from "./exchange.ts";
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
 * MUST reject only with `ProxyError`; never follows redirects, never decodes a body that it forwards as encoded.
 * Never retries but for one case that is part of keeping connections: a request without content and with an
 * idempotent method that went out on a reused connection, which the peer closed without a byte in answer, MAY be
 * sent once more on a fresh one (RFC 9112 §9.3.1). MUST abort the upstream request when the exchange is cancelled, also while the
 * response body is still on its way. Applies `attempt.responseEdits` where it builds the response.
 */
export interface Transport {
  send(attempt: Attempt): Promise<Response>;
  /** Lets requests in flight finish, then closes idle connections. */
  close(): Promise<void>;
}

/** A failed exchange, for whoever watches. */
export interface FailureReport {
  readonly error: ProxyError;
  readonly requestId: string;
  readonly method: string;
  readonly target: string;
}

/** What happened, told outward. Calls MUST NOT throw. */
export interface Telemetry {
  failed(report: FailureReport): void;
}

/** One runtime, as the proxy sees it. */
export interface Platform {
  /** Shown in messages only; nothing may branch on it. */
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  readonly telemetry: Telemetry;
  /** Left out where a config can name no certificates. */
  readonly inspectTls?: InspectTls;
  /** Reads a request as the runtime's server handed it over. `env` is Hono's `c.env`. */
  arrive(request: Request, env: unknown): Arrival;
}
