/** Why none of a route's endpoints may be tried. */
import type { Endpoint } from "../src/core/endpoint.ts";
import type { ErrorCode } from "../src/core/errors.ts";
import type { Exclusion } from "../src/upstream/selection.ts";
import type { Trace } from "./trace-request.ts";

export interface RefusedEndpoint {
  readonly endpoint: Endpoint;
  readonly reason: Exclusion;
}

/** Codes of upstreams that have no endpoint for a request. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(["no-endpoint", "circuit-open", "overloaded"]);

/**
 * The endpoints of the route's upstreams that take no new traffic, those of its `failover` too, each with the reason. Empty where
 * the request was not refused for want of an endpoint.
 */
export const refusedEndpoints = ({ answer }: Trace): readonly RefusedEndpoint[] => {
  const { failure, admission } = answer;
  const { decision } = admission;
  if (failure === undefined || !REFUSALS.has(failure.code) || decision.kind !== "routed") return [];
  const { action } = decision.found.value.route;
  if (action.kind !== "forward") return [];
  const targets = [...action.targets.filter(({ weight }) => weight > 0), ...action.failover];
  return [...new Set(targets.map(({ upstream }) => upstream))].flatMap((upstream) =>
    upstream
      .standing()
      .flatMap(({ endpoint, exclusion }) =>
        exclusion === undefined ? [] : [{ endpoint, reason: exclusion }],
      ),
  );
};
