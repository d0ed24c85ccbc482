/** Instruments for what upstreams decide. */
import { type Group, ERROR, UPSTREAM, ENDPOINT, counter, histogram } from "./define-instrument.ts";

const SELECTION_BOUNDS = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 1e-3, 1e-2];

export const UPSTREAM_INSTRUMENTS: Group<
  | "selection"
  | "tunnels"
  | "reused"
  | "retries"
  | "overBudget"
  | "hedges"
  | "panics"
  | "mirrors"
  | "discoveries"
  | "breakerTransitions"
  | "healthChanges"
  | "ejections"
> = {
  selection: histogram(SELECTION_BOUNDS)(
    "fairlead.upstream.selection.duration",
    "s",
    [UPSTREAM],
    "Time to choose an endpoint.",
  ),
  reused: counter(
    "fairlead.upstream.connections.reused",
    "{request}",
    ENDPOINT,
    "Attempts that went out on a kept connection.",
  ),
  tunnels: counter(
    "fairlead.endpoint.tunnels",
    "{tunnel}",
    [...ENDPOINT, ERROR],
    "Tunnels to endpoints that have ended.",
  ),
  retries: counter(
    "fairlead.upstream.retries",
    "{attempt}",
    [UPSTREAM, ERROR],
    "Attempts made because an earlier one failed, by what it failed with.",
  ),
  overBudget: counter(
    "fairlead.upstream.retries.over_budget",
    "{attempt}",
    [UPSTREAM, ERROR],
    "Retries that the retry budget forbade.",
  ),
  hedges: counter("fairlead.upstream.hedges", "{attempt}", [UPSTREAM], "Second copies of slow requests."),
  panics: counter(
    "fairlead.upstream.panics",
    "{attempt}",
    [UPSTREAM],
    "Attempts that disregarded health because no endpoint was healthy.",
  ),
  mirrors: counter(
    "fairlead.upstream.mirrors",
    "{attempt}",
    [UPSTREAM, "fairlead.result"],
    "Copies for a mirror: sent, failed, or dropped.",
  ),
  discoveries: counter(
    "fairlead.upstream.discoveries",
    "{list}",
    [UPSTREAM, "fairlead.result"],
    "Lists of endpoints that a discovery source told: changed, or kept as they were.",
  ),
  breakerTransitions: counter(
    "fairlead.endpoint.breaker.transitions",
    "{transition}",
    [...ENDPOINT, "fairlead.breaker.state"],
    "Changes of circuit breakers, by the new state.",
  ),
  healthChanges: counter(
    "fairlead.endpoint.health.changes",
    "{change}",
    [...ENDPOINT, "fairlead.health"],
    "Results of health checks that changed something: admitted, up, down.",
  ),
  ejections: counter(
    "fairlead.endpoint.ejections",
    "{ejection}",
    ENDPOINT,
    "Ejections of endpoints that failed more often than their siblings.",
  ),
};
