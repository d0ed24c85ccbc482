/** A circuit breaker around a route or an app. */
import type { Context, MiddlewareHandler } from "hono";
import { breakerObject } from "../src/config/settings/resilience.ts";
import { defaulted, object } from "../src/config/schema/object.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { duration } from "../src/config/schema/values.ts";
import type { BreakerConfig, BreakerInput, DurationInput } from "../src/config/types.ts";
import { ERROR_KINDS, ProxyError, asProxyError } from "../src/core/errors.ts";
import type { Verdict } from "../src/core/verdict.ts";
import { breakerOptions } from "../src/policy-settings.ts";
import { Breaker, type BreakerEvent, type BreakerState } from "../src/resilience/breaker.ts";
import { problemFor } from "./error-boundary.ts";
import { readOptions } from "./options.ts";
import { standardFloat, standardNow } from "./web-standard.ts";

export type { BreakerEvent, BreakerState } from "../src/resilience/breaker.ts";

export interface CircuitBreakerOptions extends BreakerInput {
  /** Time after closing in which a growing share is let through, from a tenth on. @default 0, all at once */
  readonly slowStart?: DurationInput | undefined;
  /** Answers while it is open. @default a 503 problem (RFC 9457) with `Retry-After` */
  readonly fallback?: ((c: Context) => Response | Promise<Response>) | undefined;
  /** Called after each change. What it throws is ignored. */
  readonly onChange?: ((event: BreakerEvent) => void) | undefined;
  /** Monotonic milliseconds. @default `performance.now()` */
  readonly now?: (() => number) | undefined;
  /** Uniform in [0, 1). @default from `crypto` */
  readonly random?: (() => number) | undefined;
}

const schema: Schema<BreakerConfig & { readonly slowStartMs: number }> = object("", {
  ...breakerObject.settings,
  slowStart: defaulted(duration, 0, "Time after closing in which a growing share is let through."),
});

const COLDEST = 0.1;

/** Middleware, and a hand on it. */
export interface CircuitBreaker extends MiddlewareHandler {
  state(): BreakerState;
  /** Lets nothing through until `close` or `reset`. */
  open(): void;
  /** Lets everything through again; opening again takes the next longer time. */
  close(): void;
  /** As new. */
  reset(): void;
}

/**
 * Stops calling what is behind it when that keeps failing, and finds out with few requests when it is back. The state machine
 * is the one that a gateway has for each endpoint; this one is for handlers of your own, a `proxyTo` with one target, or a whole
 * app. Each call makes a breaker of its own: its state is this process's, or this isolate's.
 *
 * Failures are 502, 503 and 504 (500 too with `internalError`) and what is thrown, apart from errors with an answer of
 * their own below 500; 429 counts in the rate alone; clients that left do not count. A response counts when its head is there.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { circuitBreaker } from "fairlead";
 *
 * const app = new Hono();
 * app.use("/reports/*", circuitBreaker({ failures: 3, fallback: (c) => c.text("later", 503) }));
 * ```
 *
 * @throws TypeError naming the option that is wrong.
 */
export const circuitBreaker = (options: CircuitBreakerOptions = {}): CircuitBreaker => {
  const read = readOptions("circuitBreaker", options, schema, ["fallback", "onChange", "now", "random"]);
  const { now = standardNow, random: float = standardFloat, fallback, onChange } = read;
  const random = { float, below: (bound: number) => Math.floor(float() * bound), id: () => "" };
  let closedAt = Number.NEGATIVE_INFINITY;
  const breaker = new Breaker({
    options: breakerOptions(read),
    random,
    onChange: (event) => {
      if (event.to === "closed") closedAt = event.at;
      onChange?.(event);
    },
  });
  const isLetThrough = (at: number): boolean => {
    if (!breaker.admits(at)) return false;
    const elapsed = at - closedAt;
    return elapsed >= read.slowStartMs || float() < Math.max(COLDEST, elapsed / read.slowStartMs);
  };
  const handle: MiddlewareHandler = async (c, next) => {
    if (!isLetThrough(now())) return fallback === undefined ? refused(c, breaker, now()) : fallback(c);
    const permit = breaker.enter(now());
    let verdict: Verdict = "failure";
    try {
      await next();
      verdict = verdictOf(c, read.internalError);
    } finally {
      breaker.settle(permit, verdict, now());
    }
    return undefined;
  };
  return Object.assign(handle, {
    state: () => breaker.state(now()),
    open: () => breaker.open(now()),
    close: () => breaker.close(now()),
    reset: () => breaker.reset(now()),
  });
};

const refused = (c: Context, breaker: Breaker, now: number): Response => {
  const seconds = Math.ceil(((breaker.closedUntil(now) ?? now) - now) / 1_000);
  return problemFor(
    c,
    new ProxyError("circuit-open", {
      detail: "the circuit breaker of this route is open",
      ...(Number.isFinite(seconds) && { headers: { "retry-after": String(Math.max(1, seconds)) } }),
    }),
  );
};

const CLIENT_LEFT = ERROR_KINDS["client-closed"].status;
const isClientClosed = (error: unknown): boolean =>
  error instanceof ProxyError && error.code === "client-closed";
const UNAVAILABLE: ReadonlySet<number> = new Set([502, 503, 504]);

/** Whether the client has left is asked only where it matters: some servers make a signal when they are asked. */
const verdictOf = (c: Context, countsInternalError: boolean): Verdict => {
  const verdict = verdictOfAnswer(c, countsInternalError);
  return verdict === "failure" && c.req.raw.signal.aborted ? "neutral" : verdict;
};

const verdictOfAnswer = (c: Context, countsInternalError: boolean): Verdict => {
  const { status } = c.res;
  if (status === CLIENT_LEFT || isClientClosed(c.error)) return "neutral";
  if (UNAVAILABLE.has(status)) return "failure";
  if (status === 429) return "rate-limited";
  if (status === 500) {
    // What was thrown became this status, unless somebody's handler answered so.
    const isThrown = c.error !== undefined && asProxyError(c.error).kind.fault !== "client";
    return countsInternalError || isThrown ? "failure" : "success";
  }
  return "success";
};
