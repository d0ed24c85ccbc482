/** The main thread of a gateway in several threads: starts, replaces and ends the others, and does in all of them what is done to the server. */
import type { ConfigOrigin } from "../../../handlers/config-document.ts";
import type { Config } from "../../../src/config/types.ts";
import type { Platform } from "../../../src/core/platform.ts";
import type { LogThreshold } from "../../../src/observe/event-log.ts";
import type { Observed } from "../../../src/observe/metric-reading.ts";
import { PROCESS_INSTRUMENTS } from "../../../src/observe/process-instruments.ts";
import { type PreparedConfig, ServeError, type ServeOptions, type Serving } from "../../serving.ts";
import type { RunningServer } from "../running-server.ts";
import { runServer } from "../serve.ts";
import type { NamedListener } from "../../succession.ts";
import { finishing, listening, replaced } from "../server-events.ts";
import { BoundConfigs } from "./bound-configs.ts";
import { InheritedListeners } from "./inherited-listeners.ts";
import { mainMethods } from "./main-methods.ts";
import type { ThreadMethods } from "./messages.ts";
import { ProcessCounts } from "./process-counts.ts";
import { END_MS, type Ended, NOTHING, STOP_MS, ServingThread, totalOf } from "./serving-thread.ts";
import { FoundHere } from "./shared-findings.ts";
import { ThreadConfigs, discardOn, prepareOn } from "./thread-configs.ts";
import { refuseUnshared } from "./thread-count.ts";
import { diagnosticsByThread } from "./thread-diagnostics.ts";
import type { ThreadLoss } from "./thread-loss.ts";
import { type PlaceLoss, ThreadPool, threadLost } from "./thread-pool.ts";
import { ThreadViews } from "./thread-views.ts";

export interface ThreadedOptions {
  /** More than one. */
  readonly threads: number;
  /** Module that each thread begins with. */
  readonly entry: URL;
}

const ignore = (): void => {};

export class Supervisor implements Serving {
  readonly #given: Platform;
  readonly #options: ServeOptions;
  readonly #threaded: ThreadedOptions;
  readonly #lifecycle = { draining: false };
  readonly #counts: ProcessCounts;
  readonly #inherited: InheritedListeners | undefined;
  readonly #bound: BoundConfigs;
  readonly #configs: ThreadConfigs;
  readonly #found: FoundHere;
  readonly #pool: ThreadPool;
  readonly #views: ThreadViews;
  readonly #logLevels: Map<string, LogThreshold> = new Map();
  /** All threads have begun. */
  readonly #started: PromiseWithResolvers<void> = Promise.withResolvers();
  #main: RunningServer | undefined;
  #address: Serving["address"] | undefined;
  /** Longest time that a thread may take to drain. */
  #drainMs = 0;
  #ended: Promise<Ended> | undefined;

  constructor(given: Platform, options: ServeOptions, threaded: ThreadedOptions) {
    this.#given = given;
    this.#options = options;
    this.#threaded = threaded;
    this.#counts = new ProcessCounts(threaded.threads);
    const { inheritance } = options;
    this.#inherited = inheritance && new InheritedListeners(inheritance, threaded.threads);
    this.#bound = new BoundConfigs(options, this.#inherited);
    // A start may fail before anything waits for it.
    this.#started.promise.catch(ignore);
    this.#configs = new ThreadConfigs(options.source);
    this.#found = new FoundHere({
      checked: (result) => this.#tell("checked", result),
      listed: (key, update) => this.#tell("listed", key, update),
    });
    this.#views = new ThreadViews({
      places: () => this.#pool.places,
      clock: given.clock,
      isDraining: () => this.#lifecycle.draining,
    });
    this.#pool = new ThreadPool({
      size: threaded.threads,
      create: (place, lost) => this.#createThread(place, lost),
      welcome: (thread) => this.#views.welcome(thread),
      renew: (thread) => this.#configs.renew(thread),
      onLoss: (loss) => this.#onLoss(loss),
      now: () => given.clock.now(),
    });
  }

  async start(config: Config): Promise<void> {
    const { explicit = new Set() } = this.#options;
    refuseUnshared(config, this.#threaded.threads);
    this.#noteDrain(config);
    this.#configs.take(this.#configs.make(await this.#bound.bind(config, explicit)), []);
    // What the listeners have left is for the admin listener.
    const options = { ...this.#options, inheritance: this.#inherited?.left };
    const main = await runServer(
      config,
      {
        ...this.#found.platform(this.#given),
        diagnostics: diagnosticsByThread(this.#given.diagnostics, this.#pool),
      },
      options,
      {
        role: "main",
        memory: this.#counts.memory,
        observedEverywhere: () => this.#observed(),
        lifecycle: this.#lifecycle,
        others: this.#views,
        server: this,
      },
    );
    this.#main = main;
    main.metrics?.registry.observe((observe) =>
      observe(PROCESS_INSTRUMENTS.threads, [], this.#pool.running.length),
    );
    try {
      this.#address = await this.#pool.start();
    } catch (error) {
      this.#started.reject(new ServeError("the server could not start"));
      await main.stop();
      throw error;
    }
    // A thread that was ready before the others may have begun to watch, for an admin app of its own.
    for (const thread of this.#pool.running) this.#views.welcome(thread);
    this.#started.resolve();
    main.openAdmin();
    const facts = { ...this.#address, threads: this.#threaded.threads };
    main.events.emit({ ...listening(this.#address), facts });
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

  reopenLogs(): void {
    this.#running.reopenLogs();
  }

  setLogLevel(category: string, level: LogThreshold): void {
    this.#logLevels.set(category, level);
    this.#running.setLogLevel(category, level);
    this.#tell("setLogLevel", category, level);
  }

  /** On all threads, or on none. */
  async prepare(
    config: Config,
    explicit: ReadonlySet<string> = new Set(),
    origin?: ConfigOrigin,
  ): Promise<PreparedConfig> {
    // A thread that is ready may ask for it while another one still begins.
    await this.#started.promise;
    if (this.#ended !== undefined) throw new ServeError("the server is stopping");
    const main = await this.#running.prepare(config, explicit, origin);
    const threads = this.#pool.running;
    const discard = async (): Promise<void> => {
      await Promise.all([main.discard(), discardOn(threads)]);
    };
    try {
      refuseUnshared(config, this.#threaded.threads);
      const next = this.#configs.make(await this.#bound.bind(config, explicit));
      await prepareOn(threads, next);
      const commit = (): void => {
        this.#noteDrain(config);
        // Levels that were set by hand end with their config.
        this.#logLevels.clear();
        this.#views.forgetLevels();
        this.#configs.take(next, threads);
        main.commit();
        // Threads that have begun meanwhile have the config before.
        for (const thread of this.#pool.running) if (!threads.includes(thread)) void this.#pool.renew(thread);
      };
      return { commit, discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  drain(): Promise<Ended> {
    return (this.#ended ??= this.#end("drain", this.#drainMs));
  }

  handOver(): Promise<Ended> {
    return (this.#ended ??= this.#end("handOver", this.#drainMs));
  }

  /** All threads listen on the same addresses. */
  async listeners(): Promise<readonly NamedListener[]> {
    const [first] = this.#pool.running;
    if (first === undefined) throw new ServeError("no thread answers requests at the moment");
    return [...(await first.peer.call("listeners")), ...(await this.#running.listeners())];
  }

  async stop(): Promise<Ended> {
    if (this.#ended === undefined) return (this.#ended = this.#end("stop", STOP_MS));
    // Overtakes a drain.
    const cut = await Promise.all(this.#pool.threads.map((thread) => thread.end("stop", STOP_MS)));
    await this.#ended;
    return totalOf(cut);
  }

  /** The threads first: what they report at the end goes out with the main thread's. */
  async #end(how: "drain" | "handOver" | "stop", limitMs: number): Promise<Ended> {
    if (how === "handOver") this.#running.handOverAdmin();
    else this.#lifecycle.draining = true;
    if (how !== "stop") this.#running.events.emit(how === "drain" ? finishing : replaced);
    const cut = await this.#pool.close((thread) => thread.end(how, limitMs));
    await this.#running.stop();
    return totalOf(cut);
  }

  #createThread(place: number, lost: (loss: ThreadLoss) => void): ServingThread {
    const { config, explicit } = this.#configs.current;
    const { onUpstreamEvent } = this.#options;
    const main = this.#running;
    const { methods, end } = mainMethods({
      logs: this.#given.logs,
      control: main.ownControl,
      views: this.#views,
      observed: () => this.#observed(),
      onUpstreamEvent,
      thread: () => thread,
    });
    const thread: ServingThread = new ServingThread({
      entry: this.#threaded.entry,
      name: `fairlead-${place + 1}`,
      start: {
        ...this.#counts.startOf(place),
        config,
        explicit,
        instance: main.instance,
        findings: this.#found.findings(),
        logLevels: [...this.#logLevels],
        inheritance: this.#inherited?.of(place),
        tellsEvents: onUpstreamEvent !== undefined,
      },
      methods,
      lost(loss) {
        end();
        lost(loss);
      },
    });
    this.#configs.begun(thread);
    return thread;
  }

  #onLoss(loss: PlaceLoss): void {
    const { metrics, events } = this.#running;
    metrics?.registry.sum(PROCESS_INSTRUMENTS.threadsLost, [loss.kind]).add(1);
    const cut = this.#counts.lost(loss.place, loss.thread);
    const leavesSockets = loss.kind === "unresponsive" && !this.#given.capabilities.has("thread-sockets");
    events.emit(threadLost(loss, cut, leavesSockets));
  }

  #observed(): Promise<Observed> {
    return this.#counts.observed(this.#running.metrics?.registry.observed() ?? NOTHING, this.#pool.threads);
  }

  #noteDrain({ listen: { drain } }: Config): void {
    this.#drainMs = drain.timeoutMs + drain.delayMs + END_MS;
  }

  #tell<Name extends keyof ThreadMethods>(name: Name, ...args: Parameters<ThreadMethods[Name]>): void {
    for (const { peer } of this.#pool.threads) peer.tell(name, ...args);
  }

  get #running(): RunningServer {
    if (this.#main === undefined) throw new TypeError("the server has not started");
    return this.#main;
  }
}
