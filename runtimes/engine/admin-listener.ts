/** The admin listener: the same engine with another app behind it. */
import { adminGateway } from "../../handlers/admin-gateway.ts";
import type { Config } from "../../src/config/types.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { GatewayRef } from "../../src/gateway.ts";
import type { Serving, ServingSockets } from "../serving.ts";
import { Deadlines } from "./deadlines.ts";
import type { ServerObservation } from "./observation.ts";
import { listen } from "./server/listen.ts";

export interface AdminListenerParts {
  readonly config: Config;
  readonly platform: Platform;
  /** The gateway whose state it shows. */
  readonly gateway: GatewayRef;
  readonly lifecycle: Lifecycle;
  readonly observation: ServerObservation;
}

export interface AdminListener {
  /** Listens, where the config asks for it. Throws `ServeError` when the address can't be had. */
  open(): Promise<Serving["admin"]>;
  close(): Promise<void>;
}

/** It has limits of its own, and is not drained: it answers until the end. */
export const adminListener = (parts: AdminListenerParts): AdminListener => {
  let serving: ServingSockets | undefined;
  return {
    async open() {
      const { port } = parts.config.admin;
      if (port === undefined) return undefined;
      serving = await listenAdmin(parts, port);
      return { host: serving.address.host, port: serving.address.port };
    },
    async close() {
      await serving?.stop();
    },
  };
};

const listenAdmin = (parts: AdminListenerParts, port: number): Promise<ServingSockets> => {
  const { config, platform, gateway, lifecycle, observation } = parts;
  const { clock } = platform;
  const { host, token } = config.admin;
  const { metrics, resource } = observation;
  const current = adminGateway(platform, {
    gateway: () => gateway.current,
    lifecycle,
    metrics,
    resource,
    token,
    hasOpenHealth: true,
  });
  const own = current.plan.config;
  return listen({
    listen: own.listen,
    isWatched: false,
    counts: { open: 0, accepted: 0, refused: 0 },
    entrances: [{ host, port, tls: undefined, fallbackHost: undefined, gateway: { current } }],
    lifecycle: { draining: false },
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    notice: () => {},
    closed: async () => {},
  });
};
