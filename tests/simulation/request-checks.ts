/** What must hold for each request: one end, a refusal at once, no side effect twice, attempts within the budgets. */
import type { ErrorCode, ProxyError } from "../../src/core/errors.ts";
import type { Attempt, Exchange } from "../../src/core/exchange.ts";
import type { UpstreamEvent } from "../../src/core/telemetry.ts";
import { IDEMPOTENT } from "../../src/http/method.ts";
import { HEDGE_BUDGET, RETRY_BUDGET } from "../../src/resilience/retry-budget.ts";
import type { RunLog } from "./run-log.ts";
import type { Scenario } from "./scenario.ts";

/** Refusals by the upstream itself. */
const SHED: ReadonlySet<ErrorCode> = new Set(["no-endpoint", "circuit-open", "overloaded"]);
/** With a spare upstream, no request fails with these. */
const SPARED: ReadonlySet<ErrorCode> = new Set([...SHED, "connect-failed", "connect-timeout"]);
/** Pauses before retries: the first of at most 25 ms, each at most twice the one before. */
const FIRST_PAUSE_MS = 25;

export class RequestChecks {
  requests = 0;
  attempts = 0;
  open = 0;
  readonly #scenario: Scenario;
  readonly #log: RunLog;
  readonly #sentOnce: Set<string> = new Set();
  #hedges = 0;
  #retries = 0;

  constructor(scenario: Scenario, log: RunLog) {
    this.#scenario = scenario;
    this.#log = log;
  }

  happened({ kind }: UpstreamEvent): void {
    if (kind === "hedged") this.#hedges += 1;
    if (kind === "retried") this.#retries += 1;
  }

  began(): void {
    this.requests += 1;
    this.open += 1;
  }

  /** @param tookMs since the request began */
  ended({ id, trail }: Exchange, error: ProxyError | undefined, tookMs: number): void {
    this.open -= 1;
    if (error === undefined) return;
    if (error.code === "overloaded") this.#log.exercised("a request shed by the cap");
    if (this.#scenario.hasSpare && SPARED.has(error.code))
      this.#log.violated(`request ${id} failed (${error.code}) in spite of the spare upstream`);
    if (trail.attempts > 0 || !SHED.has(error.code)) return;
    const most = this.#longestWait(error.code);
    if (tookMs > most + 1e-6) this.#log.violated(`request ${id} was shed (${error.code}) after ${tookMs} ms`);
  }

  /** How long a request for which no attempt is made may have to wait for that: places in a queue, and pauses between them. */
  #longestWait(code: ErrorCode): number {
    const { concurrency, retry, hedge } = this.#scenario.policy;
    const retries = retry?.retries ?? 0;
    const queueMs = (concurrency?.queue ?? 0) > 0 ? (concurrency?.queueMs ?? 0) : 0;
    // A copy may begin to wait when the request itself has done so for this long.
    const copyMs = queueMs > 0 ? (hedge?.maxDelayMs ?? 0) : 0;
    const pausesMs = code === "overloaded" ? FIRST_PAUSE_MS * (2 ** retries - 1) : 0;
    return (1 + retries) * queueMs + copyMs + pausesMs;
  }

  /** @param now in the clock's milliseconds */
  leased(now: number): void {
    this.attempts += 1;
    // What may be copied: requests, and their retries.
    const copies = HEDGE_BUDGET.ratio * (this.requests + this.#retries);
    const hedges = this.#scenario.policy.hedge === undefined ? 0 : copies;
    const retries = RETRY_BUDGET.ratio * this.requests + RETRY_BUDGET.perSecond * (now / 1_000 + 1);
    const most = this.requests + retries + hedges;
    if (this.attempts > most) this.#log.violated(`${this.attempts} attempts for ${this.requests} requests`);
    if (this.#hedges > copies) this.#log.violated(`${this.#hedges} hedges for ${this.requests} requests`);
  }

  /** A POST is never sent twice. */
  sent({ exchange }: Attempt): void {
    if (IDEMPOTENT.has(exchange.arrival.method)) return;
    if (this.#sentOnce.has(exchange.id)) this.#log.violated(`request ${exchange.id} was sent twice`);
    this.#sentOnce.add(exchange.id);
  }
}
