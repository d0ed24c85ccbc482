/** A whole gateway over sockets. */
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import { GatewayServer } from "./gateway-server.ts";
import { InheritedSockets } from "./inheritance/inherited-sockets.ts";
import type { RunningServer } from "./running-server.ts";
import type { ThreadPart } from "./thread-part.ts";

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
  return runServer(config, platform, options);
};

/** The same, for the threads of a process: see `ThreadPart`. */
export const runServer = async (
  config: Config,
  platform: Platform,
  options: ServeOptions,
  part?: ThreadPart,
): Promise<RunningServer> => {
  const inherited = options.inheritance && new InheritedSockets(options.inheritance);
  const server = new GatewayServer(platform, options, { part, inherited });
  try {
    const prepared = await server.prepare(config, options.explicit, options.origin);
    try {
      await inherited?.settle();
    } catch (error) {
      await prepared.discard();
      throw error;
    }
    prepared.commit();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
};
