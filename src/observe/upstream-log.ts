/** Events of upstreams as events of the log. */
import type { Clock } from "../core/platform.ts";
import type { UpstreamEvent } from "../core/telemetry.ts";
import type { EventLog, LogLevel } from "./event-log.ts";
import { upstreamEventText } from "./upstream-event-text.ts";

const QUIET_MS = 1_000;

/**
 * Writes to `events`. Events that requests cause are at level debug. Where they mean that something is wrong, one a second is
 * written for each upstream, with the number of those that were left out since.
 */
export const upstreamLog = (
  events: EventLog,
  clock: Pick<Clock, "now">,
): ((event: UpstreamEvent) => void) => {
  const quiet = new Map<string, { until: number; repeated: number }>();
  /** How many were left out since the last one that was written; undefined where this one is left out too. */
  const repeatedSince = ({ kind, upstream }: UpstreamEvent): number | undefined => {
    const key = `${kind} ${upstream}`;
    const now = clock.now();
    const known = quiet.get(key);
    if (known !== undefined && now < known.until) {
      known.repeated += 1;
      return undefined;
    }
    quiet.set(key, { until: now + QUIET_MS, repeated: 0 });
    return known?.repeated ?? 0;
  };
  return (event) => {
    const repeated = REPEATED.has(event.kind) ? repeatedSince(event) : 0;
    if (repeated === undefined) return;
    events.emit({
      category: CATEGORIES[event.kind],
      level: levelOf(event),
      message: upstreamEventText(event),
      facts: {
        upstream: event.upstream,
        endpoint: "endpoint" in event ? event.endpoint : undefined,
        repeated: repeated === 0 ? undefined : repeated,
      },
    });
  };
};

const CATEGORIES: Readonly<Record<UpstreamEvent["kind"], string>> = {
  breaker: "upstream.breaker",
  health: "upstream.health",
  ejected: "upstream.ejection",
  retried: "upstream.retry",
  "retry-over-budget": "upstream.retry",
  hedged: "upstream.hedge",
  panic: "upstream.panic",
  mirrored: "upstream.mirror",
  endpoints: "upstream.endpoints",
};

/** Events that every request may cause, and that are not at level debug. */
const REPEATED: ReadonlySet<UpstreamEvent["kind"]> = new Set(["retry-over-budget", "panic"]);

const levelOf = (event: UpstreamEvent): LogLevel => {
  switch (event.kind) {
    case "breaker":
      return event.to === "open" ? "warning" : "info";
    case "health":
      return event.change === "down" ? "warning" : "info";
    case "ejected":
    case "retry-over-budget":
    case "panic":
      return "warning";
    case "endpoints":
      return event.result === "kept" ? "warning" : "info";
    case "retried":
    case "hedged":
    case "mirrored":
      return "debug";
  }
};
