/** Tracing of a gateway: begins or continues traces, and makes spans when exchanges and attempts end. */
import type { TracesConfig } from "./config/types.ts";
import type { Attempt } from "./core/exchange.ts";
import type { BeginTrace } from "./core/exchange-trace.ts";
import type { Outcome } from "./core/outcome.ts";
import type { Platform } from "./core/platform.ts";
import type { ExchangeReport } from "./core/telemetry.ts";
import { beginTrace } from "./observe/begin-trace.ts";
import type { Redaction } from "./observe/redaction.ts";
import { type Span, clientSpan, serverSpan } from "./observe/span.ts";

export interface Tracing {
  readonly begin: BeginTrace;
  /** Lower-case name of the response field with the trace's id; undefined for none. */
  readonly responseField: string | undefined;
}

export interface SpanRecorder {
  attemptEnded(attempt: Attempt, outcome: Outcome): void;
  exchangeEnded(report: ExchangeReport): void;
}

export const tracing = (traces: TracesConfig, { random }: Platform): Tracing => ({
  begin: beginTrace(traces, random),
  responseField: traces.responseHeader,
});

/** Passes spans on to `add`. */
export const spanRecorder = (
  { clock }: Platform,
  redaction: Redaction,
  add: (span: Span) => void,
): SpanRecorder => {
  const options = { clock, redaction };
  return {
    attemptEnded(attempt, outcome) {
      const span = clientSpan(attempt, outcome, options);
      if (span !== undefined) add(span);
    },
    exchangeEnded(report) {
      const span = serverSpan(report, options);
      if (span !== undefined) add(span);
    },
  };
};
