/** The right to use an endpoint for one attempt. */
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointState, Member } from "../core/endpoint-state.ts";
import { observeLatency } from "../core/latency.ts";
import type { Lease } from "../core/lease.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Tally } from "../core/thread-share.ts";
import { verdictOf } from "../core/verdict.ts";

/** What the leases of an upstream have in common. */
export interface LeaseContext {
  readonly load: { inFlight: number };
  /** Whether 500 counts as a failure of the endpoint. */
  readonly countsInternalError: boolean;
}

/** Counts as load from its making until it is settled, and then passes the outcome on to all that watches the endpoint. */
export class EndpointLease implements Lease {
  readonly endpoint: Endpoint;
  readonly #state: EndpointState;
  readonly #context: LeaseContext;
  readonly #permit: number;
  readonly #tally: Tally | undefined;

  /** Where the state has a tally, the attempt is in it already. */
  constructor({ endpoint, state }: Member, context: LeaseContext, now: number) {
    this.endpoint = endpoint;
    this.#state = state;
    this.#context = context;
    this.#tally = state.tally;
    this.#permit = state.breaker === undefined ? 0 : state.breaker.enter(now);
    state.inFlight += 1;
    context.load.inFlight += 1;
  }

  settle(outcome: Outcome): void {
    const state = this.#state;
    const { load, countsInternalError } = this.#context;
    const { startedAt, headAt, endedAt } = outcome.times;
    const verdict = verdictOf(outcome, countsInternalError);
    state.inFlight -= 1;
    this.#tally?.remove();
    load.inFlight -= 1;
    state.breaker?.settle(this.#permit, verdict, endedAt);
    state.ejection?.count(verdict);
    if (verdict !== "neutral") {
      observeLatency(state, endedAt, (headAt ?? endedAt) - startedAt, verdict !== "success");
    }
  }
}
