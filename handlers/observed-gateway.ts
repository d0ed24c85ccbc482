/** A gateway with the metrics, their push and the admin path that its config asks for. */
import type { ShownConfig } from "../src/config/shown-config.ts";
import type { Config } from "../src/config/types.ts";
import { ALWAYS_SERVING, type Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import { type Gateway, buildGateway } from "../src/gateway.ts";
import { transportMetrics } from "../src/metering.ts";
import { metricReporter } from "../src/metric-reporter.ts";
import { createMetrics, ownResource } from "../src/observation.ts";
import { Journal } from "../src/observe/journal.ts";
import { TrafficMeter } from "../src/observe/traffic.ts";
import { trafficSampling } from "../src/traffic-sampling.ts";
import { withAdminPath } from "./admin-gateway.ts";
import { fixedConfig } from "./fixed-config.ts";
import { localControl } from "./local-control.ts";
import { middlewareLayer } from "./middleware-layer.ts";
import { NO_SERVER } from "./server-view.ts";

export interface ObservedGatewayOptions {
  /** @default always serving */
  readonly lifecycle?: Lifecycle | undefined;
  /** What may be shown of the config. @default nothing */
  readonly shown?: ShownConfig | undefined;
}

/** For servers other than Fairlead's own. The push is a task of the gateway's upkeep. */
export const observedGateway = (
  config: Config,
  platform: Platform,
  { lifecycle = ALWAYS_SERVING, shown }: ObservedGatewayOptions = {},
): Gateway => {
  const metrics = createMetrics(config, platform);
  const resource = ownResource(config, platform);
  const journal = config.admin.path === undefined ? undefined : new Journal();
  const gateway = buildGateway(config, platform, { lifecycle, middlewareLayer, metrics, resource, journal });
  if (metrics !== undefined) {
    transportMetrics(metrics, platform.transport);
    const reporter = metricReporter(config, platform, {
      metrics,
      resource,
      emit: (event) => void gateway.events.emit(event),
    });
    if (reporter !== undefined) gateway.upkeep.add(reporter);
  }
  if (journal === undefined) return gateway;
  const meter = metrics && new TrafficMeter(metrics);
  if (meter !== undefined) gateway.upkeep.add(trafficSampling(meter, platform.clock));
  const control = localControl({
    platform,
    gateway: () => gateway,
    lifecycle,
    traffic: () => meter,
    journal,
    server: NO_SERVER,
    configs: fixedConfig(platform, shown),
  });
  return withAdminPath(gateway, config, platform, { lifecycle, metrics, resource, control });
};
