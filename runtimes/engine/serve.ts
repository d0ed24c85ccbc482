/** A whole gateway over sockets. */
import { parseConfig } from "../../src/config/parse.ts";
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import { type GatewayParts, type GatewayRef, buildGateway } from "../../src/gateway.ts";
import { refuseUnsupported } from "../refuse.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import { Deadlines } from "./deadlines.ts";
import { notices } from "./notices.ts";
import { type Entrance, listen } from "./server/listen.ts";
import { writeToStderr } from "./stderr.ts";

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
  const gateway: GatewayRef = { current: buildGateway(config, platform, { lifecycle, middlewareLayer }) };
  const { clock, transport } = platform;
  const serving = await listen({
    listen: config.listen,
    entrances: entrancesOf(config, options, {
      gateway,
      redirecting: (port) => ({ current: buildGateway(toHttps(config, port), platform, { lifecycle }) }),
    }),
    lifecycle,
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    notice: notices(writeToStderr, () => clock.now()),
    closed: () => {
      gateway.current.upkeep.stop();
      return transport.close();
    },
  });
  gateway.current.upkeep.start();
  return serving;
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
  // Where nobody asked for IPv6: not every machine has it.
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
