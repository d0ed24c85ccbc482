/** A named group of equivalent servers: which of them gets the next attempt, and with what Host. */
import type { Balancer } from "../core/balancer.ts";
import type { AttemptTimeouts, Endpoint } from "../core/endpoint.ts";
import type { EndpointSet, EndpointState } from "../core/endpoint-state.ts";
import { ProxyError } from "../core/errors.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Lease } from "../core/lease.ts";
import type { EndpointRegistry } from "./registry.ts";

export interface Upstream {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** Host field sent: the endpoint's authority, the client's host, or a literal. */
  readonly host: HostPolicy;
  readonly timeouts: AttemptTimeouts;
  /** Whether its endpoints are reached by the runtime's `fetch` instead of the platform's transport. */
  readonly viaFetch: boolean;
  /**
   * Takes an endpoint for one attempt. The caller settles the lease.
   *
   * @throws ProxyError `no-endpoint` when none may be tried.
   */
  lease(exchange: Exchange): Lease;
}

export type HostPolicy =
  | { readonly kind: "upstream" }
  | { readonly kind: "preserve" }
  | { readonly kind: "literal"; readonly value: string };

export interface UpstreamOptions extends Omit<Upstream, "lease"> {
  readonly balancer: Balancer;
  readonly registry: EndpointRegistry;
}

const hasWeight = ({ weight }: Endpoint): boolean => weight > 0;

/** Weight 0 takes an endpoint out of new traffic. */
export const createUpstream = ({ balancer, registry, ...options }: UpstreamOptions): Upstream => {
  const set: EndpointSet = { version: 1, endpoints: options.endpoints };
  const states = new Map(options.endpoints.map((endpoint) => [endpoint, registry.stateOf(endpoint.key)]));
  return {
    ...options,
    lease(exchange) {
      const endpoint = balancer.pick(set, hasWeight, exchange);
      const state = endpoint && states.get(endpoint);
      if (endpoint === undefined || state === undefined) {
        throw new ProxyError("no-endpoint", {
          detail: `every endpoint of upstream "${options.name}" has weight 0`,
        });
      }
      return new CountedLease(endpoint, state);
    },
  };
};

class CountedLease implements Lease {
  readonly endpoint: Endpoint;
  readonly #state: EndpointState;

  constructor(endpoint: Endpoint, state: EndpointState) {
    this.endpoint = endpoint;
    this.#state = state;
    state.inFlight += 1;
  }

  settle(): void {
    this.#state.inFlight -= 1;
  }
}

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
