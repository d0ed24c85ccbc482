/**
 * READ FIRST. A gateway is a plan and, for every route of it, one stack of layers around the service that
 * answers: `forward` to an upstream, a redirect or a fixed response.
 *
 * A request's way: `admission` decides from the head alone; the route's stack makes a reply; `clientEdits` are applied to it
 * last and once; the server that sends it reports its end, and the exchange is settled.
 */
import { type ForwardingParts, actionService, editSource } from "./action-service.ts";
import { type Admission, type Admit, type Surroundings, admission, traced } from "./admission.ts";
import { type ClientEdits, ReplyEditor, clientEdits } from "./client-edits.ts";
import type { Config } from "./config/types.ts";
import { type Plan, type RoutePlan, type RoutedMatch, buildPlan } from "./config/plan.ts";
import type { Arrival } from "./core/arrival.ts";
import { ProxyError, asProxyError } from "./core/errors.ts";
import type { EditSource, Trail } from "./core/exchange.ts";
import { ALWAYS_SERVING, type Lifecycle } from "./core/lifecycle.ts";
import { limitedBody } from "./core/limited-body.ts";
import { problemReply, textReply } from "./core/local-reply.ts";
import type { Clock, Platform } from "./core/platform.ts";
import type { Reply } from "./core/reply.ts";
import { type Layer, type Service, stack } from "./core/service.ts";
import { ORDINARY_METHODS } from "./edge/validation.ts";
import { gatewayMetrics } from "./metering.ts";
import { type Answer, Visit } from "./visit.ts";
import { isCredentialName } from "./http/credentials.ts";
import type { HealthChecker } from "./health/health-checker.ts";
import type { Tracing } from "./tracing.ts";
import { planUpstream } from "./planned-upstream.ts";
import type { EventLog } from "./observe/event-log.ts";
import { type ObservedParts, observedPlatform } from "./observed-platform.ts";
import { exchangeOf, withSurroundings } from "./routed-exchange.ts";
import { Upkeep } from "./upkeep.ts";
import { type EndpointRegistry, createEndpointRegistry } from "./upstream/registry.ts";

export type { Surroundings } from "./admission.ts";
export type { Answer } from "./visit.ts";

/** Answers requests. */
export interface Gateway {
  readonly plan: Plan;
  /** What would be done about a request, without doing it. */
  readonly admit: Admit;
  /** Checks, discovery and pushes, for the server that runs the gateway. */
  readonly upkeep: Upkeep;
  /** The log of what happens apart from single requests. */
  readonly events: EventLog;
  /** The state of endpoints. */
  readonly registry: EndpointRegistry;
  /** Active health checks of upstreams that have some, by name. */
  readonly checkers: ReadonlyMap<string, HealthChecker>;
  /** Never rejects: a failure is a reply too. */
  answer(arrival: Arrival, surroundings?: Surroundings): Promise<Answer>;
}

/** A gateway that is not in effect yet. */
export interface GatewayDraft {
  readonly gateway: Gateway;
  /** Call it once, before the first request. Until then nothing changes for another gateway with the same registry. */
  takeEffect(): void;
}

export interface GatewayParts extends ObservedParts {
  /** Keeps the state of endpoints from one gateway to the next. @default a new one */
  readonly registry?: EndpointRegistry | undefined;
  /** Read by the ready page. @default always serving */
  readonly lifecycle?: Lifecycle | undefined;
  /** False for a single handler in an app, which adds nothing of its own to what clients see. @default true */
  readonly facesClient?: boolean | undefined;
  /** False for a gateway that only checks and discovers, and answers nobody: its upstreams' state is not measured. @default true */
  readonly answers?: boolean | undefined;
  /** The layer of the config's `middleware`, made where Web requests are known. */
  readonly middlewareLayer?: ((middleware: readonly unknown[]) => Layer) | undefined;
}

/**
 * Compiles `config` and builds one stack for each route.
 *
 * @throws ConfigError where a log file can't be opened.
 */
export const buildGateway = (config: Config, given: Platform, parts: GatewayParts = {}): Gateway => {
  const draft = draftGateway(config, given, parts);
  draft.takeEffect();
  return draft.gateway;
};

/** The same in two steps, for a config that is to take the place of another. */
export const draftGateway = (config: Config, given: Platform, parts: GatewayParts = {}): GatewayDraft => {
  const { registry = createEndpointRegistry(), facesClient = true, answers = true, metrics } = parts;
  const upkeep = new Upkeep();
  const checkers = new Map<string, HealthChecker>();
  const effects: (() => void)[] = [];
  const draft = registry.draft();
  const { platform, events, tracing } = observedPlatform(config, given, parts, {
    registry: draft,
    upkeep,
    effects,
  });
  const plan = buildPlan(config, (name, upstream) =>
    planUpstream(name, upstream, { platform, registry: draft, upkeep, effects, checkers }),
  );
  const services = new Map<RoutedMatch, RouteService>();
  for (const { value } of plan.entries) {
    const forwarding = { config: plan.config, platform };
    services.set(value, routeService(value, forwarding, parts));
  }
  const admit = admission({ plan, newId: () => platform.random.id(), sendsId: facesClient });
  const edits = clientEdits(
    facesClient ? config : { ...config, securityHeaders: false },
    facesClient ? config.requestId.header : undefined,
  );
  const gateway = new RunningGateway({ plan, admit, services, edits, platform, parts, tracing });
  return {
    gateway: {
      plan,
      admit,
      upkeep,
      events,
      registry,
      checkers,
      answer: (arrival, surroundings) => gateway.answer(arrival, surroundings),
    },
    takeEffect() {
      draft.takeEffect();
      for (const effect of effects) effect();
      if (metrics !== undefined && answers)
        upkeep.add(gatewayMetrics(metrics, { plan, registry, clock: platform.clock }));
    },
  };
};

/** A route's stack, and its edits of the response. */
interface RouteService {
  readonly service: Service;
  readonly edits: EditSource;
}

const routeService = (
  match: RoutedMatch,
  forwarding: ForwardingParts,
  parts: GatewayParts,
): RouteService => ({
  service: stack(routeLayers(match.route, forwarding.platform.clock, parts).map(({ layer }) => layer))(
    actionService(match, forwarding),
  ),
  edits: editSource(match.route.responseHeaders),
});

/** The layers of a route, outermost first. A route has only those that its config asks for. */
export const routeLayers = (
  route: RoutePlan,
  clock: Clock,
  { middlewareLayer }: GatewayParts = {},
): readonly { readonly name: string; readonly layer: Layer }[] => {
  const { maxBodyBytes, totalMs, middleware } = route;
  return [
    ...(maxBodyBytes === Number.POSITIVE_INFINITY
      ? []
      : [{ name: `body limit ${maxBodyBytes} bytes`, layer: bodyLimit(maxBodyBytes) }]),
    ...(totalMs === Number.POSITIVE_INFINITY
      ? []
      : [{ name: `deadline ${totalMs} ms`, layer: deadline(totalMs, clock) }]),
    ...(middleware.length === 0 || middlewareLayer === undefined
      ? []
      : [{ name: `middleware ×${middleware.length}`, layer: middlewareLayer(middleware) }]),
  ];
};

/** Refuses bodies that announce too much, and fails the others once they are too long. */
const bodyLimit =
  (maxBytes: number): Layer =>
  (next) =>
  (exchange) => {
    const body = limitedBody(exchange.body, maxBytes);
    return next(body === exchange.body ? exchange : { ...exchange, body });
  };

/** Transports end what is still running then. */
const deadline =
  (ms: number, clock: Clock): Layer =>
  (next) =>
  (exchange) =>
    next({ ...exchange, endsAt: Math.min(exchange.endsAt, clock.now() + ms) });

interface RunningParts {
  readonly plan: Plan;
  readonly admit: Admit;
  readonly services: ReadonlyMap<RoutedMatch, RouteService>;
  readonly edits: ClientEdits;
  readonly platform: Platform;
  readonly parts: GatewayParts;
  readonly tracing: Tracing | undefined;
}

/** Runs requests through what `buildGateway` built. */
class RunningGateway {
  readonly #parts: RunningParts;
  readonly #editor = new ReplyEditor();

  constructor(parts: RunningParts) {
    this.#parts = parts;
  }

  async answer(arrival: Arrival, surroundings: Surroundings | undefined): Promise<Answer> {
    const { admit, platform, edits, services, tracing } = this.#parts;
    const admitted = admit(arrival, arrival.peer, surroundings);
    const trace = tracing?.begin(arrival.fields, {
      id: admitted.id,
      isTrusted: admitted.client?.trustedPeer === true,
    });
    const trail: Trail = { attempts: 0, endpoint: undefined, edits: undefined, failure: undefined };
    const traceField = tracing?.responseField;
    const visit = new Visit({ arrival, admitted, trail, platform, editor: this.#editor, trace, traceField });
    const client = { secure: admitted.secure, securedOutside: surroundings?.securityHeaders === true };
    const { decision } = admitted;
    if (decision.kind !== "routed") {
      return visit.replied(this.#ownReply(arrival, admitted, visit, trace?.traceId), edits.own(client));
    }
    try {
      const route = services.get(decision.found.value);
      if (route === undefined) throw new ProxyError("internal", { detail: "route without a service" });
      if (admitted.upgrade !== undefined && arrival.switchesTo === "nothing") throw cannotSwitch();
      const exchange = exchangeOf({ arrival, admitted, trail, trace }, decision.found);
      const reply: Reply = await route.service(withSurroundings(exchange, surroundings));
      const own = edits.routed(trail.edits ?? route.edits, exchange, client);
      return reply.kind === "tunnel" ? visit.tunnelled(reply, own) : visit.replied(reply, own);
    } catch (thrown) {
      const error = visit.failed(asProxyError(thrown));
      return visit.replied(
        problemReply(error, admitted.id, arrival.fields, trace?.traceId),
        edits.own(client),
      );
    }
  }

  /** The reply of a request that reaches no route. */
  #ownReply(
    arrival: Arrival,
    { decision, id }: Admission,
    visit: Visit,
    traceId: string | undefined,
  ): ReturnType<typeof textReply> {
    switch (decision.kind) {
      case "refused":
        return problemReply(visit.failed(decision.error), id, arrival.fields, traceId);
      case "ready-page": {
        const { draining } = this.#parts.parts.lifecycle ?? ALWAYS_SERVING;
        return textReply(draining ? 503 : 200, PLAIN_TEXT, draining ? "draining\n" : "ready\n");
      }
      case "server-options":
        return textReply(204, ["allow", ORDINARY_METHODS], "");
      case "trace":
        return textReply(200, ["content-type", "message/http"], traced(arrival, isCredentialName));
      case "routed":
        throw new TypeError("a routed request has no reply of its own");
    }
  }
}

const cannotSwitch = (): ProxyError =>
  new ProxyError("not-implemented", {
    detail: "a switch of protocols (Upgrade) in an app on a server that is not Fairlead's own",
  });

const PLAIN_TEXT: readonly string[] = [
  "content-type",
  "text/plain; charset=utf-8",
  "cache-control",
  "no-store",
];
