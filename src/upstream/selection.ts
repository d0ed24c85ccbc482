/** Which endpoints of an upstream may be tried now, and why the others may not. */
import type { Selection } from "../core/balancer.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointSet, Member } from "../core/endpoint-state.ts";
import type { Exchange, Trail } from "../core/exchange.ts";

/** Why an endpoint takes no new traffic. */
export type Exclusion = "drained" | "unhealthy" | "ejected" | "circuit-open" | "at-limit" | "tried";

export interface SelectionOptions {
  /** Name of the upstream. */
  readonly upstream: string;
  /** How long an endpoint takes from a tenth to all of its share after joining or recovering. 0 is at once. */
  readonly slowStartMs: number;
  /** Share of endpoints that must be healthy for health to count, 0 to 1. 0 is one endpoint. */
  readonly panicThreshold: number;
  /** Most attempts in flight at one endpoint. */
  readonly maxInFlight: number;
  /** Attempts of the whole upstream whose bodies have not ended. */
  readonly load: { inFlight: number };
}

/** Share of its traffic that an endpoint gets at the beginning of a slow start. */
const COLDEST = 0.1;
/** Time between two counts of the healthy endpoints. */
const CENSUS_MS = 100;
const NOTHING_TRIED: Trail = Object.freeze({
  attempts: 0,
  endpoint: undefined,
  edits: undefined,
  failure: undefined,
});

/**
 * One object for all picks of an upstream.
 *
 * When health checks and ejection exclude every endpoint, they are more likely wrong than right, and are disregarded ("panic"). An
 * open circuit breaker and weight 0 always exclude an endpoint.
 */
export class EndpointSelection implements Selection {
  exchange: Exchange = undefined as never;
  now = 0;
  isPanicking = false;
  readonly #options: SelectionOptions;
  #trail: Trail = NOTHING_TRIED;
  #countedAt = Number.NEGATIVE_INFINITY;
  #isBelowThreshold = false;

  constructor(options: SelectionOptions) {
    this.#options = options;
  }

  /** Whether an endpoint of this upstream was tried before; attempts at other upstreams do not count. */
  get isFailOver(): boolean {
    return this.exchange.trail.endpoint?.upstream === this.#options.upstream;
  }
  get inFlight(): number {
    return this.#options.load.inFlight;
  }

  /** Prepares for a pick in which endpoints that the exchange tried before are left out. */
  begin(exchange: Exchange, set: EndpointSet, now: number): void {
    this.exchange = exchange;
    this.now = now;
    this.#trail = exchange.trail;
    this.isPanicking = this.#options.panicThreshold > 0 && this.#isBelow(set);
  }

  /** Lets the endpoints in again that were tried before. */
  forgetTried(): void {
    this.#trail = NOTHING_TRIED;
  }

  /** Disregards health and ejection. */
  panic(): void {
    this.isPanicking = true;
    this.#trail = this.exchange.trail;
  }

  isEligible(member: Member): boolean {
    return this.exclusionOf(member) === undefined;
  }

  exclusionOf({ endpoint, state }: Member): Exclusion | undefined {
    const { now } = this;
    if (endpoint.weight === 0) return "drained";
    if (this.#trail.endpoint !== undefined && wasTried(endpoint, this.#trail)) return "tried";
    if (state.breaker !== undefined && !state.breaker.admits(now)) return "circuit-open";
    if ((state.tally?.total ?? state.inFlight) >= this.#options.maxInFlight) return "at-limit";
    if (this.isPanicking) return undefined;
    if (state.health?.isUp === false) return "unhealthy";
    return state.ejection !== undefined && state.ejection.until > now ? "ejected" : undefined;
  }

  warmthOf({ state }: Member): number {
    const { slowStartMs } = this.#options;
    const elapsed = this.now - state.warmingSince;
    return elapsed >= slowStartMs ? 1 : Math.max(COLDEST, elapsed / slowStartMs);
  }

  #isBelow({ members }: EndpointSet): boolean {
    if (this.now - this.#countedAt < CENSUS_MS) return this.#isBelowThreshold;
    this.#countedAt = this.now;
    let healthy = 0;
    let all = 0;
    for (const { endpoint, state } of members) {
      if (endpoint.weight === 0) continue;
      all += 1;
      if (
        state.health?.isUp !== false &&
        !(state.ejection !== undefined && state.ejection.until > this.now)
      ) {
        healthy += 1;
      }
    }
    this.#isBelowThreshold = healthy < all * this.#options.panicThreshold;
    return this.#isBelowThreshold;
  }
}

/** Compares keys: after a reload the same endpoint is another object. */
const wasTried = ({ key }: Endpoint, { endpoint, earlier }: Trail): boolean =>
  endpoint?.key === key || (earlier !== undefined && earlier.some((other) => other.key === key));
