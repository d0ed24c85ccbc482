/** A thread that answers requests, from its first message to its last. */
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import type { Change } from "../../../handlers/control.ts";
import type { Platform } from "../../../src/core/platform.ts";
import { SharedMemory } from "../../../src/observe/shared-memory.ts";
import type { FreshModules } from "../fresh-modules.ts";
import type { PreparedConfig, ServeOptions } from "../../serving.ts";
import type { RunningServer } from "../running-server.ts";
import { runServer } from "../serve.ts";
import { ConfigReceiver, type SentConfig } from "./config-transfer.ts";
import { errorData } from "./error-data.ts";
import type { MainMethods, ThreadMethods, ThreadStart } from "./messages.ts";
import { Peer } from "./peer.ts";
import { FoundElsewhere } from "./shared-findings.ts";
import { OUT_OF_MEMORY } from "./thread-loss.ts";
import { RemoteControl } from "./remote-control.ts";
import { Tallies } from "./tallies.ts";
import { diagnosticMethods } from "./thread-diagnostics.ts";
import { threadLogs } from "./thread-logs.ts";

/** What differs between runtimes. */
export interface ThreadRuntime {
  readonly create: (options: ServeOptions) => Platform;
  /** Imports configs. */
  readonly modules: FreshModules;
  /** Where the runtime does not end a thread that has run out of memory: calls `exhausted` then. */
  readonly watchMemory?: (exhausted: () => void) => void;
}

/** Called once, by the module that a thread begins with. */
export const runThread = async ({ create, modules, watchMemory }: ThreadRuntime): Promise<void> => {
  if (parentPort === null) throw new TypeError("this module is the beginning of a thread, and no program");
  const start = workerData as ThreadStart;
  const received = new ConfigReceiver(modules);
  const found = new FoundElsewhere(start.findings);
  /** Set by hand, also while the server starts. */
  const logLevels = new Map(start.logLevels);
  let server: RunningServer | undefined;
  let prepared: { readonly sent: SentConfig; readonly config: PreparedConfig } | undefined;
  /** Number of the last `prepare` or `discard`: a config that was prepared for an earlier one is given up. */
  let lastCall = 0;
  let endWatch: (() => void) | undefined;
  const running = (): RunningServer => {
    if (server === undefined) throw new TypeError("the thread has not begun yet");
    return server;
  };
  const methods: ThreadMethods = {
    ping() {},
    async prepare(sent, explicit) {
      const call = (lastCall += 1);
      const config = await running().prepare(await received.receive(sent), explicit);
      if (call === lastCall) prepared = { sent, config };
      else await config.discard();
    },
    commit() {
      if (prepared === undefined) return;
      received.keep(prepared.sent);
      prepared.config.commit();
    },
    async discard() {
      lastCall += 1;
      await prepared?.config.discard();
    },
    drain: () => running().drain(),
    handOver: () => running().handOver(),
    stop: () => running().stop(),
    listeners: () => running().listeners(),
    observed: () => server?.metrics?.registry.observed() ?? { points: [], exemplars: [] },
    checked: (result) => found.checked(result),
    listed: (key, update) => found.listed(key, update),
    setLogLevel(category, level) {
      logLevels.set(category, level);
      server?.setLogLevel(category, level);
    },
    ownSnapshot: () => running().ownControl.snapshot(),
    ownConnections: (query) => running().ownControl.connections(query),
    ownExplain: (request) => running().ownControl.explain(request),
    ownFailures: () => running().ownControl.failures(),
    perform: (action) => running().perform(action),
    watched(isWatched) {
      endWatch?.();
      endWatch = isWatched ? server?.ownControl.subscribe(note) : undefined;
    },
    changed: (change) => control.changed(change),
    ...diagnosticMethods(),
  };
  const main = new Peer<MainMethods>(parentPort, methods);
  watchMemory?.(() => {
    main.tell("ending", OUT_OF_MEMORY);
    process.exit();
  });
  const control = new RemoteControl(main);
  const note = (change: Change): void => {
    // The others are the main thread's.
    if (change.kind === "failure" || change.kind === "upstream") main.tell("noted", change);
  };
  const own = create(
    start.tellsEvents ? { onUpstreamEvent: (event) => main.tell("upstreamEvent", event) } : {},
  );
  const tallies = new Tallies(start.tallies, start.place);
  const platform: Platform = {
    ...own,
    share: {
      threads: start.tallies.names.threads,
      place: start.place,
      tally: (name) => tallies.tally(name),
      tryAddClient: (client, limit) => tallies.tryAddClient(client, limit),
      removeClient: (client) => tallies.removeClient(client),
    },
    logs: threadLogs(own.clock, (to, bytes) => main.call("writeLines", to, bytes)),
    discover: found.discover,
    checks: found.checks,
  };
  try {
    const config = await received.receive(start.config);
    server = await runServer(
      config,
      platform,
      { explicit: start.explicit, inheritance: start.inheritance },
      {
        role: "serving",
        memory: new SharedMemory(start.metrics, start.row),
        observedEverywhere: () => main.call("observed"),
        instance: start.instance,
        control,
      },
    );
    for (const [category, level] of logLevels) server.setLogLevel(category, level);
    main.tell("ready", server.address);
  } catch (error) {
    main.tell("failed", errorData(error));
  }
};
