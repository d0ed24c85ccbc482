/** What a server needs for one config: gateways, and the sockets that lead to them. */
import type { withAdminPath } from "../../handlers/admin-gateway.ts";
import type { Control } from "../../handlers/control.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Config, ListenTlsConfig } from "../../src/config/types.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import type { Platform } from "../../src/core/platform.ts";
import { type Gateway, type GatewayParts, draftGateway } from "../../src/gateway.ts";
import type { Journal } from "../../src/observe/journal.ts";
import { trafficSampling } from "../../src/traffic-sampling.ts";
import type { EndpointRegistry } from "../../src/upstream/registry.ts";
import type { ServeOptions } from "../serving.ts";
import type { AcmeListeners } from "./acme/acme-listeners.ts";
import type { AcmeOnDemand } from "./acme-on-demand.ts";
import { hasAdminListener } from "./admin-listener.ts";
import type { PreparedObservation, ServerObserver } from "./observation.ts";
import type { Entrance } from "./server/entrance.ts";
import type { ListenPlan } from "./server/listen.ts";
import { servedTls } from "./server/served-tls.ts";
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
  readonly acme: AcmeOnDemand;
  readonly part: ThreadPart;
}

export interface Generation {
  readonly config: Config;
  readonly gateway: Gateway;
  readonly observation: PreparedObservation;
  /** With the certificates that are in use at the time of reading. */
  readonly sockets: ListenPlan;
  /** Where listeners have their certificates from: those of an authority stand with the others. As of the time of reading. */
  readonly certificates: Pick<Config, "admin" | "listen">;
  /** Call it once, before the first request. Nothing that an earlier generation uses changes until then. */
  takeEffect(): void;
  /** Health checks, discovery and the like begin. */
  start(): void;
  /** They end. */
  stop(): void;
  /** Gives up what was opened for it and has not taken effect. */
  discard(): Promise<void>;
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
  const hasAdmin = hasAdminListener(config) || config.admin.path !== undefined;
  const middlewareLayer = await layerOf(config);
  const adminPath = await adminPathOf(config);
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
  const gateway = adminPath?.(main.gateway, config, platform, { ...common, control }) ?? main.gateway;
  const securePort = securePortOf(config, options);
  const redirect = config.listen.also.some((each) => each.redirect !== undefined)
    ? draftGateway(toHttps(config, securePort), platform, { ...common, registry: redirectRegistry })
    : undefined;
  const drafts = redirect === undefined ? [main] : [main, redirect];
  const upkeeps = drafts.map((draft) => draft.gateway.upkeep);
  const acme = await parts.acme.prepare(config);
  const answering = { gateway, redirect: redirect?.gateway ?? gateway, part };
  const entrances = entrancesOf(config, { ...options, explicit }, answering, acme);
  return {
    config,
    gateway,
    observation,
    get sockets() {
      return {
        listen: config.listen,
        isWatched: config.listen.readyPath !== undefined || hasAdminListener(config),
        entrances: entrances(),
      };
    },
    get certificates() {
      return acme === undefined ? config : { ...config, listen: withObtained(config.listen, acme) };
    },
    takeEffect() {
      for (const draft of drafts) draft.takeEffect();
      observation.takeEffect();
      acme?.takeEffect(metrics?.registry);
    },
    start() {
      for (const upkeep of upkeeps) upkeep.start();
      acme?.start();
    },
    discard: async () => acme?.discard(),
    stop() {
      for (const upkeep of upkeeps) upkeep.stop();
    },
    async flush(ms) {
      await Promise.all(upkeeps.map((upkeep) => upkeep.flush(ms)));
    },
  };
};

/** Hono is imported for configs that have middleware: a start without it is faster. */
const layerOf = async ({ middleware, routes }: Config): Promise<GatewayParts["middlewareLayer"]> => {
  if (middleware.length === 0 && routes.every((route) => route.middleware.length === 0)) return undefined;
  return (await import("../../handlers/middleware-layer.ts")).middlewareLayer;
};

/** The same for the admin app below a path of the gateway. */
const adminPathOf = async ({ admin }: Config): Promise<typeof withAdminPath | undefined> =>
  admin.path === undefined ? undefined : (await import("../../handlers/admin-gateway.ts")).withAdminPath;

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

/** The entrances of a config, with the certificates of the time of each call. */
const entrancesOf = (
  { listen: config }: Config,
  { host, port, explicit }: Bound,
  { gateway, redirect, part }: Answering,
  acme: AcmeListeners | undefined,
): (() => Entrance[]) => {
  if (part?.role === "main") return () => [];
  const reusePort = part?.role === "serving";
  // Only where IPv6 is a default: not every machine has it.
  const fallback = (bound: string, isExplicit: boolean): string | undefined =>
    bound === ANY_ADDRESS && !isExplicit ? ANY_IPV4_ADDRESS : undefined;
  const isHostExplicit = host !== undefined || explicit?.has("listen.host") === true;
  const [plain, redirecting] =
    acme === undefined ? [gateway, redirect] : [acme.answering(gateway), acme.answering(redirect)];
  const serving = (
    tls: ListenTlsConfig | undefined,
    without: Gateway,
  ): Pick<Entrance, "challenges" | "gateway" | "tls"> =>
    tls === undefined
      ? { tls, gateway: without }
      : { tls: acme?.served(tls) ?? servedTls(tls), challenges: acme?.challengesFor(tls), gateway };
  return () => [
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
      ...serving(config.tls, plain),
    },
    ...config.also.map((each, index): Entrance => ({
      ...each,
      name: `listen.also.${index}`,
      reusePort,
      port: each.port ?? 0,
      fallbackHost: fallback(each.host, explicit?.has(`listen.also.${index}.host`) === true),
      role: each.redirect === undefined ? "traffic" : "redirect",
      ...serving(each.tls, each.redirect === undefined ? plain : redirecting),
    })),
  ];
};

const withObtained = (listen: Config["listen"], acme: AcmeListeners): Config["listen"] => ({
  ...listen,
  tls: listen.tls && acme.obtained(listen.tls),
  also: listen.also.map((each) => ({ ...each, tls: each.tls && acme.obtained(each.tls) })),
});

/** `config` with nothing in it but a redirect to https. */
const toHttps = (config: Config, port: number): Config => ({
  ...config,
  middleware: [],
  upstreams: {},
  routes: parseConfig({ routes: [{ name: "to https", redirect: { status: 308, scheme: "https", port } }] })
    .routes,
});
