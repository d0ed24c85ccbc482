/** A server, as other parts of its process see it. */
import type { Action, ActionResult, Control } from "../../handlers/control.ts";
import type { EventLog } from "../../src/observe/event-log.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import type { Serving } from "../serving.ts";

/** What the threads of a process need to know of it besides. */
export interface RunningServer extends Serving {
  /** Of the config in effect. */
  readonly events: EventLog;
  /** Undefined where nothing is measured. */
  readonly metrics: ProxyMetrics | undefined;
  /** Tells processes of one service apart, in resource attributes. */
  readonly instance: string;
  /** Of this thread, or of all where it is the main one. */
  readonly ownControl: Control;
  /** Without a line in the audit log. */
  perform(action: Action): Promise<ActionResult>;
  /** The main thread's admin listener answers from now on. */
  openAdmin(): void;
  /** Another process answers on the admin listener from now on. */
  handOverAdmin(): void;
}
