/** `telemetry`: what is measured, and where it is sent. */
import { listOf, mapOf } from "../schema/collections.ts";
import { orOff } from "../schema/forms.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional } from "../schema/object.ts";
import { Refusal, type Schema, transformed } from "../schema/schema.ts";
import {
  HEADER_NAME,
  duration,
  fieldName,
  fieldValue,
  nonEmpty,
  ratio,
  size,
  text,
  whole,
} from "../schema/values.ts";
import type { MetricsConfig, OtlpConfig, TelemetryConfig } from "../types.ts";
import { collectorUrl } from "./addresses.ts";
import { urlOrOff } from "./collector.ts";
import { traces } from "./traces.ts";

const BOUNDS = "a list of seconds in rising order, at least one";

const bounds: Schema<readonly number[]> = transformed(
  listOf(BOUNDS, ratio(0, 86_400), 1),
  (given, reading) => {
    const isRising = given.every((bound, index) => index === 0 || bound > (given[index - 1] ?? 0));
    return isRising ? given : reading.refuse(given, BOUNDS, new Refusal("each is more than the one before"));
  },
);

/** The long form, which is never false. */
export const metricsObject: Schema<MetricsConfig> = object("MetricsConfig", {
  maxSeries: defaulted(
    whole(10, 1_000_000),
    2_000,
    "Most series of an instrument; all further ones are one series, with otel.metric.overflow.",
  ),
  durationBounds: optional(
    bounds,
    "Upper bounds of the buckets of durations of requests, in seconds. OpenTelemetry's unless set.",
  ),
  temporality: optional(
    oneOf("cumulative", "delta"),
    "Whether what is pushed counts from the start or from the push before. Cumulative unless set; on Workers always delta.",
  ),
  url: optional(
    urlOrOff("metrics"),
    "Where metrics are pushed; false for nowhere. Unless set, `otlp.endpoint` with /v1/metrics behind it.",
  ),
});

/** All values: which of them is the credential depends on the collector. */
const secretValue: Schema<string> = { ...fieldValue, isSecret: () => true };

const otlp: Schema<OtlpConfig> = object("OtlpConfig", {
  endpoint: optional(
    collectorUrl,
    'An OpenTelemetry collector\'s address, such as "http://localhost:4318". Nothing is pushed unless set.',
  ),
  protocol: defaulted(oneOf("http/protobuf", "http/json"), "http/protobuf", "How it is encoded."),
  headers: defaulted(
    mapOf("an object of header names and values", fieldName(HEADER_NAME), secretValue, { credentials: true }),
    {},
    "Headers to send, such as the collector's key.",
  ),
  interval: optional(
    duration,
    "Time between pushes of metrics. 60s unless set; on Workers, where a request brings each about, 15s.",
  ),
  timeout: defaulted(duration, "10s", "Time that a push may take."),
  queueBytes: defaulted(
    size(1_024),
    "4MiB",
    "What waits for a collector that does not answer. Beyond it the oldest is dropped, and counted.",
  ),
});

const attributeName = nonEmpty('the name of an attribute such as "deployment.environment.name"');

export const telemetry: Schema<TelemetryConfig> = object("TelemetryConfig", {
  serviceName: optional(
    nonEmpty("a name"),
    'What this proxy is called (service.name). Unless set, what `resource` has as service.name, else "fairlead".',
  ),
  resource: defaulted(
    mapOf("an object of attributes and their values", attributeName, text("a text")),
    {},
    "Further resource attributes of all telemetry, such as deployment.environment.name.",
  ),
  metrics: defaulted(
    orOff("false or an object", metricsObject),
    {},
    "Metrics, kept where `admin` or a collector reads them; false for none.",
  ),
  traces: optional(traces, "Traces. Trace context passes through untouched unless set."),
  otlp: defaulted(otlp, {}, "Where telemetry is pushed to, by OTLP over HTTP."),
});
