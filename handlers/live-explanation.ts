/** What would become of a request in a running proxy: with its endpoints as they are now. */
import { normaliseAddress } from "../src/http/address.ts";
import type { EndpointState } from "../src/core/endpoint-state.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import { statusOf } from "../src/core/reply.ts";
import { matchText } from "../src/routing/match-text.ts";
import { sharedNames } from "../src/upstream-state.ts";
import { type EndpointRegistry, createEndpointRegistry, newEndpointState } from "../src/upstream/registry.ts";
import type {
  ExplainRequest,
  ExplainResult,
  ExplainedAnswer,
  ExplainedUpstream,
  Explanation,
} from "./control.ts";
import { DescriptionError, requestHead } from "./described-request.ts";
import { endpointId } from "./endpoint-id.ts";
import { answeredFields, sentFields } from "./explained-fields.ts";
import { otherRoutes } from "./other-routes.ts";
import { refusedEndpoints } from "./refused-endpoints.ts";
import { layersOf } from "./route-layers.ts";
import { type Trace, traceRequest } from "./trace-request.ts";

export interface LiveParts {
  readonly gateway: Gateway;
  readonly platform: Platform;
  /** Puts `***` in place of the config's secrets. */
  readonly mask: (text: string) => string;
}

const LOOPBACK = "127.0.0.1";
/** Most routes that are said not to be taken. */
const MOST_ROUTES = 100;

/** Changes nothing: neither turns of balancers nor budgets. */
export const explainLive = async (
  { from = LOOPBACK, ...described }: ExplainRequest,
  { gateway, platform, mask }: LiveParts,
): Promise<ExplainResult> => {
  const address = normaliseAddress(from);
  if (address === undefined) return { ok: false, message: "`from` is no IP address" };
  try {
    const trace = await traceRequest(gateway.plan.config, requestHead(described), {
      from: address,
      platform,
      registry: copyOf(gateway),
      prepare: (copy) => freezeStates(copy, gateway),
    });
    return { ok: true, explanation: masked(explanationOf(trace, gateway), mask) };
  } catch (thrown) {
    if (thrown instanceof DescriptionError) return { ok: false, message: mask(thrown.message) };
    throw thrown;
  }
};

/** Endpoints found by discovery and what was set by hand are the same; all else begins anew. */
const copyOf = ({ plan, registry: live }: Gateway): EndpointRegistry => {
  const copy = createEndpointRegistry();
  for (const { name, set } of plan.upstreams.values()) {
    for (const { state } of set.members) {
      const { byHand, latencyMs, latencyAt, inFlight } = state;
      Object.assign(copy.stateOf(state.key), { byHand, latencyMs, latencyAt, inFlight });
    }
    const list = sharedNames.discovered(name);
    const found = live.find(list);
    if (found !== undefined) copy.shared(list, plan.config.upstreams[name]?.discovery, () => found);
  }
  return copy;
};

/** Whether endpoints may be tried is as it is in `live`, whatever the request does. */
const freezeStates = (copy: Gateway, live: Gateway): void => {
  const now = new Map<string, EndpointState>();
  for (const upstream of live.plan.upstreams.values())
    for (const { state } of upstream.set.members) now.set(state.key, state);
  for (const upstream of copy.plan.upstreams.values()) {
    for (const { state } of upstream.set.members) {
      const { health, ejection, breaker } = now.get(state.key) ?? newEndpointState(state.key);
      state.health = health && { isUp: health.isUp, wasChecked: health.wasChecked };
      state.ejection = ejection && { until: ejection.until, count() {} };
      state.breaker = breaker && {
        admits: (at) => breaker.admits(at),
        closedUntil: (at) => breaker.closedUntil(at),
        enter: () => 0,
        settle() {},
        checkPassed() {},
        siblingRecovered() {},
      };
    }
  }
};

const explanationOf = (trace: Trace, live: Gateway): Explanation => {
  const { head, answer, attempt } = trace;
  const { screened, decision } = answer.admission;
  const { config } = live.plan;
  const route = decision.kind === "routed" ? decision.found.value.route : undefined;
  const routeConfig = config.routes.find(({ name }) => name === route?.name);
  return {
    request: { method: head.method, url: urlOf(trace) },
    ...(screened !== undefined && screened.target !== head.target && { normalised: screened.target }),
    ...(decision.kind === "routed" &&
      route !== undefined && {
        route: {
          name: route.name,
          match: matchText(decision.found.match),
          layers: routeConfig === undefined ? [] : layersOf(config, routeConfig, route),
        },
      }),
    ...(attempt !== undefined && answer.failure === undefined && { upstream: upstreamOf(trace, attempt) }),
    ...(attempt === undefined || answer.failure !== undefined ? { answer: ownAnswer(trace) } : {}),
    requestFields: attempt === undefined || answer.failure !== undefined ? [] : sentFields(attempt),
    responseFields: answer.failure === undefined ? answeredFields(answer) : [],
    otherRoutes: otherRoutes(trace).slice(0, MOST_ROUTES),
  };
};

const urlOf = ({ head, answer }: Trace): string => {
  const host = answer.admission.screened?.authority ?? head.notes.host ?? "";
  return `${head.scheme}://${host}${head.target}`;
};

const upstreamOf = ({ gateway }: Trace, attempt: NonNullable<Trace["attempt"]>): ExplainedUpstream => {
  const { endpoint, exchange, target } = attempt;
  const standing = gateway.plan.upstreams.get(endpoint.upstream)?.standing() ?? [];
  return {
    name: endpoint.upstream,
    endpoint: endpointId(endpoint),
    method: exchange.arrival.method,
    target,
    excluded: standing.flatMap(({ endpoint: other, exclusion }) =>
      exclusion === undefined ? [] : [{ endpoint: endpointId(other), reason: exclusion }],
    ),
  };
};

const ownAnswer = (trace: Trace): ExplainedAnswer => {
  const { failure, reply, admission } = trace.answer;
  if (failure !== undefined) {
    const excluded = refusedEndpoints(trace).map(({ endpoint, reason }) => ({
      upstream: endpoint.upstream,
      endpoint: endpointId(endpoint),
      reason,
    }));
    return {
      status: failure.kind.status,
      code: failure.code,
      message: failure.message,
      ...(excluded.length > 0 && { excluded }),
    };
  }
  const status = statusOf(reply);
  return {
    status,
    message: admission.decision.kind === "ready-page" ? "the ready page" : "answered by the proxy itself",
  };
};

/** Every text in `value` masked. */
const masked = <T>(value: T, mask: (text: string) => string): T => {
  if (typeof value === "string") return mask(value) as T;
  if (Array.isArray(value)) return value.map((each: unknown) => masked(each, mask)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, masked(each, mask)])) as T;
};
