/** A gateway with all that its config asks for around it: metrics, their push, the admin app's path. */
import type { Config } from "../src/config/types.ts";
import { ALWAYS_SERVING, type Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import { type Gateway, buildGateway } from "../src/gateway.ts";
import { transportMetrics } from "../src/metering.ts";
import { metricReporter } from "../src/metric-reporter.ts";
import { createMetrics, resourceOf } from "../src/observation.ts";
import { adminGateway, withAdminPath } from "./admin-gateway.ts";
import { middlewareLayer } from "./middleware-layer.ts";

/** For servers that are not Fairlead's own: the push belongs to the gateway's upkeep. */
export const observedGateway = (
  config: Config,
  platform: Platform,
  lifecycle: Lifecycle = ALWAYS_SERVING,
): Gateway => {
  const metrics = createMetrics(config, platform);
  let instance: string | undefined;
  const resource = (): ReturnType<typeof resourceOf> =>
    resourceOf(config, platform, (instance ??= platform.random.id()));
  const gateway = buildGateway(config, platform, { lifecycle, middlewareLayer, metrics, resource });
  const { path, token } = config.admin;
  if (metrics !== undefined) {
    transportMetrics(metrics, platform.transport);
    const reporter = metricReporter(config, platform, { metrics, resource });
    if (reporter !== undefined) gateway.upkeep.add(reporter);
  }
  if (path === undefined) return gateway;
  const parts = { gateway: () => gateway, lifecycle, metrics, resource, token, hasOpenHealth: false };
  return withAdminPath(gateway, path, adminGateway(platform, parts, path));
};
