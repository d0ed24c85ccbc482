/** A gateway with the metrics, their push and the admin path that its config asks for. */
import type { Config } from "../src/config/types.ts";
import { ALWAYS_SERVING, type Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import { type Gateway, buildGateway } from "../src/gateway.ts";
import { transportMetrics } from "../src/metering.ts";
import { metricReporter } from "../src/metric-reporter.ts";
import { createMetrics, ownResource } from "../src/observation.ts";
import { withAdminPath } from "./admin-gateway.ts";
import { middlewareLayer } from "./middleware-layer.ts";

/** For servers other than Fairlead's own. The push is a task of the gateway's upkeep. */
export const observedGateway = (
  config: Config,
  platform: Platform,
  lifecycle: Lifecycle = ALWAYS_SERVING,
): Gateway => {
  const metrics = createMetrics(config, platform);
  const resource = ownResource(config, platform);
  const gateway = buildGateway(config, platform, { lifecycle, middlewareLayer, metrics, resource });
  if (metrics !== undefined) {
    transportMetrics(metrics, platform.transport);
    const reporter = metricReporter(config, platform, { metrics, resource });
    if (reporter !== undefined) gateway.upkeep.add(reporter);
  }
  return withAdminPath(gateway, config, platform, { lifecycle, metrics, resource });
};
