/** Options of a platform for failures and for upstreams' events. */
import { type FailureReport, type Telemetry, type UpstreamEvent, isFailure } from "../core/telemetry.ts";

export interface FailureOptions {
  /**
   * Called at the end of every exchange that failed, before or after the response's head, mistakes of clients included.
   * Replaces the log's lines about failed requests, unless `log.access` asks for all requests. What it throws is ignored.
   */
  readonly onFailure?: ((report: FailureReport) => void) | undefined;
  /**
   * Called with what upstreams decide by themselves: breakers, health, ejections, retries, changed endpoints. Replaces the log's
   * lines about them. What it throws is ignored.
   */
  readonly onUpstreamEvent?: ((event: UpstreamEvent) => void) | undefined;
}

/** Telemetry that calls `onFailure` and `onUpstreamEvent`. */
export const telemetryFor = ({ onFailure, onUpstreamEvent }: FailureOptions): Telemetry => ({
  ...(onFailure && {
    replacesFailureLines: true,
    exchangeEnded(report) {
      if (isFailure(report)) onFailure(report);
    },
  }),
  ...(onUpstreamEvent && { replacesUpstreamLines: true, upstreamEvent: onUpstreamEvent }),
});
