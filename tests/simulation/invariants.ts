/** What must hold in every run, whatever happens in it. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { EndpointSet } from "../../src/core/endpoint-state.ts";
import type { ProxyError } from "../../src/core/errors.ts";
import type { Attempt, Exchange } from "../../src/core/exchange.ts";
import type { Telemetry } from "../../src/core/telemetry.ts";
import { boundOf } from "../../src/balance/consistent-hash.ts";
import { Breaker } from "../../src/resilience/breaker.ts";
import { IDEMPOTENT } from "../../src/http/method.ts";
import type { EventClock } from "./event-clock.ts";
import { LOAD_BOUND, type Scenario } from "./scenario.ts";
import { objectionTo } from "./watched-upstream.ts";

export interface LeaseFacts {
  readonly endpoint: Endpoint;
  /** By endpoint key, before the pick. */
  readonly before: ReadonlyMap<string, ReturnType<typeof objectionTo>>;
  readonly loads: ReadonlyMap<string, number>;
  readonly set: EndpointSet;
}

export interface RequestRecord {
  ended(status: number | undefined, error: ProxyError | undefined): void;
}

/** Refusals by the upstream itself. */
const SHED: ReadonlySet<string> = new Set(["no-endpoint", "circuit-open", "overloaded"]);

export class Invariants {
  readonly violations: string[] = [];
  readonly telemetry: Telemetry;
  attempts = 0;
  failures = 0;
  readonly #scenario: Scenario;
  readonly #clock: EventClock;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #sentOnce: Set<string> = new Set();
  readonly #picksAfterRecovery: Map<string, number> = new Map();
  #requests = 0;
  #hedges = 0;
  #retries = 0;
  #leased = 0;
  #open = 0;
  #failedAfterRecovery = 0;
  #requestsAfterRecovery = 0;

  constructor(scenario: Scenario, clock: EventClock, trace: ((line: string) => void) | undefined) {
    this.#scenario = scenario;
    this.#clock = clock;
    this.#trace = trace;
    this.telemetry = {
      upstreamEvent: (event) => {
        if (event.kind === "hedged") this.#hedges += 1;
        if (event.kind === "retried") this.#retries += 1;
        this.#note(`${event.kind} ${JSON.stringify(event)}`);
      },
    };
  }

  violated(what: string): void {
    this.violations.push(`${(this.#clock.now() / 1_000).toFixed(3)} s: ${what}`);
    this.#note(`VIOLATION ${what}`);
  }

  begin({ arrival, id, trail }: Exchange): RequestRecord {
    const startedAt = this.#clock.now();
    const isLate = startedAt >= this.#scenario.recoveredAt;
    this.#requests += 1;
    this.#open += 1;
    if (isLate) this.#requestsAfterRecovery += 1;
    let hasEnded = false;
    return {
      ended: (status, error) => {
        if (hasEnded) this.violated(`request ${id} ended twice`);
        hasEnded = true;
        this.#open -= 1;
        const hasFailed = error !== undefined ? error.code !== "client-closed" : (status ?? 0) >= 500;
        this.#note(
          `request ${id} ${arrival.method} ${status ?? error?.code} after ${this.#clock.now() - startedAt} ms`,
        );
        if (!hasFailed) return;
        this.failures += 1;
        if (isLate) this.#failedAfterRecovery += 1;
        if (trail.attempts === 0) this.#checkShedding(id, startedAt, error);
      },
    };
  }

  /** A request that no attempt was made for is answered at once, or when its place in the queue is given up. */
  #checkShedding(id: string, startedAt: number, error: ProxyError | undefined): void {
    const { concurrency, retry, hedge } = this.#scenario.policy;
    if (error === undefined || !SHED.has(error.code)) return;
    const waits =
      (1 + (retry?.retries ?? 0)) * ((concurrency?.queue ?? 0) > 0 ? (concurrency?.queueMs ?? 0) : 0);
    const pauses = (retry?.retries ?? 0) * 250;
    const copies = waits > 0 && hedge !== undefined ? hedge.maxDelayMs : 0;
    const most = (error.code === "overloaded" ? waits + pauses : waits) + copies;
    const elapsed = this.#clock.now() - startedAt;
    if (elapsed > most + 1e-6) this.violated(`request ${id} was shed (${error.code}) after ${elapsed} ms`);
  }

  leased({ endpoint, before, loads, set }: LeaseFacts): void {
    const now = this.#clock.now();
    this.attempts += 1;
    this.#leased += 1;
    this.#note(`lease ${endpoint.origin}`);
    const objection = before.get(endpoint.key);
    if (objection === "open" || objection === "drained")
      this.violated(`${objection} endpoint ${endpoint.origin} was picked`);
    if (objection === "doubted" && [...before.values()].includes(undefined)) {
      this.violated(`ejected or unhealthy endpoint ${endpoint.origin} was picked while another was eligible`);
    }
    for (const { state } of set.members) {
      const breaker = state.breaker instanceof Breaker ? state.breaker.state(now) : undefined;
      if (breaker?.kind === "half-open" && breaker.probing > 3)
        this.violated(`${breaker.probing} probes at once`);
    }
    this.#checkBudget(now);
    if (this.#scenario.balance === "bounded ring") this.#checkBound(endpoint, before, loads, set);
    if (now < this.#scenario.recoveredAt) return;
    this.#picksAfterRecovery.set(endpoint.key, (this.#picksAfterRecovery.get(endpoint.key) ?? 0) + 1);
  }

  #checkBudget(now: number): void {
    // What may be copied: requests, and their retries.
    const copies = 0.05 * (this.#requests + this.#retries);
    const hedges = this.#scenario.policy.hedge === undefined ? 0 : copies;
    const most = 1.2 * this.#requests + 10 * (now / 1_000 + 1) + hedges;
    if (this.attempts > most) this.violated(`${this.attempts} attempts for ${this.#requests} requests`);
    if (this.#hedges > copies) this.violated(`${this.#hedges} hedges for ${this.#requests} requests`);
  }

  #checkBound(
    { key, weight }: Endpoint,
    before: LeaseFacts["before"],
    loads: LeaseFacts["loads"],
    { members }: EndpointSet,
  ): void {
    let inFlight = 0;
    for (const load of loads.values()) inFlight += load;
    // Endpoints that have left the set still hold load, which widens the bound: it is not checked then.
    if (this.#scenario.churn.length > 0) return;
    let totalWeight = 0;
    for (const { endpoint } of members)
      if (before.get(endpoint.key) === undefined) totalWeight += endpoint.weight;
    const isRetry = totalWeight === 0 || before.get(key) !== undefined;
    const load = (loads.get(key) ?? 0) + 1;
    // A retry leaves out one more endpoint than the facts show.
    const tried = Math.max(...members.map(({ endpoint }) => endpoint.weight)) * 3;
    const eligible = Math.max(
      weight,
      totalWeight - (this.#scenario.policy.retry || this.#scenario.policy.hedge ? tried : 0),
    );
    const most = boundOf({ bound: LOAD_BOUND, inFlight, weight, totalWeight: eligible });
    if (!isRetry && load > most) this.violated(`load ${load} over the bound ${most}`);
  }

  released(): void {
    this.#leased -= 1;
  }

  /** A POST is never sent twice. */
  sent({ exchange }: Attempt): void {
    if (IDEMPOTENT.has(exchange.arrival.method)) return;
    if (this.#sentOnce.has(exchange.id)) this.violated(`request ${exchange.id} was sent twice`);
    this.#sentOnce.add(exchange.id);
  }

  finish({ members }: EndpointSet, pending: number): void {
    const loads = members.map(({ state }) => state.inFlight);
    if (loads.some((load) => load !== 0)) this.violated(`loads at the end: ${loads.join(", ")}`);
    if (this.#leased !== 0) this.violated(`${this.#leased} attempts were never settled`);
    if (this.#open !== 0) this.violated(`${this.#open} requests never ended`);
    if (pending !== 0) this.violated(`${pending} timers are left`);
    const shut = members.filter((member) => objectionTo(member, this.#clock.now()) !== undefined);
    for (const { endpoint } of shut) this.violated(`${endpoint.origin} is still left out at the end`);
    this.#checkRecovery(members);
  }

  /** After the documented time everything is served, and every endpoint takes part. */
  #checkRecovery(members: EndpointSet["members"]): void {
    // A cap sheds bursts in good times too.
    const { concurrency, breaker } = this.#scenario.policy;
    if (concurrency === undefined && breaker !== undefined && this.#failedAfterRecovery > 0) {
      this.violated(
        `${this.#failedAfterRecovery} of ${this.#requestsAfterRecovery} requests failed after the recovery`,
      );
    }
    const { balance } = this.#scenario;
    const isSpread = balance === "round robin" || balance === "random";
    if (!isSpread) return;
    const picks = [...this.#picksAfterRecovery.values()].reduce((sum, count) => sum + count, 0);
    const weights = members.reduce((sum, { endpoint }) => sum + endpoint.weight, 0);
    for (const { endpoint } of members) {
      const share = endpoint.weight / weights;
      const expected = picks * share;
      const found = this.#picksAfterRecovery.get(endpoint.key) ?? 0;
      // Five standard deviations of a binomial, and some retries.
      const slack = 5 * Math.sqrt(expected * (1 - share)) + 3;
      if (Math.abs(found - expected) > slack) {
        this.violated(
          `${endpoint.origin} got ${found} requests after the recovery, expected ${expected.toFixed(1)}`,
        );
      }
    }
  }

  #note(line: string): void {
    this.#trace?.(`${(this.#clock.now() / 1_000).toFixed(3)} s  ${line}`);
  }
}
