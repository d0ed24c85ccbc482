/** A named group of equivalent servers, and who of them gets the next attempt. */
import type { Balancer, Eligible } from "../core/balancer.ts";
import type { AttemptTimeouts, Endpoint } from "../core/endpoint.ts";
import { ProxyError } from "../core/errors.ts";
import type { Exchange } from "../core/exchange.ts";

export interface Upstream {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** Host field sent: the endpoint's authority, the client's host, or a literal. */
  readonly host: HostPolicy;
  readonly timeouts: AttemptTimeouts;
  /** Rejects with `no-endpoint` when nobody may be tried. */
  pick(exchange: Exchange): Endpoint;
}

export type HostPolicy =
  | { readonly kind: "upstream" }
  | { readonly kind: "preserve" }
  | { readonly kind: "literal"; readonly value: string };

export interface UpstreamOptions {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly balancer: Balancer;
  readonly host: HostPolicy;
  readonly timeouts: AttemptTimeouts;
}

/** Weight 0 takes an endpoint out of new traffic. */
export const createUpstream = ({ balancer, ...options }: UpstreamOptions): Upstream => {
  const [first, ...rest] = options.endpoints.filter((endpoint) => endpoint.weight > 0);
  const eligible: Eligible | undefined = first === undefined ? undefined : [first, ...rest];
  return {
    ...options,
    pick(exchange: Exchange): Endpoint {
      if (eligible === undefined) {
        throw new ProxyError("no-endpoint", {
          detail: `every endpoint of upstream "${options.name}" has weight 0`,
        });
      }
      return balancer.pick(eligible, exchange);
    },
  };
};

/** The Host field for an attempt. */
export const hostFor = (policy: HostPolicy, endpoint: Endpoint, exchange: Exchange): string => {
  switch (policy.kind) {
    case "upstream":
      return endpoint.authority;
    case "preserve":
      return exchange.client.host;
    case "literal":
      return policy.value;
  }
};
