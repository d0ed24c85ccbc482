/** A whole gateway over sockets. */
import { type ConfigOrigin, readPlainDocument } from "../../handlers/config-document.ts";
import type { Control } from "../../handlers/control.ts";
import { localControl } from "../../handlers/local-control.ts";
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { LogEvent, LogThreshold } from "../../src/observe/event-log.ts";
import { Journal } from "../../src/observe/journal.ts";
import { logTargets } from "../../src/observing.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import { refuseUnsupported } from "../refuse.ts";
import { type PreparedConfig, ServeError, type ServeOptions, type Serving } from "../serving.ts";
import { AdminListener } from "./admin-listener.ts";
import type { AcmeServer } from "./acme/acme-listeners.ts";
import { alive } from "./alive.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import { ConfigHistory } from "./config-history.ts";
import { Deadlines } from "./deadlines.ts";
import { engineView } from "./engine-view.ts";
import { type Generation, type LastingParts, prepareGeneration } from "./generation.ts";
import { notices } from "./notices.ts";
import { ServerObserver } from "./observation.ts";
import { RetiredEndpoints } from "./retired-endpoints.ts";
import { servedConfig } from "./served-config.ts";
import { type ServerSockets, serverSockets } from "./server/listen.ts";
import { Turn } from "./turn.ts";

/** Time for the last telemetry, and for the last lines of logs. */
const FLUSH_MS = 2_000;

/**
 * Builds the gateway of `config` and listens. Resolves once connections are accepted. Installs no signal handlers.
 *
 * @throws ConfigError when the config asks for what `platform` can't do, or names certificates that can't be used.
 * @throws ServeError when the address can't be had.
 */
export const serveGateway = async (
  config: Config,
  platform: Platform,
  options: ServeOptions = {},
): Promise<Serving> => {
  const server = new GatewayServer(platform, options);
  try {
    (await server.prepare(config, options.explicit, options.origin)).commit();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
};

const addressFacts = ({ scheme, host, port, socket }: Serving["address"]): NonNullable<LogEvent["facts"]> =>
  socket === undefined ? { scheme, host, port } : { scheme, socket };

class GatewayServer implements Serving {
  readonly #parts: LastingParts & { readonly lifecycle: { draining: boolean } };
  readonly #history: ConfigHistory;
  readonly #sockets: ServerSockets;
  readonly #admin: AdminListener;
  readonly #control: Control;
  readonly #retired: RetiredEndpoints;
  readonly #certificates: CertificateWatch;
  /** One config is prepared at a time. */
  readonly #turn = new Turn();
  #current: Generation | undefined;
  /** From the first config on that uses it. */
  #acme: Promise<AcmeServer> | undefined;
  #origin: ConfigOrigin | undefined;
  #isDraining = false;

  constructor(platform: Platform, options: ServeOptions) {
    const { clock } = platform;
    const lifecycle = { draining: false };
    this.#history = new ConfigHistory(() => clock.epoch());
    this.#certificates = new CertificateWatch({ clock, emit: (event) => this.#emit(event) });
    const observer = new ServerObserver(platform, this.#history, () => this.#certificates.certificates);
    const journal = new Journal();
    const readDocument = options.readDocument ?? readPlainDocument;
    this.#control = localControl({
      platform,
      lifecycle,
      journal,
      gateway: () => this.#generation.gateway,
      traffic: () => observer.currentTraffic,
      server: engineView({
        sockets: () => this.#sockets,
        admin: () => this.admin,
        counts: observer.counts,
        clock,
      }),
      configs: servedConfig({
        platform,
        history: this.#history,
        server: this,
        read: readDocument,
        origin: () => this.#origin,
      }),
    });
    this.#parts = {
      platform,
      lifecycle,
      observer,
      journal,
      control: this.#control,
      options,
      registry: createEndpointRegistry(),
      redirectRegistry: createEndpointRegistry(),
      acme: async (isUsed) => (isUsed ? (this.#acme ??= this.#loadAcme()) : this.#acme),
    };
    this.#sockets = serverSockets({
      counts: observer.counts,
      lifecycle,
      deadlines: new Deadlines(clock),
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      notice: notices(
        (message) => this.#emit({ category: "client", level: "warning", message }),
        () => clock.now(),
      ),
      closed: () => this.#closed(),
    });
    this.#retired = new RetiredEndpoints(platform, this.#parts.registry);
    this.#admin = new AdminListener({
      platform,
      lifecycle,
      control: this.#control,
      gateway: () => this.#generation.gateway,
    });
  }

  get address(): Serving["address"] {
    const { address } = this.#sockets;
    if (address === undefined) throw new TypeError("the server does not listen yet");
    return address;
  }
  get admin(): Serving["admin"] {
    return this.#admin.address;
  }
  get generation(): number {
    return this.#history.generation;
  }
  get lastError(): Serving["lastError"] {
    return this.#history.lastError;
  }

  async prepare(
    config: Config,
    explicit?: ReadonlySet<string>,
    origin?: ConfigOrigin,
  ): Promise<PreparedConfig> {
    const end = await this.#turn.take();
    try {
      const prepared = await this.#prepare(config, explicit);
      return {
        commit: () => {
          if (!end()) return;
          this.#origin = origin;
          prepared.commit();
        },
        discard: async () => {
          if (end()) await prepared.discard();
        },
      };
    } catch (error) {
      end();
      throw error;
    }
  }

  noteRefusal(message: string): void {
    this.#history.noteRefused(message);
    this.#emit({
      category: "config",
      level: "error",
      message: `the config was refused, and the one before goes on: ${message}`,
    });
  }

  reopenLogs(): void {
    this.#parts.platform.logs?.reopen();
  }

  setLogLevel(category: string, level: LogThreshold): void {
    this.#generation.gateway.events.setLevel(category, level);
  }

  drain(): Promise<{ readonly cut: number }> {
    if (!this.#isDraining) {
      this.#emit({ category: "server", level: "info", message: "finishing what is in flight" });
    }
    this.#isDraining = true;
    return this.#sockets.drain();
  }

  stop(): Promise<{ readonly cut: number }> {
    return this.#sockets.stop();
  }

  async #prepare(config: Config, explicit: ReadonlySet<string> | undefined): Promise<PreparedConfig> {
    const { platform, lifecycle } = this.#parts;
    if (lifecycle.draining) throw new ServeError("the server is stopping");
    refuseUnsupported(config, platform, explicit);
    const next = await prepareGeneration(config, explicit, this.#parts);
    const opened: PreparedConfig[] = [];
    const discard = async (): Promise<void> => {
      await Promise.all([next, ...opened].map((each) => each.discard()));
    };
    try {
      opened.push(await this.#sockets.prepare(next.sockets));
      opened.push(await this.#admin.prepare(config, next.observation));
    } catch (error) {
      await discard();
      throw error;
    }
    return {
      commit: () => {
        if (lifecycle.draining) void discard();
        else this.#commit(next, opened);
      },
      discard,
    };
  }

  #commit(next: Generation, sockets: readonly PreparedConfig[]): void {
    const { platform } = this.#parts;
    const before = this.#current;
    before?.stop();
    next.takeEffect();
    this.#current = next;
    for (const each of sockets) each.commit();
    next.start();
    if (before !== undefined) this.#retired.retire(before.gateway.plan, next.gateway.plan);
    platform.logs?.keepOnly(logTargets(next.config));
    this.#history.noteApplied();
    this.#certificates.watch(next.certificates);
    this.#emit(
      before === undefined
        ? { category: "server", level: "info", message: "listening", facts: addressFacts(this.address) }
        : {
            category: "config",
            level: "info",
            message: "another config is in effect",
            facts: { generation: this.#history.generation },
          },
    );
  }

  /** It takes its time, and most configs need none of it. */
  async #loadAcme(): Promise<AcmeServer> {
    const { AcmeServer: Server } = await import("./acme/acme-listeners.ts");
    return new Server({
      platform: this.#parts.platform,
      emit: (event) => this.#emit(event),
      changed: () => void this.#exchangeCertificates(),
    });
  }

  /** Handshakes from now on get the certificates that are in use now. */
  async #exchangeCertificates(): Promise<void> {
    const end = await this.#turn.take();
    try {
      if (this.#current === undefined || this.#parts.lifecycle.draining) return;
      (await this.#sockets.prepare(this.#current.sockets)).commit();
      this.#certificates.watch(this.#current.certificates);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#emit({
        category: "acme",
        level: "error",
        message: `the certificates of the listeners stay as they were: ${reason}`,
      });
    } finally {
      end();
    }
  }

  async #closed(): Promise<void> {
    const { platform, observer } = this.#parts;
    this.#current?.stop();
    await (await this.#acme)?.close();
    this.#retired.stop();
    this.#certificates.stop();
    await platform.transport.close();
    await alive(this.#current?.flush(FLUSH_MS));
    await observer.close();
    await this.#admin.close();
    this.#emit({ category: "server", level: "info", message: "stopped" });
    await platform.logs?.flush(FLUSH_MS);
  }

  get #generation(): Generation {
    if (this.#current === undefined) throw new TypeError("the server does not listen yet");
    return this.#current;
  }

  /** Writes an event into the log of the config in effect. */
  #emit(event: LogEvent): void {
    this.#current?.gateway.events.emit(event);
  }
}
