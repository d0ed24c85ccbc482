/** What the admin listener serves: the admin app, and the dashboard. */
import { isDeepStrictEqual } from "node:util";
import { accessOf, adminGateway } from "../../handlers/admin-gateway.ts";
import type { Control } from "../../handlers/control.ts";
import { type DashboardFiles, dashboardApps } from "../../handlers/dashboard/dashboard.ts";
import { LiveFeed } from "../../handlers/dashboard/live-feed.ts";
import type { Config } from "../../src/config/types.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { Gateway } from "../../src/gateway.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import type { ServerObservation } from "./observation.ts";

export interface AdminSiteParts {
  readonly platform: Platform;
  /** The gateway whose state it shows. */
  readonly gateway: () => Gateway;
  readonly lifecycle: Lifecycle;
  readonly control: Control;
  /** What is measured now. */
  readonly metrics: () => ProxyMetrics | undefined;
}

/** Import it where a config has an admin listener only: a start without Hono is faster. */
export class AdminSite {
  readonly #parts: AdminSiteParts;
  /** Made anew where the config asks for another one only. */
  #made: Made | undefined;
  /** In effect. */
  #config: Config["admin"] | undefined;
  #resource: ServerObservation["resource"] = () => ({});
  /** Goes on over changes of the config. */
  readonly #feed: LiveFeed;

  constructor(parts: AdminSiteParts) {
    this.#parts = parts;
    this.#feed = new LiveFeed({ ...parts, clock: parts.platform.clock });
  }

  gatewayFor(config: Config["admin"], metrics: ServerObservation["metrics"]): Gateway {
    const made = this.#made;
    if (made !== undefined && made.metrics === metrics && isDeepStrictEqual(made.config, config))
      return made.gateway;
    const { platform, gateway: current, lifecycle, control } = this.#parts;
    const gateway = adminGateway(platform, {
      gateway: current,
      lifecycle,
      metrics,
      resource: () => this.#resource(),
      control,
      access: accessOf(
        config,
        config.socket === undefined ? { kind: "listener", host: config.host } : { kind: "socket" },
      ),
      hasOpenHealth: true,
      dashboard: hasDashboard(config) ? dashboardApps(files, this.#feed) : undefined,
    });
    this.#made = { config, metrics, gateway };
    return gateway;
  }

  /** `config` is in effect. */
  takeEffect(config: Config["admin"], resource: ServerObservation["resource"]): void {
    this.#resource = resource;
    // Streams that were opened with a token, or on a listener, that is gone must not go on.
    if (this.#config !== undefined && !isDeepStrictEqual(this.#config, config)) this.#feed.dismiss();
    this.#config = config;
    if (hasDashboard(config)) this.#feed.open();
  }

  /** Nobody watches any more. */
  close(): void {
    this.#feed.close();
  }
}

interface Made extends Pick<ServerObservation, "metrics"> {
  readonly config: Config["admin"];
  readonly gateway: Gateway;
}

const hasDashboard = ({ port, dashboard }: Config["admin"]): boolean => port !== undefined && dashboard;

/** Read when somebody opens the page. */
const files = async (): Promise<DashboardFiles | undefined> =>
  (await import("./dashboard-files.ts")).dashboardFiles();
