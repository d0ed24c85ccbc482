/** A server that listens: the gateway of the config in effect, its sockets, and the admin listener. */
import { act } from "../../handlers/act.ts";
import type { ConfigOrigin } from "../../handlers/config-document.ts";
import type { Action, ActionResult, Control } from "../../handlers/control.ts";
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { EventLog, LogEvent, LogThreshold } from "../../src/observe/event-log.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import type { PreparedConfig, ServeOptions, Serving } from "../serving.ts";
import type { NamedListener } from "../succession.ts";
import { alive } from "./alive.ts";
import type { Generation } from "./generation.ts";
import { Generations } from "./generations.ts";
import { clientRoom, openFileLimit } from "./open-files.ts";
import type { RunningServer } from "./running-server.ts";
import { type ServerComposition, type ServerRole, composeServer } from "./server-composition.ts";
import {
  configChanged,
  configRefused,
  fewFiles,
  finishing,
  listening,
  replaced,
  stopped,
} from "./server-events.ts";

/** Time for the last telemetry and the last lines of logs together. With threads, the main one ends after the others: each has half. */
const FLUSH_MS = 2_000;
const FLUSH_WITH_THREADS_MS = FLUSH_MS / 2;
/** Share of it for collectors. Where one does not answer, the rest is left for the last lines of logs. */
const COLLECTORS_SHARE = 0.75;

/** Listens from the first config on that is committed. */
export class GatewayServer implements RunningServer {
  readonly #made: ServerComposition;
  readonly #generations: Generations;
  readonly #openFiles = openFileLimit();
  #isDraining = false;

  constructor(platform: Platform, options: ServeOptions, role: ServerRole) {
    this.#made = composeServer(platform, options, role, {
      server: this,
      generation: () => this.#generation,
      origin: () => this.#generations.origin,
      emit: (event) => this.#emit(event),
      openFiles: this.#openFiles,
      certificatesChanged: () => void this.#generations.exchangeCertificates(),
      closed: () => this.#closed(),
    });
    this.#generations = new Generations(this.#made, {
      isStopping: () => this.#made.lasting.lifecycle.draining || this.#isDraining,
      changed: (before) => this.#configChanged(before),
      emit: (event) => this.#emit(event),
    });
  }

  get address(): Serving["address"] {
    const { address } = this.#made.sockets;
    if (address === undefined) throw new TypeError("the server does not listen yet");
    return address;
  }
  get admin(): Serving["admin"] {
    return this.#made.admin.address;
  }
  get generation(): number {
    return this.#made.history.generation;
  }
  get lastError(): Serving["lastError"] {
    return this.#made.history.lastError;
  }
  get ownControl(): Control {
    return this.#made.control;
  }
  get events(): EventLog {
    return this.#generation.gateway.events;
  }
  get metrics(): ProxyMetrics | undefined {
    return this.#generation.observation.metrics;
  }
  get instance(): string {
    return this.#made.lasting.observer.instance;
  }

  prepare(config: Config, explicit?: ReadonlySet<string>, origin?: ConfigOrigin): Promise<PreparedConfig> {
    return this.#generations.prepare(config, explicit, origin);
  }

  noteRefusal(message: string): void {
    this.#made.history.noteRefused(message);
    this.#announce(configRefused(message));
  }

  reopenLogs(): void {
    this.#made.lasting.platform.logs?.reopen();
  }

  setLogLevel(category: string, level: LogThreshold): void {
    this.#generation.gateway.events.setLevel(category, level);
  }

  perform(action: Action): Promise<ActionResult> {
    const { view, lasting } = this.#made;
    return act(action, { gateway: this.#generation.gateway, server: view, clock: lasting.platform.clock });
  }

  async listeners(): Promise<readonly NamedListener[]> {
    const all = [...this.#made.sockets.listeners, ...this.#made.admin.listeners];
    return all.map(({ name, host, port, socket }) => ({
      name,
      bound: socket === undefined ? { host, port } : { path: socket },
    }));
  }

  drain(): Promise<{ readonly cut: number }> {
    this.#beginDrain(finishing);
    return this.#made.sockets.drain();
  }

  handOver(): Promise<{ readonly cut: number }> {
    this.#beginDrain(replaced);
    this.handOverAdmin();
    return this.#made.sockets.handOver();
  }

  openAdmin(): void {
    this.#made.admin.open();
  }

  handOverAdmin(): void {
    this.#made.admin.handOver();
  }

  stop(): Promise<{ readonly cut: number }> {
    return this.#made.sockets.stop();
  }

  #beginDrain(event: LogEvent): void {
    if (!this.#isDraining) this.#announce(event);
    this.#isDraining = true;
  }

  async #closed(): Promise<void> {
    const { lasting, retired, certificates, admin } = this.#made;
    const { clock, logs, transport } = lasting.platform;
    const { current } = this.#generations;
    current?.stop();
    await lasting.acme.close();
    retired.stop();
    certificates.stop();
    await transport.close();
    // Before the flush, so that collectors get this event too.
    this.#announce(stopped);
    const flushMs = lasting.part === undefined ? FLUSH_MS : FLUSH_WITH_THREADS_MS;
    const endsAt = clock.now() + flushMs;
    const collectorsMs = flushMs * COLLECTORS_SHARE;
    await alive(Promise.all([current?.flush(collectorsMs), lasting.observer.close(collectorsMs)]));
    await admin.close();
    await logs?.flush(endsAt - clock.now());
  }

  get #generation(): Generation {
    const { current } = this.#generations;
    if (current === undefined) throw new TypeError("the server does not listen yet");
    return current;
  }

  #configChanged(before: Generation | undefined): void {
    if (before !== undefined) this.#announce(configChanged(this.generation));
    // Several threads listen once all of them do.
    else if (this.#made.lasting.part === undefined) this.#announce(listening(this.address));
    const { connections } = this.#generation.config.listen.limits;
    if (connections > clientRoom(this.#openFiles)) this.#announce(fewFiles(connections, this.#openFiles));
  }

  /** Writes an event of the process, which the main thread does for all. */
  #announce(event: LogEvent): void {
    if (this.#made.lasting.part?.role !== "serving") this.#emit(event);
  }

  /** Writes an event into the log of the config in effect. */
  #emit(event: LogEvent): void {
    this.#generations.current?.gateway.events.emit(event);
  }
}
