/**
 * A gateway in several threads.
 *
 * ```
 *   main thread                                   n threads that answer requests
 *     admin listener, signals, reload              listeners (one port, reusePort)
 *     health checks, discovery      ── results ──▶   endpoints and their health
 *     log outputs, rotation         ◀── lines ────   access log, events
 *     /metrics, push                ◀─ observed ──   series in shared memory
 * ```
 *
 * The main thread answers no request: what a thread does to itself, by its own middleware say, takes nothing away from the others.
 */
import type { ConfigOrigin } from "../../../handlers/config-document.ts";
import type { Config } from "../../../src/config/types.ts";
import type { Diagnostics } from "../../../src/core/diagnostics.ts";
import type { Platform } from "../../../src/core/platform.ts";
import { allInstruments } from "../../../src/observe/instruments.ts";
import type { LogThreshold } from "../../../src/observe/event-log.ts";
import { combined } from "../../../src/observe/observed.ts";
import type { Observed } from "../../../src/observe/metric-registry.ts";
import { PROCESS_INSTRUMENTS } from "../../../src/observe/process-instruments.ts";
import { SharedMemory, sharedMetrics } from "../../../src/observe/shared-memory.ts";
import { type PreparedConfig, ServeError, type ServeOptions, type Serving } from "../../serving.ts";
import { type RunningServer, listening, runServer } from "../serve.ts";
import { ConfigSender } from "./config-transfer.ts";
import type { ThreadMethods, ThreadStart } from "./messages.ts";
import { claimPorts } from "./ports.ts";
import { NOTHING, ServingThread } from "./serving-thread.ts";
import type { ThreadLoss } from "./thread-loss.ts";
import { refuseUnshared } from "./thread-count.ts";
import { type NumberedThread, ThreadViews } from "./thread-views.ts";
import { FoundHere } from "./shared-findings.ts";
import { type SharedTallies, Tallies, sharedTallies } from "./tallies.ts";
import { type PlaceLoss, ThreadPool } from "./thread-pool.ts";

export interface ThreadedOptions {
  /** More than one. */
  readonly threads: number;
  /** Module that each thread begins with. */
  readonly entry: URL;
}

/** Numbers of all series together, see `SharedMetricsSize`. */
const COLUMNS = 2 ** 18;
const MAIN_ROW = 0;
const KINDS = new Map(allInstruments().map((instrument) => [instrument.name, instrument]));
const IN_FLIGHT = "http.server.active_requests";

/** Resolves once all threads accept connections. Throws as `serve` does. */
export const serveThreads = async (
  config: Config,
  given: Platform,
  options: ServeOptions,
  threaded: ThreadedOptions,
): Promise<Serving> => {
  const supervisor = new Supervisor(given, options, threaded);
  await supervisor.start(config);
  return supervisor;
};

/** A config as threads get it. */
interface ThreadConfig extends SentWith {
  /** Counts the configs that were put into effect. */
  readonly version: number;
}

type SentWith = Pick<ThreadStart, "config" | "explicit">;

/** By what the config asks for. */
type Ports = ReadonlyMap<string, number>;

interface BoundConfig {
  readonly config: Config;
  readonly ports: Ports;
  /** With what the options set. */
  readonly explicit: (given: ReadonlySet<string>) => ReadonlySet<string>;
}

interface Prepared {
  readonly main: PreparedConfig;
  /** That have prepared it too. */
  readonly threads: readonly ServingThread[];
  readonly ports: Ports;
}

const ignore = (): void => {};

class Supervisor implements Serving {
  readonly #options: ServeOptions;
  readonly #threaded: ThreadedOptions;
  readonly #platform: Platform;
  readonly #given: Platform;
  readonly #lifecycle = { draining: false };
  readonly #metrics: ThreadStart["metrics"];
  readonly #memory: SharedMemory;
  readonly #shared: SharedTallies;
  readonly #tallies: Tallies;
  readonly #sender = new ConfigSender();
  readonly #found: FoundHere;
  readonly #pool: ThreadPool;
  readonly #views: ThreadViews;
  readonly #logLevels: Map<string, LogThreshold> = new Map();
  /** What observers of lost threads had counted. */
  #departed: Observed = NOTHING;
  #main: RunningServer | undefined;
  #config: ThreadConfig | undefined;
  #ports: Ports = new Map();
  #address: Serving["address"] | undefined;
  #ended: Promise<{ readonly cut: number }> | undefined;

  constructor(given: Platform, options: ServeOptions, threaded: ThreadedOptions) {
    this.#given = given;
    this.#options = options;
    this.#threaded = threaded;
    this.#metrics = sharedMetrics({ writers: threaded.threads + 1, columns: COLUMNS });
    this.#memory = new SharedMemory(this.#metrics, MAIN_ROW);
    this.#shared = sharedTallies(threaded.threads);
    // This thread only takes back what lost ones have added.
    this.#tallies = new Tallies(this.#shared, 0);
    this.#found = new FoundHere({
      checked: (result) => this.#tell("checked", result),
      listed: (key, update) => this.#tell("listed", key, update),
    });
    this.#platform = {
      ...given,
      checks: this.#found.checks,
      discover: given.discover && this.#found.discovering(given.discover),
      diagnostics: (thread) => this.#diagnosticsOf(thread),
    };
    this.#views = new ThreadViews({
      threads: () => this.#numbered(),
      isDraining: () => this.#lifecycle.draining,
    });
    this.#pool = new ThreadPool({
      size: threaded.threads,
      create: (place, lost) => this.#createThread(place, lost),
      welcome: (thread) => this.#welcome(thread),
      onLoss: (loss) => this.#onLoss(loss),
      now: () => given.clock.now(),
    });
  }

  #diagnosticsOf(number: number | undefined): Diagnostics | undefined {
    if (number === 0) return this.#given.diagnostics?.(0);
    const thread = number === undefined ? this.#pool.running[0] : this.#pool.places[number - 1]?.thread;
    return thread?.diagnostics;
  }

  #numbered(): readonly NumberedThread[] {
    return this.#pool.places.map(({ thread, startedAt }, place) => ({
      id: place + 1,
      thread,
      startedAt: this.#epochOf(startedAt),
    }));
  }

  #epochOf(at: number): number {
    const { clock } = this.#given;
    return Math.round(clock.epoch() + at - clock.now());
  }

  async start(config: Config): Promise<void> {
    const { source, explicit = new Set() } = this.#options;
    refuseUnshared(config, this.#threaded.threads);
    const bound = await this.#bound(config);
    this.#ports = bound.ports;
    const sent = this.#sender.send(bound.config, source);
    this.#sender.keep(sent);
    this.#config = { config: sent, explicit: bound.explicit(explicit), version: 1 };
    const main = await runServer(config, this.#platform, this.#options, {
      role: "main",
      memory: this.#memory,
      observedEverywhere: () => this.#observedEverywhere(),
      lifecycle: this.#lifecycle,
      others: this.#views,
      server: this,
    });
    this.#main = main;
    main.metrics?.registry.observe((observe) =>
      observe(PROCESS_INSTRUMENTS.threads, [], this.#pool.running.length),
    );
    try {
      await this.#pool.start();
    } catch (error) {
      await main.stop();
      throw error;
    }
    const [first] = this.#pool.running;
    if (first === undefined) throw new ServeError("no thread answers requests");
    this.#address = await first.ready;
    const { events } = main;
    events.emit({
      ...listening(this.#address),
      facts: { ...this.#address, threads: this.#threaded.threads },
    });
  }

  get address(): Serving["address"] {
    if (this.#address === undefined) throw new TypeError("the server has not started");
    return this.#address;
  }

  get admin(): Serving["admin"] {
    return this.#running.admin;
  }

  get generation(): number {
    return this.#running.generation;
  }

  get lastError(): Serving["lastError"] {
    return this.#running.lastError;
  }

  noteRefusal(message: string): void {
    this.#running.noteRefusal(message);
  }

  /** On all threads, or on none. */
  async prepare(
    config: Config,
    explicit: ReadonlySet<string> = new Set(),
    origin?: ConfigOrigin,
  ): Promise<PreparedConfig> {
    const main = await this.#running.prepare(config, explicit, origin);
    const threads = this.#pool.running;
    const discard = async (): Promise<void> => {
      await Promise.all([main.discard(), ...threads.map(({ peer }) => peer.call("discard").catch(ignore))]);
    };
    try {
      refuseUnshared(config, this.#threaded.threads);
      const { ports, ...bound } = await this.#bound(config);
      const next = {
        config: this.#sender.send(bound.config, this.#options.source),
        explicit: bound.explicit(explicit),
      };
      await Promise.all(threads.map((thread) => this.#prepareOn(thread, next)));
      return {
        commit: () => this.#commit({ ...next, version: this.#version + 1 }, { main, threads, ports }),
        discard,
      };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  /** A thread that ends meanwhile is no reason to refuse a config: the one in its place gets it. */
  async #prepareOn(thread: ServingThread, { config, explicit }: SentWith): Promise<void> {
    try {
      await thread.peer.call("prepare", config, explicit);
    } catch (error) {
      if (this.#pool.running.includes(thread)) throw error;
    }
  }

  #commit(next: ThreadConfig, { main, threads, ports }: Prepared): void {
    this.#config = next;
    this.#sender.keep(next.config);
    this.#ports = ports;
    for (const thread of threads) {
      thread.peer.tell("commit");
      this.#versions.set(thread, next.version);
    }
    main.commit();
  }

  reopenLogs(): void {
    this.#running.reopenLogs();
  }

  setLogLevel(category: string, level: LogThreshold): void {
    this.#logLevels.set(category, level);
    this.#running.setLogLevel(category, level);
    this.#tell("setLogLevel", category, level);
  }

  drain(): Promise<{ readonly cut: number }> {
    return (this.#ended ??= this.#end("drain"));
  }

  async stop(): Promise<{ readonly cut: number }> {
    if (this.#ended === undefined) return (this.#ended = this.#end("stop"));
    // Overtakes a drain.
    const cut = await Promise.all(this.#pool.threads.map((thread) => thread.end("stop")));
    await this.#ended;
    return { cut: total(cut) };
  }

  /** The threads first: what they report at the end goes out with the main thread's. */
  async #end(how: "drain" | "stop"): Promise<{ readonly cut: number }> {
    this.#lifecycle.draining = true;
    if (how === "drain")
      this.#running.events.emit({
        category: "server",
        level: "info",
        message: "finishing what is in flight",
      });
    const cut = await this.#pool.close((thread) => thread.end(how));
    await this.#running.stop();
    return { cut: total(cut) };
  }

  get #version(): number {
    return this.#config?.version ?? 0;
  }

  get #running(): RunningServer {
    if (this.#main === undefined) throw new TypeError("the server has not started");
    return this.#main;
  }

  /** The config with ports that are known: all threads listen on the same ones. */
  async #bound(config: Config): Promise<BoundConfig> {
    const { host, port } = this.#options;
    const listen = { ...config.listen, host: host ?? config.listen.host, port: port ?? config.listen.port };
    const { ports, listen: claimed } = await claimPorts(listen, this.#ports);
    return {
      ports,
      config: { ...config, listen: claimed },
      explicit: (given) => (host === undefined ? given : given.union(new Set(["listen.host"]))),
    };
  }

  #createThread(place: number, lost: (loss: ThreadLoss) => void): ServingThread {
    if (this.#config === undefined) throw new TypeError("there is no config yet");
    const { config, explicit, version } = this.#config;
    const { ownControl: control } = this.#running;
    let endWatch: (() => void) | undefined;
    const thread: ServingThread = new ServingThread({
      entry: this.#threaded.entry,
      name: `fairlead-${place + 1}`,
      start: {
        config,
        explicit,
        metrics: this.#metrics,
        row: rowOf(place),
        instance: this.#running.instance,
        place,
        tallies: this.#shared,
        findings: this.#found.findings(),
        logLevels: [...this.#logLevels],
        tellsEvents: this.#options.onUpstreamEvent !== undefined,
      },
      methods: {
        writeLines: async (to, bytes) => this.#given.logs?.writeBatch?.(to, bytes),
        observed: () => this.#observedEverywhere(),
        upstreamEvent: (event) => this.#options.onUpstreamEvent?.(event),
        noted: (entry) => this.#views.noted(entry),
        watch(wanted) {
          endWatch?.();
          endWatch = wanted ? control.subscribe((change) => thread.peer.tell("changed", change)) : undefined;
        },
        snapshot: () => control.snapshot(),
        act: (action, actor) => control.act(action, actor),
        config: () => control.config(),
        checkConfig: (document) => control.checkConfig(document),
        putConfig: (document, actor) => control.putConfig(document, actor),
        connections: (query) => control.connections(query),
        explain: (request) => control.explain(request),
        failures: () => control.failures(),
      },
      lost(loss) {
        endWatch?.();
        lost(loss);
      },
    });
    this.#versions.set(thread, version);
    return thread;
  }

  readonly #versions: WeakMap<ServingThread, number> = new WeakMap();

  /** A thread that was made for an older config gets the one of the moment. */
  async #welcome(thread: ServingThread): Promise<void> {
    this.#views.welcome(thread);
    for (;;) {
      const current = this.#config;
      if (current === undefined || this.#versions.get(thread) === current.version) return;
      await thread.peer.call("prepare", current.config, current.explicit);
      thread.peer.tell("commit");
      this.#versions.set(thread, current.version);
    }
  }

  #onLoss({ place, thread, kind, detail, retryMs, running }: PlaceLoss): void {
    const row = rowOf(place);
    const cut = this.#memory.sumOf(row, IN_FLIGHT);
    this.#tallies.clear(place);
    this.#memory.clear(row, (name) => KINDS.get(name)?.kind === "up-down-counter");
    const points = thread.lastObserved.points.filter(
      ({ instrument }) => KINDS.get(instrument)?.kind === "counter",
    );
    this.#departed = combined([this.#departed, { points, exemplars: [] }], KINDS);
    this.#running.metrics?.registry.sum(PROCESS_INSTRUMENTS.threadsLost, [kind]).add(1);
    const replaced = retryMs === 0 ? "another takes its place" : `another takes its place in ${retryMs} ms`;
    this.#running.events.emit({
      category: "server.thread",
      level: "error",
      message: `thread ${place + 1} has ended: ${detail}; ${replaced}`,
      facts: { thread: place + 1, cause: kind, cut, running },
    });
  }

  async #observedEverywhere(): Promise<Observed> {
    const own = this.#running.metrics?.registry.observed() ?? NOTHING;
    const others = await Promise.all(this.#pool.threads.map((thread) => thread.observed()));
    return combined([own, this.#departed, ...others], KINDS);
  }

  #tell<Name extends keyof ThreadMethods>(name: Name, ...args: Parameters<ThreadMethods[Name]>): void {
    for (const { peer } of this.#pool.threads) peer.tell(name, ...args);
  }
}

const rowOf = (place: number): number => place + 1;

const total = (cut: readonly { readonly cut: number }[]): number =>
  cut.reduce((sum, each) => sum + each.cut, 0);
