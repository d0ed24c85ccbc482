/** The last failures, and what happens besides requests, for those who watch. */
import type { Clock } from "../core/platform.ts";
import type { ExchangeReport, Telemetry, UpstreamEvent } from "../core/telemetry.ts";
import { failureCause } from "./failure-cause.ts";
import type { Redaction } from "./redaction.ts";
import { upstreamEventText } from "./upstream-event-text.ts";

/** A request that failed, or was answered with 5xx. Secrets are masked as in the access log. */
export interface FailureEntry {
  readonly time: number;
  readonly requestId: string;
  readonly method: string;
  readonly host?: string | undefined;
  readonly target: string;
  readonly client: string;
  readonly route?: string | undefined;
  readonly upstream?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly attempts: number;
  readonly status: number;
  /** Cause, from the proxy's own table; the status where an upstream, a route or middleware answered with 5xx. */
  readonly code: string;
  /** Who has to change something: `client`, `upstream` or `gateway`. */
  readonly fault: string;
  readonly message: string;
  /** Seconds. */
  readonly duration: number;
}

/** Something that an upstream decided by itself, other than for single requests. */
export interface UpstreamEntry {
  readonly time: number;
  readonly upstream: string;
  readonly endpoint?: string | undefined;
  readonly message: string;
}

/** How many failures of each kind are kept: mistakes of clients, and all others. */
export const MOST_FAILURES = 100;

const SECOND_MS = 1_000;

type Listener = (entry: JournalEntry) => void;

export type JournalEntry =
  | { readonly kind: "failure"; readonly failure: FailureEntry }
  | ({ readonly kind: "upstream" } & UpstreamEntry);

/** Lives as long as the process. */
export class Journal {
  readonly #own: FailureEntry[] = [];
  readonly #ofClients: FailureEntry[] = [];
  readonly #listeners: Set<Listener> = new Set();

  /** Newest first. Mistakes of clients never push out other failures. */
  failures(): readonly FailureEntry[] {
    return [...this.#own, ...this.#ofClients].toSorted((a, b) => b.time - a.time);
  }

  /** Calls `listener` until the function returned is called. One that throws is ignored. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What feeds it. */
  observer(shown: Redaction, clock: Pick<Clock, "epoch">): Telemetry {
    return {
      exchangeEnded: (report) => {
        const cause = causeOf(report);
        if (cause !== undefined) this.#failed({ ...entryOf(report, shown, clock.epoch()), ...cause });
      },
      upstreamEvent: (event) => {
        if (this.#listeners.size > 0 && !PER_REQUEST.has(event.kind)) this.#tell(upstreamEntry(event, clock));
      },
    };
  }

  #failed(failure: FailureEntry): void {
    const kept = failure.fault === "client" ? this.#ofClients : this.#own;
    kept.push(failure);
    if (kept.length > MOST_FAILURES) kept.shift();
    if (this.#listeners.size > 0) this.#tell({ kind: "failure", failure });
  }

  #tell(entry: JournalEntry): void {
    for (const listener of this.#listeners) {
      try {
        listener(entry);
      } catch {
        // A listener's failure is not the request's.
      }
    }
  }
}

const PER_REQUEST: ReadonlySet<UpstreamEvent["kind"]> = new Set([
  "retried",
  "retry-over-budget",
  "hedged",
  "mirrored",
]);

const upstreamEntry = (event: UpstreamEvent, clock: Pick<Clock, "epoch">): JournalEntry => ({
  kind: "upstream",
  time: clock.epoch(),
  upstream: event.upstream,
  ...("endpoint" in event && event.endpoint !== undefined && { endpoint: event.endpoint }),
  message: upstreamEventText(event),
});

type Cause = Pick<FailureEntry, "code" | "fault" | "message">;

const LEAST_FAILED = 500;

/** Undefined where all went well. */
const causeOf = ({ error, status, upstream }: ExchangeReport): Cause | undefined => {
  if (error !== undefined) return { code: error.code, fault: error.kind.fault, message: failureCause(error) };
  if (status < LEAST_FAILED) return undefined;
  const [fault, who] = upstream === undefined ? ["gateway", "the proxy"] : ["upstream", "the upstream"];
  return { code: String(status), fault, message: `${who} answered with ${status}` };
};

const entryOf = (
  report: ExchangeReport,
  shown: Redaction,
  time: number,
): Omit<FailureEntry, keyof Cause> => ({
  time,
  requestId: report.requestId,
  method: report.method,
  ...(report.host !== undefined && { host: report.host }),
  target: shown.target(report),
  client: report.client,
  ...(report.route !== undefined && { route: report.route }),
  ...(report.upstream !== undefined && { upstream: report.upstream }),
  ...(report.endpoint !== undefined && { endpoint: report.endpoint }),
  attempts: report.attempts,
  status: report.status,
  duration: (report.endedAt - report.startedAt) / SECOND_MS,
});
