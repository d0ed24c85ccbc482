/** A whole gateway over sockets. */
import type { ConfigOrigin } from "../../handlers/config-document.ts";
import { act } from "../../handlers/act.ts";
import type { Action, ActionResult, Control } from "../../handlers/control.ts";
import type { ServerView } from "../../handlers/server-view.ts";
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { EventLog, LogEvent, LogThreshold } from "../../src/observe/event-log.ts";
import { Journal } from "../../src/observe/journal.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { logTargets } from "../../src/observing.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import { refuseUnsupported } from "../refuse.ts";
import { type PreparedConfig, ServeError, type ServeOptions, type Serving } from "../serving.ts";
import type { NamedListener } from "../succession.ts";
import { AdminListener } from "./admin-listener.ts";
import type { AcmeServer } from "./acme/acme-listeners.ts";
import { alive } from "./alive.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import { ConfigHistory } from "./config-history.ts";
import { Deadlines } from "./deadlines.ts";
import { InheritedSockets } from "./inheritance/inherited-sockets.ts";
import { engineView } from "./engine-view.ts";
import { type Generation, type LastingParts, prepareGeneration } from "./generation.ts";
import { notices } from "./notices.ts";
import { ServerObserver } from "./observation.ts";
import { preparedTogether } from "./prepared-together.ts";
import { RetiredEndpoints } from "./retired-endpoints.ts";
import { serverControl } from "./server-control.ts";
import type { RunningServer } from "./running-server.ts";
import { type ServerSockets, serverSockets } from "./server/listen.ts";
import { configChanged, configRefused, finishing, replaced, listening, stopped } from "./server-events.ts";
import { type ThreadPart, refuseOtherThreads } from "./thread-part.ts";
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
  return runServer(config, platform, options);
};

/** The same, for the threads of a process: see `ThreadPart`. */
export const runServer = async (
  config: Config,
  platform: Platform,
  options: ServeOptions,
  part?: ThreadPart,
): Promise<RunningServer> => {
  const inherited = options.inheritance && new InheritedSockets(options.inheritance);
  const server = new GatewayServer(platform, options, { part, inherited });
  try {
    const prepared = await server.prepare(config, options.explicit, options.origin);
    try {
      await inherited?.settle();
    } catch (error) {
      await prepared.discard();
      throw error;
    }
    prepared.commit();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
};

interface ServerRole {
  readonly part: ThreadPart;
  readonly inherited: InheritedSockets | undefined;
}

class GatewayServer implements RunningServer {
  readonly #parts: LastingParts & { readonly lifecycle: { draining: boolean } };
  readonly #part: ThreadPart;
  readonly #history: ConfigHistory;
  readonly #sockets: ServerSockets;
  readonly #admin: AdminListener;
  readonly ownControl: Control;
  readonly #view: ServerView;
  readonly #retired: RetiredEndpoints;
  readonly #certificates: CertificateWatch;
  /** One config is prepared at a time. */
  readonly #turn = new Turn();
  #current: Generation | undefined;
  /** From the first config on that uses it. */
  #acme: Promise<AcmeServer> | undefined;
  #origin: ConfigOrigin | undefined;
  #isDraining = false;

  constructor(platform: Platform, options: ServeOptions, { part, inherited }: ServerRole) {
    const { clock } = platform;
    const lifecycle = part?.role === "main" ? part.lifecycle : { draining: false };
    this.#part = part;
    this.#history = new ConfigHistory(() => clock.epoch());
    this.#certificates = new CertificateWatch({ clock, emit: (event) => this.#emit(event) });
    const observer = new ServerObserver(platform, this.#history, {
      certificates: () => this.#certificates.certificates,
      part,
    });
    const journal = new Journal();
    this.#view = engineView({
      sockets: () => this.#sockets,
      admin: () => this.admin,
      counts: observer.counts,
      clock,
      upgrade: options.upgrade,
    });
    this.ownControl = serverControl({
      platform,
      lifecycle,
      journal,
      observer,
      part,
      view: this.#view,
      history: this.#history,
      server: this,
      readDocument: options.readDocument,
      gateway: () => this.#generation.gateway,
      origin: () => this.#origin,
    });
    const control = part?.role === "serving" ? part.control : this.ownControl;
    this.#parts = {
      platform,
      lifecycle,
      observer,
      journal,
      control,
      options,
      part,
      registry: createEndpointRegistry(),
      redirectRegistry: createEndpointRegistry(),
      acme: async (isUsed) => (isUsed ? (this.#acme ??= this.#loadAcme()) : this.#acme),
    };
    this.#sockets = serverSockets({
      counts: observer.counts,
      lifecycle,
      share: platform.share,
      deadlines: new Deadlines(clock),
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      notice: notices(
        (message) => this.#emit({ category: "client", level: "warning", message }),
        () => clock.now(),
      ),
      closed: () => this.#closed(),
      inherited,
    });
    this.#retired = new RetiredEndpoints(platform, this.#parts.registry);
    this.#admin = new AdminListener({
      platform,
      lifecycle,
      inherited,
      control,
      gateway: () => this.#generation.gateway,
      metrics: () => observer.currentMetrics,
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
    this.#announce(configRefused(message));
  }

  reopenLogs(): void {
    this.#parts.platform.logs?.reopen();
  }

  setLogLevel(category: string, level: LogThreshold): void {
    this.#generation.gateway.events.setLevel(category, level);
  }

  drain(): Promise<{ readonly cut: number }> {
    this.#beginDrain(finishing);
    return this.#sockets.drain();
  }

  handOver(): Promise<{ readonly cut: number }> {
    this.#beginDrain(replaced);
    this.handOverAdmin();
    return this.#sockets.handOver();
  }

  handOverAdmin(): void {
    this.#admin.handOver();
  }

  async listeners(): Promise<readonly NamedListener[]> {
    const all = [...this.#sockets.listeners, ...this.#admin.listeners];
    return all.map(({ name, host, port, socket }) => ({
      name,
      bound: socket === undefined ? { host, port } : { path: socket },
    }));
  }

  #beginDrain(event: LogEvent): void {
    if (!this.#isDraining) this.#announce(event);
    this.#isDraining = true;
  }

  stop(): Promise<{ readonly cut: number }> {
    return this.#sockets.stop();
  }

  async #prepare(config: Config, explicit: ReadonlySet<string> | undefined): Promise<PreparedConfig> {
    const { platform, lifecycle } = this.#parts;
    if (lifecycle.draining || this.#isDraining) throw new ServeError("the server is stopping");
    refuseUnsupported(config, platform, explicit);
    refuseOtherThreads(this.#current?.config, config);
    const next = await prepareGeneration(config, explicit, this.#parts);
    const opened = await preparedTogether([
      // Its certificates are taken back where a socket can't be opened.
      async () => ({ commit: () => {}, discard: () => next.discard() }),
      ...(this.#part?.role === "serving" ? [] : [() => this.#admin.prepare(config, next.observation)]),
      () => this.#sockets.prepare(next.sockets),
    ]);
    return {
      commit: () => {
        if (lifecycle.draining || this.#isDraining) void opened.discard();
        else this.#commit(next, opened);
      },
      discard: () => opened.discard(),
    };
  }

  #commit(next: Generation, opened: PreparedConfig): void {
    const { platform } = this.#parts;
    const before = this.#current;
    before?.stop();
    next.takeEffect();
    this.#current = next;
    opened.commit();
    next.start();
    if (before !== undefined) this.#retired.retire(before.gateway.plan, next.gateway.plan);
    platform.logs?.keepOnly(logTargets(next.config));
    this.#history.noteApplied();
    if (this.#part?.role !== "serving") this.#certificates.watch(next.certificates);
    if (before !== undefined) {
      this.#announce(configChanged(this.#history.generation));
    } else if (this.#part === undefined) this.#announce(listening(this.address));
  }

  /** It takes its time, and most configs need none of it. */
  async #loadAcme(): Promise<AcmeServer> {
    const { AcmeServer: Server } = await import("./acme/acme-listeners.ts");
    return new Server({
      platform: this.#parts.platform,
      emit: (event) => this.#emit(event),
      changed: () => void this.#exchangeCertificates(),
      // The main thread listens on nothing that an authority could come to.
      isOrdering: this.#part?.role !== "main",
      isObserved: this.#part?.role !== "serving",
    });
  }

  /** Handshakes from now on get the certificates that are in use now. */
  async #exchangeCertificates(): Promise<void> {
    const end = await this.#turn.take();
    try {
      if (this.#current === undefined || this.#parts.lifecycle.draining) return;
      (await this.#sockets.prepare(this.#current.sockets)).commit();
      if (this.#part?.role !== "serving") this.#certificates.watch(this.#current.certificates);
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
    this.#announce(stopped);
    await platform.logs?.flush(FLUSH_MS);
  }

  perform(action: Action): Promise<ActionResult> {
    const { clock } = this.#parts.platform;
    return act(action, { gateway: this.#generation.gateway, server: this.#view, clock });
  }

  get events(): EventLog {
    return this.#generation.gateway.events;
  }
  get metrics(): ProxyMetrics | undefined {
    return this.#generation.observation.metrics;
  }
  get instance(): string {
    return this.#parts.observer.instance;
  }

  get #generation(): Generation {
    if (this.#current === undefined) throw new TypeError("the server does not listen yet");
    return this.#current;
  }

  /** Writes an event of the process, which the main thread does for all. */
  #announce(event: LogEvent): void {
    if (this.#part?.role !== "serving") this.#emit(event);
  }

  /** Writes an event into the log of the config in effect. */
  #emit(event: LogEvent): void {
    this.#current?.gateway.events.emit(event);
  }
}
