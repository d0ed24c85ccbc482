/** Everything that the proxy measures. Kept for as long as the process runs, whatever configs come and go. */
import type { Telemetry } from "../core/telemetry.ts";
import { httpInstruments } from "./http-instruments.ts";
import { type MetricOptions, MetricRegistry } from "./metric-registry.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { UpstreamMetrics } from "./upstream-metrics.ts";

export interface ProxyMetricsOptions extends MetricOptions {
  /** Milliseconds since 1970. */
  readonly epoch: () => number;
  /**
   * Whether the end of every request is seen. Where a runtime may end a request together with all that goes on for it, requests
   * in progress can't be counted. @default true
   */
  readonly seesEnds?: boolean | undefined;
  /** Of durations of requests, in seconds. @default OpenTelemetry's */
  readonly durationBounds?: readonly number[] | undefined;
}

export class ProxyMetrics {
  readonly registry: MetricRegistry;
  /** Counts what happens. */
  readonly telemetry: Required<
    Pick<
      Telemetry,
      | "attemptEnded"
      | "endpointSelected"
      | "exchangeBegan"
      | "exchangeEnded"
      | "tunnelOpened"
      | "upstreamEvent"
    >
  >;
  readonly epoch: () => number;
  readonly seesEnds: boolean;
  #startedAt: number | undefined;

  constructor(options: ProxyMetricsOptions) {
    const { epoch, durationBounds, seesEnds = true } = options;
    this.seesEnds = seesEnds;
    this.registry = new MetricRegistry(options);
    this.epoch = epoch;
    const requests = new RequestMetrics(this.registry, httpInstruments(durationBounds));
    const upstreams = new UpstreamMetrics(this.registry);
    this.telemetry = {
      exchangeBegan: (head) => {
        // A Worker has no time before its first request.
        this.#startedAt ??= epoch();
        if (seesEnds) requests.exchangeBegan(head);
      },
      tunnelOpened: (route) => {
        if (seesEnds) requests.tunnelOpened(route);
      },
      exchangeEnded: (report) => {
        if (seesEnds) requests.exchangeLeft(report);
        requests.exchangeEnded(report);
      },
      attemptEnded: (attempt, outcome) => requests.attemptEnded(attempt, outcome),
      endpointSelected: (upstream, tookMs) => upstreams.endpointSelected(upstream, tookMs),
      upstreamEvent: (event) => upstreams.upstreamEvent(event),
    };
  }

  /** When counting began, in milliseconds since 1970: with the first request, or when this was first asked. */
  startedAt(): number {
    return (this.#startedAt ??= this.epoch());
  }
}
