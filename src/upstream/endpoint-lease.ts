/** The right to use an endpoint for one attempt. */
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointState, Member } from "../core/endpoint-state.ts";
import { observeLatency } from "../core/latency.ts";
import type { Lease } from "../core/lease.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Tally } from "../core/thread-share.ts";
import { type Verdict, verdictOf } from "../core/verdict.ts";

/** What the leases of an upstream have in common. */
export interface LeaseContext {
  readonly load: { inFlight: number };
  /** Whether 500 counts as a failure of the endpoint. */
  readonly countsInternalError: boolean;
}

/** Counts as load from its making until it is settled, and passes the outcome on to all that watches the endpoint. */
export class EndpointLease implements Lease {
  readonly endpoint: Endpoint;
  readonly #state: EndpointState;
  readonly #context: LeaseContext;
  readonly #permit: number;
  readonly #tally: Tally | undefined;
  readonly #startedAt: number;
  #isJudged = false;

  /** Where the state has a tally, the attempt is in it already. */
  constructor({ endpoint, state }: Member, context: LeaseContext, now: number) {
    this.endpoint = endpoint;
    this.#state = state;
    this.#context = context;
    this.#startedAt = now;
    this.#tally = state.tally;
    this.#permit = state.breaker === undefined ? 0 : state.breaker.enter(now);
    state.inFlight += 1;
    context.load.inFlight += 1;
  }

  switched(now: number): void {
    this.#judge("success", now, now - this.#startedAt);
  }

  settle(outcome: Outcome): void {
    const { load, countsInternalError } = this.#context;
    const { startedAt, headAt, endedAt } = outcome.times;
    this.#state.inFlight -= 1;
    this.#tally?.remove();
    load.inFlight -= 1;
    this.#judge(verdictOf(outcome, countsInternalError), endedAt, (headAt ?? endedAt) - startedAt);
  }

  /** Only the first verdict counts. */
  #judge(verdict: Verdict, now: number, latencyMs: number): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    const state = this.#state;
    state.breaker?.settle(this.#permit, verdict, now);
    state.ejection?.count(verdict);
    if (verdict !== "neutral") observeLatency(state, now, latencyMs, verdict !== "success");
  }
}
