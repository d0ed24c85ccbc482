/** Changes by hand: endpoints, breakers, health checks, log levels, connections. */
import type { EndpointOverride, EndpointState } from "../src/core/endpoint-state.ts";
import type { Endpoint } from "../src/core/endpoint.ts";
import type { Clock } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import { Breaker } from "../src/resilience/breaker.ts";
import type { Upstream } from "../src/upstream/upstream.ts";
import type { Action, ActionResult, EndpointName } from "./control.ts";
import { endpointId } from "./endpoint-id.ts";
import type { ServerView } from "./server-view.ts";

export interface ActParts {
  readonly gateway: Gateway;
  readonly server: ServerView;
  readonly clock: Clock;
}

const done = (message: string): ActionResult => ({ ok: true, message });
const unknown = (message: string): ActionResult => ({ ok: false, reason: "unknown", message });
const impossible = (message: string): ActionResult => ({ ok: false, reason: "impossible", message });

/** Never rejects. */
export const act = async (action: Action, parts: ActParts): Promise<ActionResult> => {
  switch (action.kind) {
    case "drain":
    case "enable":
    case "weight":
      return override(action, parts);
    case "breaker":
      return turnBreaker(action, parts);
    case "check-health":
      return checkHealth(action, parts);
    case "log-level": {
      parts.gateway.events.setLevel(action.category, action.level);
      const what = action.category === "" ? "all other categories" : `"${action.category}"`;
      return done(`the log level of ${what} is ${action.level}`);
    }
    case "close-connection":
      return parts.server.close(action.id)
        ? done(`connection ${action.id} is closed`)
        : unknown(`there is no connection ${action.id}`);
    case "upgrade":
      return upgrade(action.timeoutMs, parts);
  }
};

const upgrade = async (timeoutMs: number | undefined, { server }: ActParts): Promise<ActionResult> => {
  if (server.upgrade === undefined) {
    return impossible("only the command line (fairlead) can replace its process; this is another program's");
  }
  const result = await server.upgrade(timeoutMs);
  return result.ok
    ? done(`process ${result.pid} has taken over`)
    : { ok: false, reason: "failed", message: result.reason };
};

interface Found {
  readonly upstream: Upstream;
  readonly endpoint: Endpoint;
  readonly state: EndpointState;
}

/** A failure where there is no such endpoint. */
const find = (
  { upstream: name, endpoint: id }: EndpointName,
  { gateway }: ActParts,
): Found | ActionResult => {
  const upstream = gateway.plan.upstreams.get(name);
  if (upstream === undefined) return unknown(`there is no upstream "${name}"`);
  const member = upstream.set.members.find(({ endpoint }) => endpointId(endpoint) === id);
  return member === undefined
    ? unknown(`upstream "${name}" has no endpoint ${id}`)
    : { upstream, endpoint: member.endpoint, state: member.state };
};

const isFound = (found: Found | ActionResult): found is Found => "state" in found;

type Overriding = Extract<Action, { readonly kind: "drain" | "enable" | "weight" }>;

const override = (action: Overriding, parts: ActParts): ActionResult => {
  const found = find(action, parts);
  if (!isFound(found)) return found;
  const { upstream, endpoint, state } = found;
  const { isDrained = false, weight } = state.byHand ?? {};
  const after: EndpointOverride = {
    isDrained: action.kind === "weight" ? isDrained : action.kind === "drain",
    weight: action.kind === "weight" ? (action.weight ?? undefined) : weight,
  };
  upstream.override(endpoint, !after.isDrained && after.weight === undefined ? undefined : after);
  const subject = `endpoint ${action.endpoint} of upstream "${action.upstream}"`;
  switch (action.kind) {
    case "drain":
      return done(`${subject} is drained`);
    case "enable":
      return done(`${subject} is enabled`);
    case "weight":
      return done(
        action.weight === null
          ? `${subject} has its configured weight again`
          : `${subject} has weight ${action.weight}`,
      );
  }
};

const turnBreaker = (
  action: Extract<Action, { readonly kind: "breaker" }>,
  parts: ActParts,
): ActionResult => {
  const found = find(action, parts);
  if (!isFound(found)) return found;
  const { breaker } = found.state;
  if (!(breaker instanceof Breaker))
    return impossible(`upstream "${action.upstream}" has no circuit breakers`);
  breaker[action.to](parts.clock.now());
  const what = { open: "open", close: "closed", reset: "as new" }[action.to];
  return done(`the breaker of endpoint ${action.endpoint} of upstream "${action.upstream}" is ${what}`);
};

const checkHealth = async (
  { upstream: name, endpoint: id }: Extract<Action, { readonly kind: "check-health" }>,
  parts: ActParts,
): Promise<ActionResult> => {
  const { plan, checkers } = parts.gateway;
  if (!plan.upstreams.has(name)) return unknown(`there is no upstream "${name}"`);
  if (id !== undefined) {
    const found = find({ upstream: name, endpoint: id }, parts);
    if (!isFound(found)) return found;
  }
  const checker = checkers.get(name);
  if (checker === undefined) return impossible(`upstream "${name}" has no health checks`);
  await checker.checkNow(({ endpoint }) => id === undefined || endpointId(endpoint) === id);
  return done(
    id === undefined
      ? `all endpoints of upstream "${name}" were checked`
      : `endpoint ${id} of upstream "${name}" was checked`,
  );
};
