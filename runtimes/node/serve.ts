/** A whole gateway on Node. */
import { createGateway } from "../../handlers/gateway.ts";
import type { Config } from "../../src/config/types.ts";
import { refuseUnsupported } from "../refuse.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import { listen } from "./listen.ts";
import { platform } from "./platform.ts";
import { stopPretenuring } from "./pretenuring.ts";

/**
 * Builds the gateway of `config` and listens. Resolves once connections are accepted.
 *
 * Replaces the global `Request` and `Response` by @hono/node-server's, which are lighter and otherwise alike, and sets a
 * flag of V8 for the whole process; see `stopPretenuring`. Installs no signal handlers.
 *
 * @throws ConfigError when the config names certificates that Node can't use.
 * @throws ServeError when the address can't be had.
 */
export const serve = async (config: Config, options: ServeOptions = {}): Promise<Serving> => {
  stopPretenuring();
  const lent = platform(options);
  refuseUnsupported(config, lent, options.explicit);
  const lifecycle = { draining: false };
  const app = createGateway(config, lent, { lifecycle });
  return listen((request, env) => app.fetch(request, env), {
    listen: {
      ...config.listen,
      port: options.port ?? config.listen.port,
      host: options.host ?? config.listen.host,
    },
    lifecycle,
    closed: () => lent.transport.close(),
  });
};
