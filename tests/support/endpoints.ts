/** Endpoints for tests of whatever chooses between them. */
import type { Selection } from "../../src/core/balancer.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { EndpointSet, EndpointState, Member } from "../../src/core/endpoint-state.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { newEndpointState } from "../../src/upstream/registry.ts";

export const POOL: Endpoint["pool"] = { connections: 8, idle: 8, keepAliveMs: 4000 };

const namedEndpoint = (name: string, weight: number, more: Partial<Endpoint> = {}): Endpoint => ({
  ...createEndpoint({ upstream: name, url: `http://${name}.test`, weight, tls: undefined, pool: POOL }),
  ...more,
});

/** One endpoint a name, in order; the name stands in `upstream` and in the host. */
export const endpointSet = (
  weights: Readonly<Record<string, number>>,
  more: (name: string) => Partial<Endpoint> = () => ({}),
): EndpointSet => ({
  members: Object.entries(weights).map(([name, weight], index) => {
    const endpoint = namedEndpoint(name, weight, more(name));
    return { endpoint, state: newEndpointState(endpoint.key), index };
  }),
});

/** `count` endpoints of weight 1, called `e0`, `e1`, …. */
export const evenSet = (count: number, from = 0): EndpointSet =>
  endpointSet(Object.fromEntries(Array.from({ length: count }, (_, i) => [`e${from + i}`, 1])));

export const nameOf = (member: Member | undefined): string => member?.endpoint.upstream ?? "none";

export interface SelectionParts {
  readonly exchange?: Partial<Exchange>;
  readonly now?: number;
  readonly isFailOver?: boolean;
  readonly inFlight?: number;
  /** By name. @default all */
  readonly eligible?: (name: string, state: EndpointState) => boolean;
  /** By name. @default 1 */
  readonly warmth?: (name: string) => number;
}

/** Endpoints of weight 0 are never eligible, as in a real upstream. */
export const selection = ({
  exchange = {},
  now = 0,
  isFailOver = false,
  inFlight = 0,
  eligible = () => true,
  warmth = () => 1,
}: SelectionParts = {}): Selection => ({
  exchange: exchange as Exchange,
  now,
  isFailOver,
  inFlight,
  isEligible: (member) => member.endpoint.weight > 0 && eligible(nameOf(member), member.state),
  warmthOf: (member) => warmth(nameOf(member)),
});
