/** What a server needs for one config: gateways, and the sockets that lead to them. */
import { withAdminPath } from "../../handlers/admin-gateway.ts";
import type { Control } from "../../handlers/control.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Config } from "../../src/config/types.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import type { Platform } from "../../src/core/platform.ts";
import { type Gateway, type GatewayParts, draftGateway } from "../../src/gateway.ts";
import type { Journal } from "../../src/observe/journal.ts";
import { trafficSampling } from "../../src/traffic-sampling.ts";
import type { EndpointRegistry } from "../../src/upstream/registry.ts";
import type { ServeOptions } from "../serving.ts";
import type { PreparedObservation, ServerObserver } from "./observation.ts";
import type { Entrance } from "./server/entrance.ts";
import type { ListenPlan } from "./server/listen.ts";
import type { ThreadPart } from "./thread-part.ts";

/** What outlives a config. */
export interface LastingParts {
  readonly platform: Platform;
  readonly lifecycle: Lifecycle;
  readonly registry: EndpointRegistry;
  /** Of the gateway that only redirects. */
  readonly redirectRegistry: EndpointRegistry;
  readonly observer: ServerObserver;
  readonly journal: Journal;
  readonly control: Control;
  readonly options: ServeOptions;
  readonly part: ThreadPart;
}

export interface Generation {
  readonly config: Config;
  readonly gateway: Gateway;
  readonly observation: PreparedObservation;
  readonly sockets: ListenPlan;
  /** Call it once, before the first request. Nothing that an earlier generation uses changes until then. */
  takeEffect(): void;
  /** Health checks, discovery and the like begin. */
  start(): void;
  /** They end. */
  stop(): void;
  /** Sends telemetry that waits, within `ms` milliseconds. */
  flush(ms: number): Promise<void>;
}

const ANY_ADDRESS = "::";
const ANY_IPV4_ADDRESS = "0.0.0.0";

/**
 * @param explicit see `ServeOptions`
 * @throws ConfigError where a log file can't be opened, or the config can't take the place of the one before.
 */
export const prepareGeneration = async (
  config: Config,
  explicit: ReadonlySet<string> | undefined,
  parts: LastingParts,
): Promise<Generation> => {
  const { platform, lifecycle, registry, redirectRegistry, observer, options, journal, control, part } =
    parts;
  const hasAdmin = hasListener(config) || config.admin.path !== undefined;
  const middlewareLayer = await layerOf(config);
  const observation = await observer.prepare(config);
  const { metrics, resource } = observation;
  const common = { lifecycle, metrics, resource, answers: part?.role !== "main" };
  const main = draftGateway(config, platform, {
    ...common,
    registry,
    middlewareLayer,
    journal: hasAdmin ? journal : undefined,
  });
  if (hasAdmin && metrics !== undefined && part?.role !== "serving")
    main.gateway.upkeep.add(trafficSampling(observer.traffic(metrics), platform.clock));
  const gateway = withAdminPath(main.gateway, config, platform, { ...common, control });
  const securePort = securePortOf(config, options);
  const redirect = config.listen.also.some((each) => each.redirect !== undefined)
    ? draftGateway(toHttps(config, securePort), platform, { ...common, registry: redirectRegistry })
    : undefined;
  const drafts = redirect === undefined ? [main] : [main, redirect];
  const upkeeps = drafts.map((draft) => draft.gateway.upkeep);
  return {
    config,
    gateway,
    observation,
    sockets: {
      listen: config.listen,
      isWatched: config.listen.readyPath !== undefined || hasListener(config),
      entrances: entrancesOf(
        config,
        { ...options, explicit },
        { gateway, redirect: redirect?.gateway ?? gateway, part },
      ),
    },
    takeEffect() {
      for (const draft of drafts) draft.takeEffect();
      observation.takeEffect();
    },
    start() {
      for (const upkeep of upkeeps) upkeep.start();
    },
    stop() {
      for (const upkeep of upkeeps) upkeep.stop();
    },
    async flush(ms) {
      await Promise.all(upkeeps.map((upkeep) => upkeep.flush(ms)));
    },
  };
};

const hasListener = ({ admin: { port, socket } }: Config): boolean =>
  port !== undefined || socket !== undefined;

/** Hono is imported for configs that have middleware: a start without it is faster. */
const layerOf = async ({ middleware, routes }: Config): Promise<GatewayParts["middlewareLayer"]> => {
  if (middleware.length === 0 && routes.every((route) => route.middleware.length === 0)) return undefined;
  return (await import("../../handlers/middleware-layer.ts")).middlewareLayer;
};

/** What was said at the start, and of this config. */
interface Bound {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly explicit: ReadonlySet<string> | undefined;
}

interface Answering {
  readonly gateway: Gateway;
  /** Leads to https. */
  readonly redirect: Gateway;
  readonly part: ThreadPart;
}

/** Where redirects to https lead. */
const securePortOf = ({ listen }: Config, { port }: ServeOptions): number =>
  [{ ...listen, port: port ?? listen.port }, ...listen.also].find(({ tls }) => tls)?.port || 443;

const entrancesOf = (
  { listen: config }: Config,
  { host, port, explicit }: Bound,
  { gateway, redirect, part }: Answering,
): Entrance[] => {
  if (part?.role === "main") return [];
  const reusePort = part?.role === "serving";
  // Only where IPv6 is a default: not every machine has it.
  const fallback = (bound: string, isExplicit: boolean): string | undefined =>
    bound === ANY_ADDRESS && !isExplicit ? ANY_IPV4_ADDRESS : undefined;
  const isHostExplicit = host !== undefined || explicit?.has("listen.host") === true;
  return [
    {
      ...config,
      name: "listen",
      reusePort,
      host: host ?? config.host,
      port: port ?? config.port,
      // A port or a host that was said at the start counts for more.
      socket: port === undefined && host === undefined ? config.socket : undefined,
      fallbackHost: fallback(config.host, isHostExplicit),
      role: "traffic",
      gateway,
    },
    ...config.also.map((each, index): Entrance => ({
      ...each,
      name: `listen.also.${index}`,
      reusePort,
      port: each.port ?? 0,
      fallbackHost: fallback(each.host, explicit?.has(`listen.also.${index}.host`) === true),
      ...(each.redirect === undefined
        ? ({ role: "traffic", gateway } as const)
        : ({ role: "redirect", gateway: redirect } as const)),
    })),
  ];
};

/** `config` with nothing in it but a redirect to https. */
const toHttps = (config: Config, port: number): Config => ({
  ...config,
  middleware: [],
  upstreams: {},
  routes: parseConfig({ routes: [{ name: "to https", redirect: { status: 308, scheme: "https", port } }] })
    .routes,
});
