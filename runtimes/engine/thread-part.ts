/** What a server is, in a process of several threads: one thread answers nobody and looks after the others, which answer. */
import { ConfigError } from "../../src/config/config-error.ts";
import { problemAt } from "../../src/config/problem.ts";
import type { Config } from "../../src/config/types.ts";
import type { Control } from "../../handlers/control.ts";
import type { OtherThreads } from "../../handlers/other-threads.ts";
import type { MetricMemory } from "../../src/observe/metric-memory.ts";
import type { MetricOptions } from "../../src/observe/metric-registry.ts";
import type { Serving } from "../serving.ts";

interface SharedMeasuring {
  /** Where all threads count. */
  readonly memory: MetricMemory;
  readonly observedEverywhere: NonNullable<MetricOptions["everywhere"]>;
}

/** Has the admin listener, health checks, discovery, the push of metrics, the log's outputs, and no other listener. */
export interface MainPart extends SharedMeasuring {
  readonly role: "main";
  /** Turned to draining when the threads are. */
  readonly lifecycle: { draining: boolean };
  readonly others: OtherThreads;
  /** Puts a config into effect in all threads. */
  readonly server: Pick<Serving, "prepare" | "noteRefusal">;
}

/** Has listeners, which share their ports with those of other threads. */
export interface ServingPart extends SharedMeasuring {
  readonly role: "serving";
  /** That of the process, in resource attributes. */
  readonly instance: string;
  /** Of the whole process. */
  readonly control: Control;
}

/** Undefined where there is one thread for everything. */
export type ThreadPart = MainPart | ServingPart | undefined;

/** Memory that threads share is laid out for so many of them. @throws ConfigError */
export const refuseOtherThreads = (before: Config | undefined, { threads }: Config): void => {
  if (before === undefined || before.threads === threads) return;
  throw new ConfigError([problemAt(["threads"], "can't change while the proxy runs: restart it for that")]);
};
