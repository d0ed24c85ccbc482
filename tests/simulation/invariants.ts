/** What must hold in every run, whatever happens in it. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { EndpointSet } from "../../src/core/endpoint-state.ts";
import type { ProxyError } from "../../src/core/errors.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import type { Telemetry, UpstreamEvent } from "../../src/core/telemetry.ts";
import { AffinityChecks } from "./affinity-checks.ts";
import type { EventClock } from "./event-clock.ts";
import { type Entry, Ledger, type SetView, breakerOf } from "./ledger.ts";
import { PickChecks } from "./pick-checks.ts";
import { RecoveryChecks } from "./recovery-checks.ts";
import { RequestChecks } from "./request-checks.ts";
import type { Feature, RunLog } from "./run-log.ts";
import type { Scenario } from "./scenario.ts";
import { ShareChecks } from "./share-checks.ts";

export interface RequestRecord {
  ended(status: number | undefined, error: ProxyError | undefined): void;
}

export class Invariants {
  readonly log: RunLog;
  readonly telemetry: Telemetry;
  readonly requests: RequestChecks;
  failures = 0;
  readonly #clock: EventClock;
  readonly #ledger: Ledger;
  readonly #picks: PickChecks;
  readonly #affinity: AffinityChecks;
  readonly #shares: ShareChecks;
  readonly #recovery: RecoveryChecks;
  /** The origin that the cookie of each open request names. */
  readonly #owners: Map<string, string> = new Map();
  #view: SetView = { now: 0, members: [], inFlight: 0 };

  constructor(
    scenario: Scenario,
    origins: readonly string[],
    { clock, log }: { readonly clock: EventClock; readonly log: RunLog },
  ) {
    this.log = log;
    this.#clock = clock;
    this.#ledger = new Ledger(scenario.policy.maxInFlight ?? Number.POSITIVE_INFINITY);
    this.requests = new RequestChecks(scenario, log);
    this.#picks = new PickChecks(scenario, log);
    this.#affinity = new AffinityChecks(scenario, log);
    this.#shares = new ShareChecks(scenario, log);
    this.#recovery = new RecoveryChecks(scenario, origins, log);
    this.telemetry = { upstreamEvent: (event) => this.#happened(event) };
  }

  get attempts(): number {
    return this.requests.attempts;
  }

  /** @param owner the origin that the client's cookie names */
  begin(exchange: Exchange, owner: string | undefined): RequestRecord {
    const { arrival, id } = exchange;
    const startedAt = this.#clock.now();
    this.requests.began();
    if (owner !== undefined) this.#owners.set(id, owner);
    let hasEnded = false;
    return {
      ended: (status, error) => {
        if (hasEnded) this.log.violated(`request ${id} ended twice`);
        hasEnded = true;
        this.#owners.delete(id);
        const tookMs = this.#clock.now() - startedAt;
        const hasFailed = error !== undefined ? error.code !== "client-closed" : (status ?? 0) >= 500;
        this.log.note(`request ${id} ${arrival.method} ${status ?? error?.code} after ${tookMs} ms`);
        if (hasFailed) this.failures += 1;
        this.requests.ended(exchange, error, tookMs);
        this.#recovery.requestEnded(startedAt, tookMs, hasFailed);
      },
    };
  }

  /** Called when the upstream is about to pick. */
  beforePick(set: EndpointSet, now: number): void {
    this.#view = this.#ledger.viewOf(set, now);
    this.#recovery.seen(this.#view);
  }

  leased(endpoint: Endpoint, exchange: Exchange): Entry {
    const view = this.#view;
    this.log.note(`lease ${endpoint.origin}`);
    this.requests.leased(view.now);
    const picked = view.members.find(({ member }) => member.endpoint.key === endpoint.key);
    if (picked === undefined) throw new Error(`${endpoint.origin} is not in the set`);
    const isProbe = breakerOf(picked.member.state.breaker, view.now)?.kind === "half-open";
    const entry = this.#ledger.enter(endpoint, isProbe);
    this.#picks.picked(picked, exchange, view, entry);
    this.#affinity.picked(picked, exchange, view, this.#owners.get(exchange.id));
    this.#shares.picked(picked, exchange, view);
    return entry;
  }

  refused(exchange: Exchange): void {
    this.#picks.refused(exchange, this.#view);
  }

  settled(endpoint: Endpoint, startedAt: number): void {
    this.#recovery.attemptEnded(endpoint, startedAt, this.#clock.now());
  }

  joined(endpoint: Endpoint): void {
    this.#recovery.joined(endpoint, this.#clock.now());
  }

  finish(set: EndpointSet, pending: number): void {
    const view = this.#ledger.viewOf(set, this.#clock.now());
    const loads = set.members.map(({ state }) => state.inFlight);
    if (loads.some((load) => load !== 0)) this.log.violated(`loads at the end: ${loads.join(", ")}`);
    if (this.#ledger.open !== 0) this.log.violated(`${this.#ledger.open} attempts were never settled`);
    if (this.requests.open !== 0) this.log.violated(`${this.requests.open} requests never ended`);
    if (pending !== 0) this.log.violated(`${pending} timers are left`);
    this.#shares.finish(view);
    this.#recovery.finish(view);
  }

  #happened(event: UpstreamEvent): void {
    this.log.note(`${event.kind} ${JSON.stringify(event)}`);
    if (event.kind === "breaker") this.#ledger.breakerChanged(event.endpoint);
    this.requests.happened(event);
    this.#recovery.happened(event, this.#clock.now());
    const feature = featureOf(event);
    if (feature !== undefined) this.log.exercised(feature);
  }
}

const featureOf = (event: UpstreamEvent): Feature | undefined => {
  switch (event.kind) {
    case "retried":
      return "a retry";
    case "retry-over-budget":
      return "a retry over the budget";
    case "hedged":
      return "a hedge";
    case "breaker":
      return event.to === "open" ? "an open breaker" : undefined;
    case "health":
      return event.change === "down" ? "an endpoint found down by checks" : undefined;
    case "ejected":
      return "an ejection";
    case "panic":
      return "a panic";
    case "mirrored":
      return event.result === "sent" ? "a mirrored request" : undefined;
    case "endpoints":
      return undefined;
  }
};
