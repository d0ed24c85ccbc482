/** What goes wrong with telemetry on its way to a collector, for the log. */
import type { LogEvent } from "./observe/event-log.ts";

/** @param signal `metrics`, `traces` or `logs`. */
export const itemsLost = (signal: string, items: number): LogEvent => ({
  category: "telemetry",
  level: "warning",
  message: `${items} items of telemetry (${signal}) were lost: the collector did not take them`,
  facts: { signal, items },
  isLocal: signal === "logs",
});

/** @param signal `metrics`, `traces` or `logs`. */
export const answerUnreadable = (signal: string): LogEvent => ({
  category: "telemetry",
  level: "warning",
  message: `the collector accepts telemetry (${signal}), but its answers can't be read: all of it counts as taken`,
  facts: { signal },
});
