/** Events of upstreams as sentences. */
import type { UpstreamEvent } from "../core/telemetry.ts";

/** One sentence, without field values or anything that a client sent. */
export const upstreamEventText = (event: UpstreamEvent): string =>
  `upstream "${event.upstream}": ${what(event)}`;

const what = (event: UpstreamEvent): string => {
  switch (event.kind) {
    case "breaker":
      return `circuit breaker of ${event.endpoint} is ${event.to} (${event.reason})`;
    case "health":
      return `${event.endpoint} ${HEALTH[event.change]} (${event.reason})`;
    case "ejected":
      return `${event.endpoint} is ejected for ${Math.round(event.forMs / 1_000)} s (${event.reason})`;
    case "retried":
      return `${event.endpoint ?? "an attempt"} failed with ${event.reason}; asking another`;
    case "retry-over-budget":
      return `${event.endpoint ?? "an attempt"} failed with ${event.reason}; the retry budget is spent`;
    case "hedged":
      return "a slow request was sent to a second endpoint";
    case "panic":
      return "too few endpoints are healthy, so all are tried";
    case "mirrored":
      return `a copy was ${event.result}`;
    case "endpoints":
      return event.result === "changed"
        ? `endpoints have changed (${event.reason})`
        : `endpoints stay as they were (${event.reason})`;
  }
};

const HEALTH = {
  admitted: "passed its first check",
  up: "is back: its checks pass",
  down: "is down: its checks fail",
} as const;
