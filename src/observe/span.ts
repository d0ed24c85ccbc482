/** Spans, made from the report at the end of an exchange or attempt. No span exists before. */
import { endpointAddress } from "../core/endpoint.ts";
import type { Attempt } from "../core/exchange.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock } from "../core/platform.ts";
import type { ExchangeReport } from "../core/telemetry.ts";
import type { Attributes } from "./attributes.ts";
import { failureCause, isOwnFailure } from "./failure-cause.ts";
import { protocolVersion } from "./protocol-version.ts";
import type { Redaction } from "./redaction.ts";
import { knownMethod } from "./request-key.ts";
import { sentUrl } from "./sent-url.ts";
import { serverAddress } from "./server-address.ts";
import { firstValue } from "../http/headers.ts";

/** A span that has ended. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  /** Whether the parent is in another process. */
  readonly isParentRemote: boolean;
  readonly kind: "server" | "client";
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Why it counts as failed, without secrets; undefined where it does not. */
  readonly failure: string | undefined;
  readonly attributes: Attributes;
}

export interface SpanOptions {
  readonly redaction: Redaction;
  readonly clock: Pick<Clock, "now" | "epoch">;
}

/** Undefined where the exchange is not recorded. */
export const serverSpan = (report: ExchangeReport, { redaction, clock }: SpanOptions): Span | undefined => {
  const { trace, head, error, route, routePath, status } = report;
  if (trace?.isSampled !== true) return undefined;
  const method = knownMethod(head.method);
  const target = redaction.target(report);
  const mark = target.indexOf("?");
  const { address, port } = authorityParts(report.host);
  const since1970 = clock.epoch() - clock.now();
  const isFailed = isOwnFailure(error) || status >= 500;
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentId: trace.parentId,
    isParentRemote: true,
    kind: "server",
    name: route === undefined ? nameOf(method) : `${nameOf(method)} ${route}`,
    startedAt: since1970 + report.startedAt,
    endedAt: since1970 + report.endedAt,
    failure: isFailed ? (error === undefined ? "" : failureCause(error)) : undefined,
    attributes: known({
      "http.request.method": method,
      "http.request.method_original": method === head.method ? undefined : head.method,
      "url.scheme": report.scheme,
      "url.path": mark === -1 ? target : target.slice(0, mark),
      "url.query": mark === -1 ? undefined : target.slice(mark + 1),
      "server.address": address,
      "server.port": port,
      "client.address": report.client === "" ? undefined : report.client,
      "network.protocol.version": protocolVersion(head.version),
      "user_agent.original": firstValue(head.fields, "user-agent"),
      "http.route": routePath,
      "http.response.status_code": status,
      "http.response.body.size": report.bytesSent,
      "error.type": error?.code ?? (isFailed ? String(status) : undefined),
      "fairlead.route": route,
      "fairlead.attempts": report.attempts,
      "fairlead.request_id": report.requestId,
    }),
  };
};

/** Undefined where its exchange is not recorded. */
export const clientSpan = (
  attempt: Attempt,
  { status, version, error, ending, progress, reused, times, bytesSent, bytesReceived }: Outcome,
  { redaction, clock }: SpanOptions,
): Span | undefined => {
  const { exchange, endpoint, spanId, resends = 0 } = attempt;
  const { trace, arrival } = exchange;
  if (trace?.isSampled !== true || spanId === undefined) return undefined;
  const method = knownMethod(arrival.method);
  const { address, port } = serverAddress(endpointAddress(endpoint));
  const since1970 = clock.epoch() - clock.now();
  const isFailed =
    ending === "failed" ? error?.code !== "client-closed" : status !== undefined && status >= 400;
  return {
    traceId: trace.traceId,
    spanId,
    parentId: trace.spanId,
    isParentRemote: false,
    kind: "client",
    name: nameOf(method),
    startedAt: since1970 + times.startedAt,
    endedAt: since1970 + times.endedAt,
    failure: isFailed ? (error === undefined ? "" : failureCause(error)) : undefined,
    attributes: known({
      "http.request.method": method,
      "server.address": address,
      "server.port": port,
      "url.scheme": endpoint.scheme,
      "url.full": sentUrl(attempt, redaction),
      "network.protocol.version": protocolVersion(version),
      "http.request.resend_count": resends === 0 ? undefined : resends,
      "http.response.status_code": status,
      "http.request.body.size": bytesSent,
      "http.response.body.size": bytesReceived,
      "error.type": error?.code ?? (isFailed && status !== undefined ? String(status) : undefined),
      "fairlead.upstream": endpoint.upstream,
      "fairlead.attempt.ending": ending,
      "fairlead.attempt.progress": progress,
      "fairlead.connection.reused": reused,
      "fairlead.attempt.connect_ms": between(times.startedAt, times.connectedAt),
      "fairlead.attempt.first_byte_ms": between(times.connectedAt ?? times.startedAt, times.headAt),
    }),
  };
};

/** Host and port that the client asked for, as it wrote them. */
const authorityParts = (
  authority = "",
): { readonly address: string | undefined; readonly port: number | undefined } => {
  const [, address, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(authority) ?? [];
  return {
    address: address === "" ? undefined : address,
    port: port === undefined ? undefined : Number(port),
  };
};

/** OpenTelemetry's name for a method that it does not know. */
const nameOf = (method: string): string => (method === "_OTHER" ? "HTTP" : method);

const between = (from: number, to: number | undefined): number | undefined =>
  to === undefined ? undefined : Math.round((to - from) * 1_000) / 1_000;

const known = (values: Readonly<Record<string, string | number | boolean | undefined>>): Attributes => {
  const attributes: Attributes = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
};
