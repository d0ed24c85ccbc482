/** A whole gateway over sockets. */
import { middlewareLayer } from "../../handlers/middleware-layer.ts";
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import { type GatewayRef, buildGateway } from "../../src/gateway.ts";
import { refuseUnsupported } from "../refuse.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import { Deadlines } from "./deadlines.ts";
import { listen } from "./server/listen.ts";

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
  const gateway: GatewayRef = { current: buildGateway(config, platform, { lifecycle, middlewareLayer }) };
  const { clock, transport } = platform;
  const isHostImplied = options.host === undefined && options.explicit?.has("listen.host") !== true;
  const serving = await listen({
    listen: {
      ...config.listen,
      port: options.port ?? config.listen.port,
      host: options.host ?? config.listen.host,
    },
    // Nobody asked for IPv6, which not every machine has.
    fallbackHost: isHostImplied && config.listen.host === ANY_ADDRESS ? ANY_IPV4_ADDRESS : undefined,
    gateway,
    lifecycle,
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    closed: () => {
      gateway.current.upkeep.stop();
      return transport.close();
    },
  });
  gateway.current.upkeep.start();
  return serving;
};
