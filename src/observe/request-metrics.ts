/** Counts every exchange and every attempt once, when it has ended. */
import type { RequestHead } from "../core/arrival.ts";
import { endpointAddress } from "../core/endpoint.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Attempt } from "../core/exchange.ts";
import type { Outcome } from "../core/outcome.ts";
import { TUNNEL_STATUS } from "../core/reply.ts";
import type { ExchangeReport } from "../core/telemetry.ts";
import type { AttributeValues } from "./instrument.ts";
import { type HttpInstruments, REQUEST_INSTRUMENTS } from "./http-instruments.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import { PROTOCOL_VERSIONS, protocolVersion, versionIndex } from "./protocol-version.ts";
import { knownMethod, requestKey } from "./request-key.ts";
import type { Exemplar, HistogramSeries, SumSeries } from "./series.ts";
import { endpointValues } from "./server-address.ts";
import { UPSTREAM_INSTRUMENTS } from "./upstream-instruments.ts";

/** What of a request's head is counted by. */
export interface MeasuredHead extends Pick<RequestHead, "method" | "scheme" | "version"> {
  readonly notes: Pick<RequestHead["notes"], "contentLength">;
}

/** What of a request is counted. */
export interface RequestEnd
  extends
    Pick<ExchangeReport, "route" | "routePath" | "status" | "error" | "isTunnel" | "startedAt" | "endedAt">,
    Partial<Pick<ExchangeReport, "trace">> {
  readonly head: MeasuredHead;
  /** Undefined where it is not known. */
  readonly bytesSent: number | undefined;
}

const SECOND_MS = 1_000;

/** Series of requests that are alike. */
interface RequestSeries {
  readonly duration: HistogramSeries;
  readonly requestSize: HistogramSeries;
  readonly responseSize: HistogramSeries;
}

type BySmallKey<Series> = Map<number, Series>;

/** Most entries of a map: statuses and endpoints may change without end. */
const MOST_KNOWN = 10_000;

/** Adds an entry. A full map is emptied first: the registry still has the series. */
const remember = <Key, Value>(known: Map<Key, Value>, key: Key, value: Value): Value => {
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, value);
  return value;
};

/** One path of a route. */
interface RouteMetrics {
  readonly name: string | undefined;
  readonly path: string | undefined;
  readonly requests: BySmallKey<RequestSeries>;
}

interface EndpointMetrics {
  /** Values of upstream, address and port. */
  readonly endpoint: AttributeValues;
  readonly requests: BySmallKey<RequestSeries>;
  readonly reused: SumSeries;
}

/** Why the proxy itself refuses to send a request on. */
const SHED: ReadonlySet<ErrorCode> = new Set(["overloaded", "circuit-open", "no-endpoint", "draining"]);

/** The code of a failure, or else a status from `least` on, which OpenTelemetry counts as an error. */
const errorType = (
  status: number | undefined,
  error: ErrorCode | undefined,
  least: 400 | 500,
): string | undefined => error ?? (status !== undefined && status >= least ? String(status) : undefined);

const HTTPS = 1;

export interface RequestMetricsParts {
  readonly registry: MetricRegistry;
  readonly http: HttpInstruments;
  /** Milliseconds since 1970. */
  readonly epoch: () => number;
  /** Called with values of upstream, address and port where an endpoint is first seen, and when that is. */
  readonly onEndpoint: (endpoint: AttributeValues, now: number) => void;
}

/** Series are bound when a route, an endpoint or a kind of request is first seen; after that nothing is allocated. */
export class RequestMetrics {
  readonly #registry: MetricRegistry;
  readonly #http: HttpInstruments;
  readonly #epoch: () => number;
  readonly #onEndpoint: RequestMetricsParts["onEndpoint"];
  /** By the route's name, undefined for apps without a gateway, and then by path. */
  readonly #routes: Map<string | undefined, Map<string, RouteMetrics>> = new Map();
  readonly #unrouted: RouteMetrics = { name: undefined, path: undefined, requests: new Map() };
  readonly #endpoints: Map<string, EndpointMetrics> = new Map();
  readonly #active: BySmallKey<SumSeries> = new Map();

  constructor({ registry, http, epoch, onEndpoint }: RequestMetricsParts) {
    this.#registry = registry;
    this.#http = http;
    this.#epoch = epoch;
    this.#onEndpoint = onEndpoint;
  }

  exchangeBegan(head: MeasuredHead): void {
    this.#activeOf(head).add(1);
  }

  /** The exchange goes on as a tunnel; `exchangeEnded` follows. */
  tunnelOpened(route: string): void {
    this.#registry.sum(REQUEST_INSTRUMENTS.tunnelsActive, [route]).add(1);
  }

  /** Takes back what `exchangeBegan` and `tunnelOpened` counted. */
  exchangeLeft({ head, isTunnel, route }: RequestEnd): void {
    this.#activeOf(head).add(-1);
    if (isTunnel) this.#registry.sum(REQUEST_INSTRUMENTS.tunnelsActive, [route]).add(-1);
  }

  exchangeEnded(report: RequestEnd): void {
    const { head, error, status } = report;
    if (report.isTunnel) {
      this.#tunnelEnded(report);
      return;
    }
    if (error !== undefined) this.#failed(report, error.code);
    const metrics = this.#routeOf(report);
    const scheme = head.scheme === "https" ? HTTPS : 0;
    const key = requestKey(head.method, status, error?.code);
    const version = versionIndex(head.version);
    const kind = (key * PROTOCOL_VERSIONS.length + version) * 2 + scheme;
    const series = metrics.requests.get(kind) ?? this.#newServerSeries(metrics, kind, report);
    this.#recordDuration(series, report, report.trace?.isSampled === true ? report.trace : undefined);
    if (report.bytesSent !== undefined) series.responseSize.record(report.bytesSent);
    const { contentLength } = head.notes;
    if (contentLength !== undefined) series.requestSize.record(contentLength);
  }

  attemptEnded({ endpoint, exchange, spanId }: Attempt, outcome: Outcome): void {
    const metrics = this.#endpoints.get(endpoint.key) ?? this.#newEndpoint(endpoint, outcome.times.endedAt);
    if (outcome.reused) metrics.reused.add(1);
    const { status, error, times } = outcome;
    if (status === TUNNEL_STATUS) {
      this.#registry.sum(UPSTREAM_INSTRUMENTS.tunnels, [...metrics.endpoint, error?.code]).add(1);
      return;
    }
    const { method } = exchange.arrival;
    const key = requestKey(method, status, error?.code);
    const series =
      metrics.requests.get(key) ?? this.#newClientSeries(metrics, key, [method, status, error?.code]);
    const { trace } = exchange;
    const span =
      trace?.isSampled === true && spanId !== undefined ? { traceId: trace.traceId, spanId } : undefined;
    this.#recordDuration(series, times, span);
    series.requestSize.record(outcome.bytesSent);
    series.responseSize.record(outcome.bytesReceived);
  }

  /** Lets go of the series of endpoints that are in `gone`, as JSON of upstream, address and port. */
  forgetEndpoints(gone: ReadonlySet<string>): void {
    for (const [key, { endpoint }] of this.#endpoints) {
      if (gone.has(JSON.stringify(endpoint))) this.#endpoints.delete(key);
    }
  }

  /** @param span What was recorded of it, if anything. */
  #recordDuration(
    { duration }: RequestSeries,
    { startedAt, endedAt }: Pick<RequestEnd, "startedAt" | "endedAt">,
    span: Pick<Exemplar, "traceId" | "spanId"> | undefined,
  ): void {
    const value = (endedAt - startedAt) / SECOND_MS;
    duration.record(value);
    if (span === undefined) return;
    const { traceId, spanId } = span;
    duration.exemplify({ value, traceId, spanId, at: this.#epoch() });
  }

  #activeOf({ method, scheme }: MeasuredHead): SumSeries {
    const key = requestKey(method, scheme === "https" ? HTTPS : 0, undefined);
    let series = this.#active.get(key);
    if (series === undefined) {
      series = this.#registry.sum(this.#http.serverActive, [knownMethod(method), scheme]);
      this.#active.set(key, series);
    }
    return series;
  }

  #tunnelEnded({ route, error, startedAt, endedAt }: RequestEnd): void {
    this.#registry
      .histogram(REQUEST_INSTRUMENTS.tunnelDuration, [route, error?.code])
      .record((endedAt - startedAt) / SECOND_MS);
  }

  #failed({ route, routePath }: RequestEnd, code: ErrorCode): void {
    if (routePath === undefined) this.#registry.sum(REQUEST_INSTRUMENTS.rejections, [code]).add(1);
    else if (SHED.has(code)) this.#registry.sum(REQUEST_INSTRUMENTS.shed, [route, code]).add(1);
  }

  #routeOf({ route: name, routePath: path }: RequestEnd): RouteMetrics {
    if (path === undefined) return this.#unrouted;
    const paths = this.#routes.get(name) ?? remember(this.#routes, name, new Map<string, RouteMetrics>());
    return paths.get(path) ?? remember(paths, path, { name, path, requests: new Map() });
  }

  #newServerSeries(
    { name, path, requests }: RouteMetrics,
    key: number,
    { head: { method, scheme, version }, status, error }: RequestEnd,
  ): RequestSeries {
    const attributes = [
      knownMethod(method),
      scheme,
      status,
      errorType(status, error?.code, 500),
      protocolVersion(version),
      path,
      name,
    ];
    const { serverDuration, serverRequestSize, serverResponseSize } = this.#http;
    const series = {
      duration: this.#registry.histogram(serverDuration, attributes),
      requestSize: this.#registry.histogram(serverRequestSize, attributes),
      responseSize: this.#registry.histogram(serverResponseSize, attributes),
    };
    return remember(requests, key, series);
  }

  #newEndpoint(seen: Attempt["endpoint"], now: number): EndpointMetrics {
    const endpoint = endpointValues(seen.upstream, endpointAddress(seen));
    this.#onEndpoint(endpoint, now);
    const reused = this.#registry.sum(UPSTREAM_INSTRUMENTS.reused, endpoint);
    return remember(this.#endpoints, seen.key, { endpoint, requests: new Map(), reused });
  }

  #newClientSeries(
    { endpoint, requests }: EndpointMetrics,
    key: number,
    [method, status, error]: readonly [string, number | undefined, ErrorCode | undefined],
  ): RequestSeries {
    const attributes = [knownMethod(method), status, errorType(status, error, 400), ...endpoint];
    const { clientDuration, clientRequestSize, clientResponseSize } = this.#http;
    const series = {
      duration: this.#registry.histogram(clientDuration, attributes),
      requestSize: this.#registry.histogram(clientRequestSize, attributes),
      responseSize: this.#registry.histogram(clientResponseSize, attributes),
    };
    return remember(requests, key, series);
  }
}
