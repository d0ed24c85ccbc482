/** The admin listener: the same engine with another app behind it. */
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
import type { PreparedConfig, Serving } from "../serving.ts";
import { Deadlines } from "./deadlines.ts";
import type { ServerObservation } from "./observation.ts";
import type { InheritedSockets } from "./inheritance/inherited-sockets.ts";
import { type ListenPlan, type OpenListener, type ServerSockets, serverSockets } from "./server/listen.ts";

export interface AdminListenerParts {
  readonly platform: Platform;
  /** The gateway whose state it shows. */
  readonly gateway: () => Gateway;
  readonly lifecycle: Lifecycle;
  readonly inherited: InheritedSockets | undefined;
  readonly control: Control;
  /** What is measured now. */
  readonly metrics: () => ProxyMetrics | undefined;
}

/** Time for answers that are under way at a hand-over. Streams of events have no other end. */
const HAND_OVER_MS = 1_000;

/** It has limits of its own and is not drained: it answers until the process stops. */
export class AdminListener {
  readonly #parts: AdminListenerParts;
  readonly #sockets: ServerSockets;
  /** Made anew where the config asks for another one only. */
  #made: Made | undefined;
  #resource: ServerObservation["resource"] = () => ({});
  /** Goes on over changes of the config. */
  readonly #feed: LiveFeed;
  #handedOver: Promise<unknown> | undefined;

  constructor(parts: AdminListenerParts) {
    const { clock } = parts.platform;
    this.#parts = parts;
    this.#feed = new LiveFeed({ ...parts, clock });
    this.#sockets = serverSockets({
      counts: { open: 0, accepted: 0, refused: 0 },
      lifecycle: { draining: false },
      deadlines: new Deadlines(clock),
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      notice: () => {},
      closed: async () => {},
      inherited: parts.inherited,
    });
  }

  /** Undefined where the config has none. */
  get address(): Serving["admin"] {
    return this.#sockets.address;
  }

  /** @throws ServeError when the address can't be had. */
  async prepare(config: Config, { metrics, resource }: ServerObservation): Promise<PreparedConfig> {
    const prepared = await this.#sockets.prepare(this.#planOf(config, metrics));
    return {
      ...prepared,
      commit: () => {
        this.#resource = resource;
        if (hasDashboard(config.admin)) this.#feed.open();
        prepared.commit();
      },
    };
  }

  get listeners(): readonly OpenListener[] {
    return this.#sockets.listeners;
  }

  /** Another process answers from now on. */
  handOver(): void {
    this.#handedOver ??= this.#sockets.handOver();
  }

  /** Resolves once it has ended. */
  async close(): Promise<void> {
    this.#feed.close();
    await (this.#handedOver ?? this.#sockets.stop());
  }

  #planOf({ admin: config }: Config, metrics: ServerObservation["metrics"]): ListenPlan {
    const { host, port, socket, socketMode, tls } = config;
    const gateway = this.#gatewayFor(config, metrics);
    return {
      listen: { ...gateway.plan.config.listen, drain: { delayMs: 0, timeoutMs: HAND_OVER_MS } },
      isWatched: false,
      entrances:
        port === undefined && socket === undefined
          ? []
          : [
              {
                name: "admin",
                host,
                port: port ?? 0,
                socket,
                socketMode,
                tls,
                proxyProtocol: undefined,
                fallbackHost: undefined,
                role: "admin",
                gateway,
              },
            ],
    };
  }

  #gatewayFor(config: Config["admin"], metrics: ServerObservation["metrics"]): Gateway {
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
}

interface Made extends Pick<ServerObservation, "metrics"> {
  readonly config: Config["admin"];
  readonly gateway: Gateway;
}

const hasDashboard = ({ port, dashboard }: Config["admin"]): boolean => port !== undefined && dashboard;

/** Read when somebody opens the page. */
const files = async (): Promise<DashboardFiles> => (await import("./dashboard-files.ts")).dashboardFiles();
