/** The admin listener: the same engine with another app behind it. */
import { accessOf, adminGateway } from "../../handlers/admin-gateway.ts";
import type { Control } from "../../handlers/control.ts";
import type { Config } from "../../src/config/types.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { Gateway } from "../../src/gateway.ts";
import type { PreparedConfig, Serving } from "../serving.ts";
import { Deadlines } from "./deadlines.ts";
import type { ServerObservation } from "./observation.ts";
import { type ListenPlan, type ServerSockets, serverSockets } from "./server/listen.ts";

export interface AdminListenerParts {
  readonly platform: Platform;
  /** The gateway whose state it shows. */
  readonly gateway: () => Gateway;
  readonly lifecycle: Lifecycle;
  readonly control: Control;
}

/** It has limits of its own and is not drained: it answers until the process stops. */
export class AdminListener {
  readonly #parts: AdminListenerParts;
  readonly #sockets: ServerSockets;

  constructor(parts: AdminListenerParts) {
    const { clock } = parts.platform;
    this.#parts = parts;
    this.#sockets = serverSockets({
      counts: { open: 0, accepted: 0, refused: 0 },
      lifecycle: { draining: false },
      deadlines: new Deadlines(clock),
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      notice: () => {},
      closed: async () => {},
    });
  }

  /** Undefined where the config has none. */
  get address(): Serving["admin"] {
    return this.#sockets.address;
  }

  /** @throws ServeError when the address can't be had. */
  prepare(config: Config, observation: ServerObservation): Promise<PreparedConfig> {
    return this.#sockets.prepare(this.#planOf(config, observation));
  }

  async close(): Promise<void> {
    await this.#sockets.stop();
  }

  #planOf({ admin: config }: Config, { metrics, resource }: ServerObservation): ListenPlan {
    const { platform, gateway: current, lifecycle, control } = this.#parts;
    const { host, port, socket, socketMode, tls } = config;
    const gateway = adminGateway(platform, {
      gateway: current,
      lifecycle,
      metrics,
      resource,
      control,
      access: accessOf(config, socket === undefined ? { kind: "listener", host } : { kind: "socket" }),
      hasOpenHealth: true,
    });
    return {
      listen: gateway.plan.config.listen,
      isWatched: false,
      entrances:
        port === undefined && socket === undefined
          ? []
          : [
              {
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
}
