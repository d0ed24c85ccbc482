/** Readings as text that Prometheus scrapes: its own format (0.0.4), or OpenMetrics 1.0. */
import { negotiate } from "../http/accept.ts";
import { type Attributes, attributesOf } from "./attributes.ts";
import type { Instrument } from "./instrument.ts";
import type { Point, Reading } from "./metric-reading.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { Exemplar } from "./series.ts";

export type ExpositionFormat = "prometheus" | "openmetrics";

const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** What units are called; curly braces hold what is counted, which is no unit. */
const UNITS: Readonly<Record<string, string>> = { s: "seconds", By: "bytes" };

const snake = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=\d)/, "_");

const unitOf = ({ unit, kind }: Instrument): string =>
  unit === "1" && kind === "gauge" ? "ratio" : (UNITS[unit] ?? "");

/** `http.server.request.duration` in `s` is `http_server_request_duration_seconds`. Counters get `_total` besides. */
export const familyName = (instrument: Instrument): string => {
  const name = snake(instrument.name);
  const unit = unitOf(instrument);
  return unit === "" || name.endsWith(`_${unit}`) ? name : `${name}_${unit}`;
};

const TYPES = {
  counter: "counter",
  "up-down-counter": "gauge",
  gauge: "gauge",
  histogram: "histogram",
} as const;

/** Backslash and line break, in label values quotes too (the formats' own escapes). */
const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

/** Names of labels have no colon. */
const labelName = (name: string): string => snake(name).replaceAll(":", "_");

/**
 * Attributes whose names become the same label are one label: their values in the order of the names, with semicolons between them
 * (OpenTelemetry's "Prometheus and OpenMetrics Compatibility").
 */
const valuesByLabel = (attributes: Attributes): ReadonlyMap<string, string> => {
  const names = Object.keys(attributes);
  const values = new Map<string, string>();
  const labels = new Set(names.map(labelName));
  for (const name of labels.size === names.length ? names : names.toSorted()) {
    const label = labelName(name);
    const before = values.get(label);
    const value = String(attributes[name]);
    values.set(label, before === undefined ? value : `${before};${value}`);
  }
  return values;
};

/** `name="value"`, separated by commas. */
const labelsOf = (attributes: Attributes): string =>
  Array.from(
    valuesByLabel(attributes),
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  ).join(",");

const inBraces = (labels: string): string => (labels === "" ? "" : `{${labels}}`);

const numberText = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
};

/** OpenMetrics wants floats as bounds, "1.0". */
const boundText = (bound: number, format: ExpositionFormat): string =>
  format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);

/** What OpenMetrics has behind a bucket's count ("Exemplars"), so that a slow bucket leads to a trace. */
const exemplarText = (exemplar: Exemplar | undefined): string => {
  if (exemplar === undefined) return "";
  const { traceId, spanId, value, at } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${numberText(value)} ${at / 1_000}`;
};

const pushHistogram = (
  lines: string[],
  name: string,
  { value, exemplars }: Point,
  { instrument: { bounds = [] }, labels, format }: PointContext,
): void => {
  if (typeof value === "number") return;
  const before = labels === "" ? "" : `${labels},`;
  const pushBucket = (index: number, bound: string, count: number): void => {
    const example = format === "openmetrics" ? exemplarText(exemplars?.[index]) : "";
    lines.push(`${name}_bucket{${before}le="${bound}"} ${count}${example}`);
  };
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    below += value.counts[index] ?? 0;
    pushBucket(index, boundText(bound, format), below);
  }
  pushBucket(bounds.length, "+Inf", value.count);
  lines.push(`${name}_sum${inBraces(labels)} ${numberText(value.sum)}`);
  lines.push(`${name}_count${inBraces(labels)} ${value.count}`);
};

interface PointContext {
  readonly instrument: Instrument;
  readonly labels: string;
  readonly format: ExpositionFormat;
}

const pushFamily = (lines: string[], { instrument, points }: Reading, format: ExpositionFormat): void => {
  const name = familyName(instrument);
  const isCounter = instrument.kind === "counter";
  const sample = isCounter ? `${name}_total` : name;
  // In OpenMetrics a counter's family has the name without the suffix.
  const family = format === "openmetrics" ? name : sample;
  lines.push(`# HELP ${family} ${escaped(instrument.about)}`, `# TYPE ${family} ${TYPES[instrument.kind]}`);
  const unit = unitOf(instrument);
  if (format === "openmetrics" && unit !== "") lines.push(`# UNIT ${family} ${unit}`);
  for (const point of points) {
    const labels = labelsOf(attributesOf(instrument, point.attributes));
    if (typeof point.value === "number") {
      lines.push(`${sample}${inBraces(labels)} ${numberText(point.value)}`);
    } else pushHistogram(lines, name, point, { instrument, labels, format });
  }
};

/** @param resource who reports; becomes the labels of `target_info`. */
export const exposition = (
  readings: readonly Reading[],
  format: ExpositionFormat,
  resource: Attributes = {},
): string => {
  const lines: string[] = [];
  for (const reading of readings) pushFamily(lines, reading, format);
  if (Object.keys(resource).length > 0) {
    const family = format === "openmetrics" ? "target" : "target_info";
    lines.push(
      `# HELP ${family} Who reports these metrics`,
      `# TYPE ${family} ${format === "openmetrics" ? "info" : "gauge"}`,
      `target_info${inBraces(labelsOf(resource))} 1`,
    );
  }
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
};

/** What `/metrics` answers: OpenMetrics where `accept` prefers it, else Prometheus's own format. */
export const scrapeOf = async (
  registry: MetricRegistry,
  accept: string | undefined,
  resource: Attributes,
): Promise<{ readonly text: string; readonly contentType: string }> => {
  const type = negotiate(accept, ["text/plain", "application/openmetrics-text"]);
  const format = type === "application/openmetrics-text" ? "openmetrics" : "prometheus";
  return {
    text: exposition(await registry.readEverywhere(), format, resource),
    contentType: CONTENT_TYPES[format],
  };
};
