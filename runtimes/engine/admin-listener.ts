/** The admin listener: the same engine with another app behind it. */
import type { Config } from "../../src/config/types.ts";
import type { Gateway } from "../../src/gateway.ts";
import type { PreparedConfig, Serving } from "../serving.ts";
import type { AdminSite, AdminSiteParts } from "./admin-site.ts";
import { Deadlines } from "./deadlines.ts";
import type { ServerObservation } from "./observation.ts";
import type { InheritedSockets } from "./inheritance/inherited-sockets.ts";
import { type ListenPlan, type OpenListener, type ServerSockets, serverSockets } from "./server/listen.ts";

export interface AdminListenerParts extends AdminSiteParts {
  readonly inherited: InheritedSockets | undefined;
  /** Whether connections wait until `open` is called, because nothing is served yet that they could show or change. */
  readonly isHeld: boolean;
}

/** Time for answers that are under way at a hand-over. Streams of events have no other end. */
const HAND_OVER_MS = 1_000;

/** It has limits of its own and is not drained: it answers until the process stops. */
export class AdminListener {
  readonly #parts: AdminListenerParts;
  readonly #sockets: ServerSockets;
  /** From the first config on that has the listener. */
  #site: AdminSite | undefined;
  #handedOver: Promise<unknown> | undefined;
  #isHeld: boolean;
  /** Its commit waits for `open`. */
  #held: PreparedConfig | undefined;

  constructor(parts: AdminListenerParts) {
    const { clock, capabilities } = parts.platform;
    this.#parts = parts;
    this.#isHeld = parts.isHeld;
    this.#sockets = serverSockets({
      counts: { open: 0, accepted: 0, refused: 0 },
      lifecycle: { draining: false },
      deadlines: new Deadlines(clock),
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      notice: () => {},
      closed: async () => {},
      inherited: parts.inherited,
      pacesTls: !capabilities.has("tls-pause"),
    });
  }

  /** Undefined where the config has none. */
  get address(): Serving["admin"] {
    return this.#sockets.address;
  }

  /** @throws ServeError when the address can't be had. */
  async prepare(config: Config, { metrics, resource }: ServerObservation): Promise<PreparedConfig> {
    const { admin } = config;
    const gateway = hasAdminListener(config)
      ? (await this.#loadSite()).gatewayFor(admin, metrics)
      : undefined;
    const prepared = await this.#sockets.prepare(planOf(config, gateway));
    return {
      ...prepared,
      commit: () => {
        this.#site?.takeEffect(admin, resource);
        if (this.#isHeld) this.#held = prepared;
        else prepared.commit();
      },
    };
  }

  /** Answers from now on. */
  open(): void {
    this.#isHeld = false;
    this.#held?.commit();
    this.#held = undefined;
  }

  get listeners(): readonly OpenListener[] {
    return this.#sockets.listeners;
  }

  /** Another process answers from now on. Event streams end, so that pages go on with it at once. */
  handOver(): void {
    this.#handedOver ??= this.#sockets.handOver();
    this.#site?.close();
  }

  /** Resolves once it has ended. */
  async close(): Promise<void> {
    this.#site?.close();
    await this.#held?.discard();
    await (this.#handedOver ?? this.#sockets.stop());
  }

  async #loadSite(): Promise<AdminSite> {
    const { AdminSite: Site } = await import("./admin-site.ts");
    return (this.#site ??= new Site(this.#parts));
  }
}

/** Whether there is one; the admin app below a path of the gateway is another thing. */
export const hasAdminListener = ({ admin: { port, socket } }: Pick<Config, "admin">): boolean =>
  port !== undefined || socket !== undefined;

/** @param gateway undefined where `config` has no admin listener */
const planOf = ({ admin, listen }: Config, gateway: Gateway | undefined): ListenPlan => {
  const { host, port, socket, socketMode, tls } = admin;
  return {
    // Without a listener, what is left of the one before still ends by these.
    listen: {
      ...(gateway?.plan.config.listen ?? listen),
      drain: { delayMs: 0, timeoutMs: HAND_OVER_MS },
    },
    isWatched: false,
    entrances:
      gateway === undefined
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
};
