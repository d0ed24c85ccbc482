/** A named group of equivalent servers: which of them gets the next attempt, and with what Host. */
import type { Balancer } from "../core/balancer.ts";
import type { AttemptTimeouts, Endpoint } from "../core/endpoint.ts";
import type { EndpointOverride, EndpointSet, EndpointState, Member } from "../core/endpoint-state.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Lease } from "../core/lease.ts";
import type { Clock } from "../core/platform.ts";
import type { NamedLayer } from "../core/service.ts";
import { Departures } from "./departures.ts";
import { EndpointLease, type LeaseContext } from "./endpoint-lease.ts";
import { OpenAttempts } from "./open-attempts.ts";
import { refusalOf } from "./refusal.ts";
import type { RegistryDraft } from "./registry.ts";
import { Roster } from "./roster.ts";
import { EndpointSelection, type Exclusion } from "./selection.ts";

export interface Upstream {
  readonly name: string;
  /** The current ones as configured: a discovery source may change them. */
  readonly endpoints: readonly Endpoint[];
  /** The same with their states, and with the weights that operators have set. Another object after each change. */
  readonly set: EndpointSet;
  /** Host field sent: the endpoint's authority, the client's host, or a literal. */
  readonly host: HostPolicy;
  readonly timeouts: AttemptTimeouts;
  /** Whether its endpoints are reached by the runtime's `fetch` instead of the platform's transport. */
  readonly viaFetch: boolean;
  /** Around all attempts at it, outermost first. */
  readonly layers: readonly NamedLayer[];
  /** Attempts under way; undefined where each of them reports its end. */
  readonly open: OpenAttempts | undefined;
  /**
   * Takes an endpoint for one attempt. The caller settles the lease.
   *
   * @throws ProxyError `no-endpoint`, `circuit-open` or `overloaded` when none may be tried.
   */
  lease(exchange: Exchange): Lease;
  /**
   * Takes the states of its endpoints from the registry, and adds to them what the config asks for. Endpoints that are new since the
   * plan before, or had weight 0 in it, start slowly, unless the upstream is new itself. Of a draft, call it once, before the first
   * `lease`.
   */
  takeEffect(): void;
  /** Keys of endpoints that have left, whose states are kept for a while. */
  readonly departed: Iterable<string>;
  /** Replaces the endpoints. Those that stay keep their state; new ones, and those that had weight 0, start slowly. */
  update(endpoints: readonly Endpoint[]): void;
  /** Puts `byHand` above what is configured for an endpoint of this upstream. One that gets traffic again starts slowly. */
  override(endpoint: Endpoint, byHand: EndpointOverride | undefined): void;
  /** What keeps each endpoint from new traffic now; undefined where nothing does. */
  standing(): readonly Standing[];
}

export interface Standing {
  readonly endpoint: Endpoint;
  readonly state: EndpointState;
  readonly exclusion: Exclusion | undefined;
}

export type HostPolicy =
  | { readonly kind: "upstream" }
  | { readonly kind: "preserve" }
  | { readonly kind: "literal"; readonly value: string };

export interface UpstreamOptions extends Pick<
  Upstream,
  "name" | "endpoints" | "host" | "timeouts" | "viaFetch"
> {
  /** @default none */
  readonly layers?: readonly NamedLayer[] | undefined;
  readonly balancer: Balancer;
  readonly registry: Pick<RegistryDraft, "forget" | "shared" | "stateOf">;
  readonly clock: Clock;
  /** True where nothing may change before `takeEffect`. @default false */
  readonly isDraft?: boolean | undefined;
  /** Adds to an endpoint's state what the config asks for: breaker, checks, ejection. @default nothing */
  readonly equip?: ((state: EndpointState, endpoint: Endpoint) => void) | undefined;
  /** Called before each pick. */
  readonly watch?: ((set: EndpointSet, now: number) => void) | undefined;
  /** @default 0 */
  readonly slowStartMs?: number | undefined;
  /** @default 0 */
  readonly panicThreshold?: number | undefined;
  /** Most attempts in flight at one endpoint. @default Infinity */
  readonly maxInFlight?: number | undefined;
  /** @default false */
  readonly countsInternalError?: boolean | undefined;
  /** Whether attempts may end without a report, see `OpenAttempts`. @default false */
  readonly mayBeAbandoned?: boolean | undefined;
  /** Called when picks begin to disregard health. */
  readonly onPanic?: (() => void) | undefined;
}

export const createUpstream = (options: UpstreamOptions): Upstream => new BalancedUpstream(options);

/** After this long without a pick in panic, the next one is reported as another panic. */
const CALM_MS = 10_000;

class BalancedUpstream implements Upstream {
  readonly name: string;
  readonly host: HostPolicy;
  readonly timeouts: AttemptTimeouts;
  readonly viaFetch: boolean;
  readonly layers: readonly NamedLayer[];
  readonly open: OpenAttempts | undefined;
  readonly #options: UpstreamOptions;
  readonly #selection: EndpointSelection;
  readonly #context: LeaseContext;
  readonly #departures: Departures;
  readonly #roster: Roster;
  #isInEffect: boolean;
  #panickedAt = Number.NEGATIVE_INFINITY;
  #endpoints: readonly Endpoint[] = [];
  #set: EndpointSet = { members: [] };

  constructor(options: UpstreamOptions) {
    const { name, registry, slowStartMs = 0, panicThreshold = 0, maxInFlight = Infinity } = options;
    this.name = name;
    this.host = options.host;
    this.timeouts = options.timeouts;
    this.viaFetch = options.viaFetch;
    const { mayBeAbandoned, layers = [] } = options;
    this.open = mayBeAbandoned === true ? new OpenAttempts(options.clock) : undefined;
    this.layers = this.open === undefined ? layers : [sweeping(this.open), ...layers];
    this.#options = options;
    const load = registry.shared(`${name} load`, undefined, () => ({ inFlight: 0 }));
    this.#context = { load, countsInternalError: options.countsInternalError ?? false };
    this.#departures = new Departures(name, registry);
    this.#roster = registry.shared(`${name} roster`, undefined, () => new Roster());
    this.#selection = new EndpointSelection({
      upstream: name,
      slowStartMs,
      panicThreshold,
      maxInFlight,
      load,
    });
    this.#isInEffect = options.isDraft !== true;
    this.#setEndpoints(options.endpoints);
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }
  get set(): EndpointSet {
    return this.#set;
  }

  lease(exchange: Exchange): Lease {
    const now = this.#options.clock.now();
    this.#options.watch?.(this.#set, now);
    let member = this.#pick(exchange, now);
    // Another thread may have taken the last place.
    while (member !== undefined && !this.#reserve(member)) member = this.#pick(exchange, now);
    if (member === undefined) throw refusalOf(this.name, this.standing(), now);
    if (this.#selection.isPanicking) this.#panicked(now);
    return new EndpointLease(member, this.#context, now);
  }

  takeEffect(): void {
    this.#isInEffect = true;
    this.#setEndpoints(this.#endpoints);
  }

  get departed(): Iterable<string> {
    return this.#departures.keys;
  }

  update(endpoints: readonly Endpoint[]): void {
    this.#departures.note(this.#endpoints, endpoints, this.#options.clock.now());
    this.#setEndpoints(endpoints);
  }

  override({ key }: Endpoint, byHand: EndpointOverride | undefined): void {
    const member = this.#set.members.find(({ endpoint }) => endpoint.key === key);
    if (member === undefined) return;
    member.state.byHand = byHand;
    this.#setEndpoints(this.#endpoints);
  }

  standing(): readonly Standing[] {
    const selection = this.#selection;
    selection.now = this.#options.clock.now();
    selection.forgetTried();
    selection.isPanicking = false;
    return this.#set.members.map((member) => ({
      endpoint: member.endpoint,
      state: member.state,
      exclusion: selection.exclusionOf(member),
    }));
  }

  #reserve({ state }: Member): boolean {
    return state.tally?.tryAdd(this.#options.maxInFlight ?? Infinity) ?? true;
  }

  /** Reported when it begins, not for each pick; and not while endpoints are only excluded because no check has run yet. */
  #panicked(now: number): void {
    if (now - this.#panickedAt > CALM_MS) {
      if (!this.#set.members.some((member) => isDoubted(member, now))) return;
      this.#options.onPanic?.();
    }
    this.#panickedAt = now;
  }

  #setEndpoints(endpoints: readonly Endpoint[]): void {
    const { registry, equip, clock } = this.#options;
    this.#endpoints = endpoints;
    this.#set = {
      members: endpoints.map((configured, index) => {
        const state = registry.stateOf(configured.key);
        const endpoint = weighted(configured, state.byHand);
        if (this.#isInEffect) equip?.(state, endpoint);
        return { endpoint, state, index };
      }),
    };
    if (this.#isInEffect) this.#roster.enter(this.#set, clock.now());
  }

  /** Another endpoint than those tried before, else one of them, else any that is not known to be broken. */
  #pick(exchange: Exchange, now: number): Member | undefined {
    const { balancer } = this.#options;
    const selection = this.#selection;
    const set = this.#set;
    selection.begin(exchange, set, now);
    let member = balancer.pick(set, selection);
    if (member !== undefined) return member;
    const isRetry = exchange.trail.endpoint !== undefined;
    if (isRetry) {
      selection.forgetTried();
      member = balancer.pick(set, selection);
      if (member !== undefined) return member;
    }
    if (selection.isPanicking) return undefined;
    selection.panic();
    member = balancer.pick(set, selection);
    if (member === undefined && isRetry) {
      selection.forgetTried();
      member = balancer.pick(set, selection);
    }
    return member;
  }
}

const weighted = (endpoint: Endpoint, byHand: EndpointOverride | undefined): Endpoint => {
  if (byHand === undefined) return endpoint;
  return { ...endpoint, weight: byHand.isDrained ? 0 : (byHand.weight ?? endpoint.weight) };
};

const isDoubted = ({ state: { health, ejection } }: Member, now: number): boolean =>
  (health?.isUp === false && health.wasChecked !== false) || (ejection !== undefined && ejection.until > now);

const sweeping = (open: OpenAttempts): NamedLayer => ({
  name: "abandoned attempts",
  layer: (next) => (exchange) => {
    open.sweep();
    return next(exchange);
  },
});

/** The Host field for an attempt. */
export const hostFor = (policy: HostPolicy, endpoint: Endpoint, exchange: Exchange): string => {
  switch (policy.kind) {
    case "upstream":
      return endpoint.authority;
    case "preserve":
      // HTTP/1.0 clients may send none.
      return exchange.client.host === "" ? endpoint.authority : exchange.client.host;
    case "literal":
      return policy.value;
  }
};
