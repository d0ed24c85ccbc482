/** The Hono app around a gateway. */
import { Hono } from "hono";
import type { Config } from "../src/config/types.ts";
import { ALWAYS_SERVING, type Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import { buildGateway } from "../src/gateway.ts";
import { answer } from "./answer.ts";
import { frontDesk } from "./front-desk.ts";

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
  const desk = frontDesk(config, platform.random, gateway.plan.trusted);
  const app = new Hono();
  const { readyPath } = config.listen;
  if (readyPath !== undefined) {
    app.get(readyPath, (c) => (lifecycle.draining ? c.text("draining\n", 503) : c.text("ready\n")));
  }
  const answering = { gateway, platform, desk };
  app.all("*", (c) => answer(c, answering));
  return app;
};
