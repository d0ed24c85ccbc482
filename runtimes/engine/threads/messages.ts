/** What threads say to each other. Everything is plain data. */
import type {
  Action,
  ActionResult,
  Change,
  ConnectionPage,
  ConnectionQuery,
  ExplainRequest,
  ExplainResult,
  FailureEntry,
} from "../../../handlers/control.ts";
import type { Snapshot } from "../../../handlers/snapshot.ts";
import type { JournalEntry } from "../../../src/observe/journal.ts";
import type { ControlCalls } from "./remote-control.ts";
import type { CheckResult } from "../../../src/core/checks.ts";
import type { SourceUpdate } from "../../../src/core/endpoint-source.ts";
import type { UpstreamEvent } from "../../../src/core/telemetry.ts";
import type { LogThreshold } from "../../../src/observe/event-log.ts";
import type { Observed } from "../../../src/observe/metric-reading.ts";
import type { SharedMetrics } from "../../../src/observe/shared-memory.ts";
import type { Inheritance } from "../../inheritance.ts";
import type { Serving } from "../../serving.ts";
import type { NamedListener } from "../../succession.ts";
import type { SentConfig } from "./config-transfer.ts";
import type { ErrorData } from "./error-data.ts";
import type { SharedTallies } from "./tallies.ts";
import type { DiagnosticMethods } from "./thread-diagnostics.ts";
import type { ThreadLoss } from "./thread-loss.ts";
import type { Findings } from "./shared-findings.ts";

/** What a thread begins with. */
export interface ThreadStart {
  readonly config: SentConfig;
  readonly explicit: ReadonlySet<string>;
  readonly metrics: SharedMetrics;
  /** Of the metrics that this thread writes. */
  readonly row: number;
  /** That of the process, in resource attributes. */
  readonly instance: string;
  /** From 0. */
  readonly place: number;
  readonly tallies: SharedTallies;
  readonly findings: Findings;
  /** Set since the start, by category. */
  readonly logLevels: readonly (readonly [category: string, level: LogThreshold])[];
  /** Sockets that it takes over. */
  readonly inheritance: Inheritance | undefined;
  /** Whether somebody listens to events of upstreams, instead of the log's lines about them. */
  readonly tellsEvents: boolean;
}

/** A thread that answers requests does these for the main thread. */
export type ThreadMethods = DiagnosticMethods & {
  /** Answers at once, unless the thread's code does not return. */
  readonly ping: () => void;
  readonly prepare: (config: SentConfig, explicit: ReadonlySet<string>) => Promise<void>;
  readonly commit: () => void;
  readonly discard: () => Promise<void>;
  readonly drain: () => Promise<{ readonly cut: number }>;
  readonly handOver: () => Promise<{ readonly cut: number }>;
  readonly stop: () => Promise<{ readonly cut: number }>;
  readonly listeners: () => Promise<readonly NamedListener[]>;
  /** Values that are looked up at a reading, such as how many connections are open. */
  readonly observed: () => Observed;
  readonly checked: (result: CheckResult) => void;
  readonly listed: (key: string, update: SourceUpdate) => void;
  readonly setLogLevel: (category: string, level: LogThreshold) => void;
  /** Its own part of what the control shows and does. */
  readonly ownSnapshot: () => Promise<Snapshot>;
  readonly ownConnections: (query: ConnectionQuery) => Promise<ConnectionPage>;
  readonly ownExplain: (request: ExplainRequest) => Promise<ExplainResult>;
  readonly ownFailures: () => Promise<readonly FailureEntry[]>;
  readonly perform: (action: Action) => Promise<ActionResult>;
  /** Whether it is to tell of what its journal notes. */
  readonly watched: (isWatched: boolean) => void;
  /** Something has changed in the process that this thread wants to know of. */
  readonly changed: (change: Change) => void;
};

/** The main thread does these for the others. */
export type MainMethods = ControlCalls & {
  /** The thread accepts connections. */
  readonly ready: (address: Serving["address"]) => void;
  /** It can't. */
  readonly failed: (error: ErrorData) => void;
  /** It is about to end by itself. */
  readonly ending: (loss: ThreadLoss) => void;
  readonly writeLines: (to: string, bytes: Uint8Array) => Promise<void>;
  /** What observers find in all threads. */
  readonly observed: () => Promise<Observed>;
  readonly upstreamEvent: (event: UpstreamEvent) => void;
  /** Something that the thread's journal notes. */
  readonly noted: (entry: JournalEntry) => void;
  /** Whether it is to be told of changes in the process. */
  readonly watch: (wanted: boolean) => void;
};
