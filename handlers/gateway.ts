/** The Hono app: client-facing middleware in front of a gateway. */
import { Hono } from "hono";
import { ensureArrival, requestIdOf } from "../middleware/context.ts";
import { requestId } from "../middleware/request-id.ts";
import { securityHeaders } from "../middleware/security-headers.ts";
import { validation } from "../middleware/validation.ts";
import type { Config } from "../src/config/types.ts";
import { asProxyError } from "../src/core/errors.ts";
import { ALWAYS_SERVING, type Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import { buildGateway } from "../src/gateway.ts";
import { isTrusted } from "../src/http/forwarded.ts";
import { answer, failureResponse } from "./answer.ts";
import { screenPolicy } from "./screen-policy.ts";

export interface GatewayOptions {
  /** Read by the ready page. @default always serving */
  readonly lifecycle?: Lifecycle;
}

/**
 * A whole gateway as a Hono app: mount it with `app.route("/", …)`, test it with `app.request()`, or serve its
 * `fetch`.
 */
export const createGateway = (config: Config, platform: Platform, options: GatewayOptions = {}): Hono => {
  const lifecycle = options.lifecycle ?? ALWAYS_SERVING;
  const gateway = buildGateway(config, platform);
  const policy = screenPolicy(config);
  const trustedPeer = (address: string): boolean => isTrusted(gateway.plan.trusted, address);
  const app = new Hono();

  app.onError((thrown, c) => {
    const arrival = ensureArrival(c, () => platform.arrive(c.req.raw, c.env));
    const id = requestIdOf(c) ?? platform.random.id();
    return failureResponse(asProxyError(thrown), { arrival, id, platform });
  });

  const { readyPath } = config.listen;
  if (readyPath !== undefined) {
    app.get(readyPath, (c) => (lifecycle.draining ? c.text("draining\n", 503) : c.text("ready\n")));
  }

  app.use((c, next) => {
    ensureArrival(c, () => platform.arrive(c.req.raw, c.env));
    return next();
  });
  app.use(
    requestId({
      header: config.requestId.header,
      trust: config.requestId.trust,
      trustedPeer,
      generate: () => platform.random.id(),
    }),
  );
  if (config.securityHeaders !== false) app.use(securityHeaders({ ...config.securityHeaders, trustedPeer }));
  app.use(
    validation({
      ...config.validation,
      limits: config.listen.limits,
      // To `onError`, which tells telemetry.
      reject: (error) => {
        throw error;
      },
    }),
  );
  app.all("*", (c) => answer(c, gateway, platform, policy));
  return app;
};
