/** A whole gateway over sockets. */
import { withAdminPath } from "../../handlers/admin-gateway.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Config } from "../../src/config/types.ts";
import type { LogOutputs } from "../../src/core/log-output.ts";
import type { Platform } from "../../src/core/platform.ts";
import { type GatewayParts, type GatewayRef, buildGateway } from "../../src/gateway.ts";
import type { EventLog } from "../../src/observe/event-log.ts";
import { refuseUnsupported } from "../refuse.ts";
import type { ServeOptions, Serving, ServingSockets } from "../serving.ts";
import { adminListener } from "./admin-listener.ts";
import { alive } from "./alive.ts";
import { Deadlines } from "./deadlines.ts";
import { notices } from "./notices.ts";
import { observeServer } from "./observation.ts";
import { type Entrance, listen } from "./server/listen.ts";

/** Time for the last telemetry, and for the last lines of logs. */
const FLUSH_MS = 2_000;
const ANY_ADDRESS = "::";
const ANY_IPV4_ADDRESS = "0.0.0.0";

/**
 * Builds the gateway of `config` and listens. Resolves once connections are accepted. Installs no signal handlers.
 *
 * @throws ConfigError when the config asks for what `platform` can't do, or names certificates that can't be used.
 * @throws ServeError when the address can't be had.
 */
export const serveGateway = async (
  config: Config,
  platform: Platform,
  options: ServeOptions = {},
): Promise<Serving> => {
  refuseUnsupported(config, platform, options.explicit);
  const lifecycle = { draining: false };
  const middlewareLayer = await layerOf(config);
  const observation = await observeServer(config, platform);
  const { metrics, counts, resource } = observation;
  const own = buildGateway(config, platform, { lifecycle, middlewareLayer, metrics, resource });
  const gateway: GatewayRef = {
    current: withAdminPath(own, config, platform, { lifecycle, metrics, resource }),
  };
  observation.configs.generation += 1;
  const { clock, transport } = platform;
  const { events } = gateway.current;
  const admin = adminListener({ config, platform, gateway, lifecycle, observation });
  const serving = await listen({
    listen: config.listen,
    isWatched: config.listen.readyPath !== undefined || config.admin.port !== undefined,
    counts,
    entrances: entrancesOf(config, options, {
      gateway,
      redirecting: (port) => ({
        current: buildGateway(toHttps(config, port), platform, { lifecycle, metrics }),
      }),
    }),
    lifecycle,
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    notice: notices(
      (message) => void events.emit({ category: "client", level: "warning", message }),
      () => clock.now(),
    ),
    closed: async () => {
      gateway.current.upkeep.stop();
      await transport.close();
      await alive(gateway.current.upkeep.flush(FLUSH_MS));
      await observation.close();
      await admin.close();
      events.emit({ category: "server", level: "info", message: "stopped" });
      await platform.logs?.flush(FLUSH_MS);
    },
  });
  gateway.current.upkeep.start();
  try {
    return { ...logged(serving, events, platform.logs), admin: await admin.open() };
  } catch (error) {
    await serving.stop();
    throw error;
  }
};

/** `serving`, whose start, drain and exchanges of certificates are logged. */
const logged = (
  serving: ServingSockets,
  events: EventLog,
  logs: LogOutputs | undefined,
): Omit<Serving, "admin"> => {
  const { scheme, host, port } = serving.address;
  events.emit({
    category: "server",
    level: "info",
    message: "listening",
    facts: { scheme, host, port },
  });
  const drained = once(() => {
    events.emit({ category: "server", level: "info", message: "finishing what is in flight" });
    return serving.drain();
  });
  return {
    ...serving,
    drain: drained,
    useCertificates(listen) {
      serving.useCertificates(listen);
      events.emit({ category: "server", level: "info", message: "certificates were exchanged" });
    },
    reopenLogs: () => logs?.reopen(),
    setLogLevel: (category, level) => events.setLevel(category, level),
  };
};

/** Later calls return what the first one did. */
const once = <Result>(work: () => Result): (() => Result) => {
  let result: { readonly value: Result } | undefined;
  return () => (result ??= { value: work() }).value;
};

/** Hono is imported for configs that have middleware: a start without it is faster. */
const layerOf = async ({ middleware, routes }: Config): Promise<GatewayParts["middlewareLayer"]> => {
  if (middleware.length === 0 && routes.every((route) => route.middleware.length === 0)) return undefined;
  return (await import("../../handlers/middleware-layer.ts")).middlewareLayer;
};

interface Answering {
  readonly gateway: GatewayRef;
  /** Leads to https on `port`. */
  readonly redirecting: (port: number) => GatewayRef;
}

const entrancesOf = (
  { listen: config }: Config,
  { host, port, explicit }: ServeOptions,
  { gateway, redirecting }: Answering,
): Entrance[] => {
  // Only where IPv6 is a default: not every machine has it.
  const fallback = (bound: string, isExplicit: boolean): string | undefined =>
    bound === ANY_ADDRESS && !isExplicit ? ANY_IPV4_ADDRESS : undefined;
  const isHostExplicit = host !== undefined || explicit?.has("listen.host") === true;
  const securePort =
    [{ ...config, port: port ?? config.port }, ...config.also].find(({ tls }) => tls)?.port || 443;
  return [
    {
      host: host ?? config.host,
      port: port ?? config.port,
      tls: config.tls,
      fallbackHost: fallback(config.host, isHostExplicit),
      gateway,
    },
    ...config.also.map((each, index): Entrance => ({
      host: each.host,
      port: each.port,
      tls: each.tls,
      fallbackHost: fallback(each.host, explicit?.has(`listen.also.${index}.host`) === true),
      gateway: each.redirect === undefined ? gateway : redirecting(securePort),
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
