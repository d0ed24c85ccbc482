/** Everything that the proxy measures. Lives as long as the process, over changes of the config. */
import type { Telemetry } from "../core/telemetry.ts";
import { ENDPOINT } from "./define-instrument.ts";
import { EndpointPresence } from "./endpoint-presence.ts";
import { httpInstruments } from "./http-instruments.ts";
import type { AttributeValues, Instrument } from "./instrument.ts";
import { allInstruments } from "./instruments.ts";
import { type MetricOptions, MetricRegistry } from "./metric-registry.ts";
import { EXPORT_INSTRUMENTS } from "./process-instruments.ts";
import { type MeasuredHead, type RequestEnd, RequestMetrics } from "./request-metrics.ts";
import { UpstreamMetrics } from "./upstream-metrics.ts";

export interface ProxyMetricsOptions extends MetricOptions {
  /** Milliseconds since 1970. */
  readonly epoch: () => number;
  /**
   * Whether the end of every request is seen. On Workers, where a request's code may stop without notice, it is not, and
   * requests in progress can't be counted. @default true
   */
  readonly seesEnds?: boolean | undefined;
  /** Of durations of requests, in seconds. @default OpenTelemetry's */
  readonly durationBounds?: readonly number[] | undefined;
}

/** `Telemetry` that needs less of a request than a whole report. */
export interface CountedEvents extends Required<
  Pick<Telemetry, "attemptEnded" | "endpointSelected" | "tunnelOpened" | "upstreamEvent">
> {
  exchangeBegan(head: MeasuredHead): void;
  exchangeEnded(end: RequestEnd): void;
}

export class ProxyMetrics {
  readonly registry: MetricRegistry;
  /** Counts what happens. */
  readonly telemetry: CountedEvents;
  readonly epoch: () => number;
  readonly seesEnds: boolean;
  /** Of requests of clients, and of attempts at endpoints. */
  readonly durations: { readonly server: Instrument; readonly client: Instrument };
  readonly #requests: RequestMetrics;
  readonly #presence = new EndpointPresence();
  #hasSeenInherited = false;
  #startedAt: number | undefined;

  constructor(options: ProxyMetricsOptions) {
    const { epoch, durationBounds, seesEnds = true } = options;
    this.seesEnds = seesEnds;
    this.registry = new MetricRegistry(options);
    this.epoch = epoch;
    const http = httpInstruments(durationBounds);
    this.durations = { server: http.serverDuration, client: http.clientDuration };
    // Other threads may have counted by instruments that this one has not used yet.
    if (options.memory !== undefined) {
      this.registry.know(allInstruments(http));
      this.registry.observe((observe) => observe(EXPORT_INSTRUMENTS.unshown, [], this.registry.unshown));
    }
    const requests = new RequestMetrics({
      registry: this.registry,
      http,
      epoch,
      onEndpoint: (endpoint, now) => this.endpointSeen(endpoint, now),
    });
    this.#requests = requests;
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

  /** `endpoint` (values of upstream, address and port) is one of a plan's, at `now`. */
  endpointSeen(endpoint: AttributeValues, now: number): void {
    this.#presence.seen(endpoint, now);
  }

  /** Drops the series of endpoints that have not been seen for a quarter of an hour. */
  forgetGone(now: number): void {
    if (!this.#hasSeenInherited) this.#seeInherited(now);
    this.#hasSeenInherited = true;
    const gone = this.#presence.takeGone(now);
    if (gone.size === 0) return;
    this.#requests.forgetEndpoints(gone);
    this.registry.forget((instrument, values) => {
      const endpoint = endpointIn(instrument, values);
      return endpoint !== undefined && gone.has(JSON.stringify(endpoint));
    });
  }

  /** A thread that replaces a lost one inherits its series: they are dropped a quarter of an hour later unless they are in use. */
  #seeInherited(now: number): void {
    this.registry.visitSeries((instrument, values) => {
      const endpoint = endpointIn(instrument, values);
      if (endpoint !== undefined) this.endpointSeen(endpoint, now);
    });
  }

  /** When counting began, in milliseconds since 1970: with the first request, or when this was first asked. */
  startedAt(): number {
    return (this.#startedAt ??= this.epoch());
  }
}

/** Values of upstream, address and port, where a series has them. */
const endpointIn = ({ attributes }: Instrument, values: AttributeValues): AttributeValues | undefined => {
  const at = ENDPOINT.map((name) => attributes.indexOf(name));
  return at.includes(-1) ? undefined : at.map((index) => values[index]);
};
