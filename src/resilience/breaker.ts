/**
 * Circuit breaker: stops sending to an endpoint that keeps failing, and probes with few requests whether it works again.
 *
 * ```
 *            5 failures in a row, or half of 20          open time is over
 *   closed ───────────────────────────────────▶ open ───────────────────▶ half-open
 *     ▲                                           ▲                            │
 *     │                                           └──────── any failure ───────┤
 *     └──────────────────── 3 successes, then slow start ──────────────────────┘
 * ```
 *
 * The state is computed from timestamps when it is read; there is no timer. Each state has a generation: results of requests that
 * were admitted in an earlier state are ignored.
 */
import type { EndpointBreaker } from "../core/endpoint-state.ts";
import { jittered } from "../core/jitter.ts";
import type { Random } from "../core/platform.ts";
import type { Verdict } from "../core/verdict.ts";
import { RateWindow } from "./rate-window.ts";

export interface BreakerOptions {
  /** Failures in a row that open it. @default 5 */
  readonly consecutiveFailures: number;
  /** Share of failures within ten seconds that opens it, 0 to 1. @default 0.5 */
  readonly failureRate: number;
  /** Results within ten seconds before the share counts. @default 20 */
  readonly minimumRequests: number;
  /** The first open time; doubles with each reopening. @default 5000 */
  readonly openMs: number;
  /** @default 300000 */
  readonly maxOpenMs: number;
  /** Attempts at once while half-open. @default 3 */
  readonly probes: number;
  /** Successes that close it. @default 3 */
  readonly successes: number;
}

export const BREAKER_DEFAULTS: BreakerOptions = Object.freeze({
  consecutiveFailures: 5,
  failureRate: 0.5,
  minimumRequests: 20,
  openMs: 5_000,
  maxOpenMs: 300_000,
  probes: 3,
  successes: 3,
});

/** Open times vary by ± 20 %, so that not all proxies probe at the same moment. */
const JITTER = 0.2;
/** Share of `openMs` for which a breaker stays open even when another endpoint recovers, so that requests queued at its own can end. */
const SIBLING_WAIT = 0.2;
/**
 * When all probes have been under way for this long, they count as lost and others are let through. Some probes never end: on
 * Workers, which do not report that a client has left, or in a handler that hangs.
 */
const PROBES_LOST_MS = 60_000;
/** A breaker that stayed closed for this long starts again with the shortest open time. */
const SETTLED_MS = 60_000;

export type BreakerState =
  | { readonly kind: "closed" }
  /** `until` is Infinity where it was opened by hand. */
  | { readonly kind: "open"; readonly until: number }
  | { readonly kind: "half-open"; readonly probing: number; readonly successes: number };

/** A change of state, and why. */
export interface BreakerEvent {
  readonly to: BreakerState["kind"];
  readonly reason: string;
  readonly at: number;
}

export type BreakerListener = (event: BreakerEvent) => void;

export interface BreakerParts {
  readonly options: BreakerOptions;
  readonly random: Random;
  /** Called after each change. One that throws is ignored. */
  readonly onChange?: BreakerListener | undefined;
}

export class Breaker implements EndpointBreaker {
  /** May be replaced; open times that run keep their end. */
  options: BreakerOptions;
  /** May be replaced. */
  onChange: BreakerListener | undefined;
  readonly #random: Random;
  readonly #window: RateWindow = new RateWindow();
  #state: "closed" | "open" | "half-open" = "closed";
  /** Changes with the state; permits carry the one they were given in. */
  #generation = 0;
  #failuresInRow = 0;
  #openUntil = 0;
  #openedAt = 0;
  /** Openings in one series, each twice as long as the one before. */
  #series = 0;
  /** Whether the last open time was shortened. Probes that fail then do not make the next one longer. */
  #isEarly = false;
  #closedAt = Number.NEGATIVE_INFINITY;
  #probing = 0;
  #probedAt = 0;
  #successes = 0;

  constructor({ options, random, onChange }: BreakerParts) {
    this.options = options;
    this.#random = random;
    this.onChange = onChange;
  }

  state(now: number): BreakerState {
    if (this.#state === "closed") return { kind: "closed" };
    if (this.#state === "open" && now < this.#openUntil) return { kind: "open", until: this.#openUntil };
    return { kind: "half-open", probing: this.#probing, successes: this.#successes };
  }

  admits(now: number): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "open") return now >= this.#openUntil;
    return this.#probing < this.options.probes || now - this.#probedAt >= PROBES_LOST_MS;
  }

  closedUntil(now: number): number | undefined {
    if (this.admits(now)) return undefined;
    return this.#state === "open" ? this.#openUntil : now;
  }

  enter(now: number): number {
    if (this.#state === "open" && now >= this.#openUntil)
      this.#change("half-open", now, "the open time is over");
    if (this.#state === "half-open") this.#beginProbe(now);
    return this.#generation;
  }

  settle(permit: number, verdict: Verdict, now: number): void {
    if (permit !== this.#generation) return;
    if (this.#state === "closed") this.#countClosed(verdict, now);
    else if (this.#state === "half-open") this.#countProbe(verdict, now);
  }

  /**
   * Long open times are for endpoints without health checks. One that passes its checks is probed after the shortest open time, and
   * at once if the checks had found it down. One opened by hand stays open.
   */
  checkPassed(now: number, isBack: boolean): void {
    this.#probeAfter(isBack ? 0 : this.options.openMs, now, "a health check has passed");
  }

  /** Lets probes through once it was open for `SIBLING_WAIT`, so that endpoints of a common outage come back together. */
  siblingRecovered(now: number): void {
    this.#probeAfter(SIBLING_WAIT * this.options.openMs, now, "another endpoint has recovered");
  }

  /** Lets nothing through until `close` or `reset`. */
  open(now: number): void {
    this.#openUntil = Number.POSITIVE_INFINITY;
    this.#change("open", now, "opened by hand");
  }

  /** Lets everything through again, at the end of a series: opening again takes the next longer time. */
  close(now: number): void {
    if (this.#state !== "closed") this.#change("closed", now, "closed by hand");
  }

  /** As new. */
  reset(now: number): void {
    this.#series = 0;
    this.#change("closed", now, "reset by hand");
    this.#closedAt = Number.NEGATIVE_INFINITY;
  }

  /** Ends the open time `ms` after its beginning, if it would last longer. */
  #probeAfter(ms: number, now: number, reason: string): void {
    if (this.#state !== "open" || this.#openUntil === Number.POSITIVE_INFINITY) return;
    const until = this.#openedAt + ms;
    if (Math.max(now, until) < this.#openUntil) this.#isEarly = true;
    if (now >= until) this.#change("half-open", now, reason);
    else this.#openUntil = Math.min(this.#openUntil, until);
  }

  #beginProbe(now: number): void {
    if (this.#probing >= this.options.probes) {
      // Results of lost probes are ignored.
      this.#generation += 1;
      this.#probing = 0;
    }
    this.#probing += 1;
    this.#probedAt = now;
  }

  #countClosed(verdict: Verdict, now: number): void {
    if (verdict === "neutral") return;
    const { consecutiveFailures, failureRate, minimumRequests } = this.options;
    if (verdict === "success") {
      this.#failuresInRow = 0;
      this.#window.add(now, 0, 1);
      return;
    }
    if (verdict === "failure") this.#failuresInRow += 1;
    this.#window.add(now, 1, 1);
    if (this.#failuresInRow >= consecutiveFailures) {
      this.#trip(now, `${this.#failuresInRow} failures in a row`);
      return;
    }
    const results = this.#window.others(now);
    const failures = this.#window.ones(now);
    if (results >= minimumRequests && failures >= failureRate * results) {
      this.#trip(now, `${failures} of ${results} requests failed within ten seconds`);
    }
  }

  #countProbe(verdict: Verdict, now: number): void {
    this.#probing -= 1;
    if (verdict === "success") {
      this.#successes += 1;
      if (this.#successes >= this.options.successes) {
        this.#change("closed", now, `${this.#successes} probes succeeded`);
      }
    } else if (verdict === "failure") {
      this.#trip(now, "a probe failed");
    }
  }

  #trip(now: number, reason: string): void {
    const { openMs, maxOpenMs } = this.options;
    if (this.#state === "closed" && now - this.#closedAt >= SETTLED_MS) this.#series = 0;
    if (this.#state === "half-open" && this.#isEarly) this.#series -= 1;
    const forMs = Math.min(maxOpenMs, openMs * 2 ** this.#series);
    this.#openUntil = now + jittered(forMs, JITTER, this.#random);
    this.#series += 1;
    this.#change("open", now, reason);
  }

  #change(to: BreakerState["kind"], now: number, reason: string): void {
    this.#state = to;
    this.#generation += 1;
    this.#probing = 0;
    this.#successes = 0;
    this.#failuresInRow = 0;
    this.#window.clear();
    if (to === "closed") this.#closedAt = now;
    if (to === "open") this.#openedAt = now;
    if (to !== "half-open") this.#isEarly = false;
    try {
      this.onChange?.({ to, reason, at: now });
    } catch {
      // An error in the listener must not affect the breaker.
    }
  }
}
