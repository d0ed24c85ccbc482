/** A whole gateway on Bun. */
import { createGateway } from "../../handlers/gateway.ts";
import { problemResponse } from "../../middleware/error-boundary.ts";
import type { Config } from "../../src/config/types.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Platform } from "../../src/core/platform.ts";
import { drainWithin, tellsEnd } from "../fetch/drain.ts";
import { refuseUnsupported } from "../refuse.ts";
import { type ServeOptions, type Serving, listenError } from "../serving.ts";
import { type BunServer, bun } from "./bun-types.ts";
import { platform } from "./platform.ts";

/** Bun's highest. */
const MAX_IDLE_SECONDS = 255;

/**
 * Builds the gateway of `config` and listens. Resolves once connections are accepted. Installs no signal handlers.
 *
 * @throws ConfigError when the config asks for what Bun can't do.
 * @throws ServeError when the address can't be had.
 */
export const serve = async (config: Config, options: ServeOptions = {}): Promise<Serving> => {
  const { listen } = config;
  const serverIdleSeconds = Math.min(
    MAX_IDLE_SECONDS,
    Math.max(1, Math.ceil(listen.timeouts.keepAliveMs / 1_000)),
  );
  const lent = platform({ ...options, serverIdleSeconds });
  refuseUnsupported(config, lent, options.explicit);
  const lifecycle = { draining: false };
  const app = createGateway(config, lent, { lifecycle });
  const address = { host: options.host ?? listen.host, port: options.port ?? listen.port };
  const told = tellsEnd(lifecycle);
  const server = start(address, {
    idleTimeout: serverIdleSeconds,
    fetch(request, self) {
      const answer = app.fetch(request, self);
      return answer instanceof Promise ? answer.then(told) : told(answer);
    },
    error: (thrown) => brokenResponse(thrown, lent),
  });
  const stop = async (): Promise<{ cut: number }> => {
    lifecycle.draining = true;
    const cut = server.pendingRequests;
    await server.stop(true);
    await lent.transport.close();
    return { cut };
  };
  const drainable = {
    finish: () => server.stop(false),
    busy: () => server.pendingRequests,
    cut: () => server.stop(true),
  };
  let drained: Promise<{ cut: number }> | undefined;
  return {
    address: { host: address.host, port: server.port },
    stop,
    drain() {
      lifecycle.draining = true;
      return (drained ??= drainWithin(drainable, listen.drain).then(async (cut) => {
        await lent.transport.close();
        return { cut };
      }));
    },
  };
};

const start = (
  address: { readonly host: string; readonly port: number },
  options: {
    readonly idleTimeout: number;
    fetch(request: Request, server: BunServer): Response | Promise<Response>;
    error(thrown: unknown): Response;
  },
): BunServer => {
  try {
    return bun().serve({
      ...options,
      port: address.port,
      hostname: address.host,
      development: false,
      // The gateway has limits of its own, one for each route.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    });
  } catch (error) {
    throw listenError(error, address);
  }
};

/**
 * Bun sends no head before the first piece of a streamed body, so an upstream that breaks off before that piece can
 * still be answered for. Bun does not say which request it was.
 */
const brokenResponse = (cause: unknown, { random, telemetry }: Platform): Response => {
  const error = new ProxyError("upstream-reset", { detail: "response broke off at its start", cause });
  const requestId = random.id();
  telemetry.failed({ error, requestId, method: "-", target: "-" });
  return problemResponse(error, { requestId, accept: undefined });
};
