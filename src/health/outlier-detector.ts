/** Passive health: leaves out endpoints that fail more often than their siblings. */
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointEjection, EndpointSet, EndpointState, Member } from "../core/endpoint-state.ts";
import type { Verdict } from "../core/verdict.ts";

export interface OutlierOptions {
  /** How often success rates are compared. @default 10000 */
  readonly intervalMs: number;
  /** Requests in an interval before an endpoint's rate counts. @default 100 */
  readonly minimumRequests: number;
  /** Endpoints with a rate before rates are compared. @default 5 */
  readonly minimumEndpoints: number;
  /** How many standard deviations below the mean is an outlier. @default 1.9 */
  readonly deviations: number;
  /** The first ejection; the n-th in a row lasts n times as long. @default 30000 */
  readonly ejectMs: number;
  /** @default 300000 */
  readonly maxEjectMs: number;
  /** Share of the endpoints that may be ejected at once. @default 0.5 */
  readonly maxEjected: number;
}

export const OUTLIER_DEFAULTS: OutlierOptions = Object.freeze({
  intervalMs: 10_000,
  minimumRequests: 100,
  minimumEndpoints: 5,
  deviations: 1.9,
  ejectMs: 30_000,
  maxEjectMs: 300_000,
  maxEjected: 0.5,
});

/**
 * What is at least this close to the mean is no outlier. Where all succeed but one, deviations are tiny: without it, 99.9 %
 * among ten endpoints with 100 % would be ejected.
 */
const NOTABLE_GAP = 0.05;

export interface EjectionEvent {
  readonly endpoint: Endpoint;
  readonly successRate: number;
  readonly mean: number;
  readonly forMs: number;
}

/** Counts of one endpoint since the last sweep. */
export class EjectionRecord implements EndpointEjection {
  until: number = Number.NEGATIVE_INFINITY;
  /** Ejections in a row; a clean sweep takes one back. */
  times = 0;
  successes = 0;
  requests = 0;

  count(verdict: Verdict): void {
    if (verdict === "neutral" || verdict === "rate-limited") return;
    this.requests += 1;
    if (verdict === "success") this.successes += 1;
  }
}

/** When the endpoints of an upstream were compared last, or the first interval began. */
export interface LastSweep {
  at: number | undefined;
}

export const newSweep = (): LastSweep => ({ at: undefined });

/** Compares at the first pick after an interval has passed: no timer, and no comparison without traffic. */
export class OutlierDetector {
  readonly #options: OutlierOptions;
  readonly #onEject: ((event: EjectionEvent) => void) | undefined;
  readonly #last: LastSweep;

  /** @param last of the upstream, whatever plan it is part of */
  constructor(
    options: OutlierOptions,
    onEject?: (event: EjectionEvent) => void,
    last: LastSweep = newSweep(),
  ) {
    this.#options = options;
    this.#onEject = onEject;
    this.#last = last;
  }

  /** Called before each pick. */
  watch(set: EndpointSet, now: number): void {
    const last = this.#last;
    last.at ??= now;
    if (now - last.at < this.#options.intervalMs) return;
    last.at = now;
    this.#sweep(set.members, now);
  }

  #sweep(members: readonly Member[], now: number): void {
    const rated = members.flatMap((member) => {
      const record = ejectionOf(member.state);
      const { requests, successes } = record;
      record.requests = 0;
      record.successes = 0;
      if (requests < this.#options.minimumRequests) return [];
      return [{ member, record, rate: successes / requests }];
    });
    const mean = rated.reduce((sum, { rate }) => sum + rate, 0) / rated.length;
    const variance = rated.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0) / rated.length;
    const bound = Math.min(mean - this.#options.deviations * Math.sqrt(variance), mean - NOTABLE_GAP);
    const isComparable = rated.length >= this.#options.minimumEndpoints;
    let room = this.#room(members, now);
    for (const { member, record, rate } of rated.toSorted((a, b) => a.rate - b.rate)) {
      if (record.until > now) continue;
      if (isComparable && rate < bound && room > 0) {
        room -= 1;
        this.#eject(member, record, { now, rate, mean });
      } else {
        record.times = Math.max(0, record.times - 1);
      }
    }
  }

  /** How many more may be ejected: at most half of them, and never the last that is up. */
  #room(members: readonly Member[], now: number): number {
    const usable = members.filter(({ endpoint }) => endpoint.weight > 0);
    const inService = usable.filter(({ state }) => ejectionOf(state).until <= now);
    const up = inService.filter(({ state }) => state.health?.isUp !== false);
    const most = Math.floor(usable.length * this.#options.maxEjected);
    return Math.min(most - (usable.length - inService.length), up.length - 1);
  }

  #eject(
    { endpoint, state }: Member,
    record: EjectionRecord,
    { now, rate, mean }: { readonly now: number; readonly rate: number; readonly mean: number },
  ): void {
    const { ejectMs, maxEjectMs } = this.#options;
    record.times += 1;
    const forMs = Math.min(maxEjectMs, ejectMs * record.times);
    record.until = now + forMs;
    // A slow start follows the ejection.
    state.warmingSince = record.until;
    this.#onEject?.({ endpoint, successRate: rate, mean, forMs });
  }
}

/** The record in an endpoint's state, which outlives plans. */
export const ejectionOf = (state: EndpointState): EjectionRecord => {
  if (state.ejection instanceof EjectionRecord) return state.ejection;
  const record = new EjectionRecord();
  state.ejection = record;
  return record;
};
