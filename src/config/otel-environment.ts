/** OpenTelemetry's own environment variables, as settings. A `FAIRLEAD_` variable overrules them, and they overrule the file. */
import type { FromEnv } from "./environment.ts";
import { type ConfigPath, type ConfigProblem, problemAt } from "./problem.ts";
import type { Env } from "./references.ts";
import { setAt } from "./tree.ts";
import type { Schema } from "./schema/schema.ts";

/** The value that a variable sets; undefined where its text is malformed. */
type Read = (text: string) => unknown;

const asIs: Read = (text) => text;
const share: Read = (text) => (/^(?:0|1|0?\.\d+|[01]\.\d+)$/.test(text) ? Number(text) : undefined);
const milliseconds: Read = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

/** `key=value,key2=value2`, percent-encoded as in W3C baggage. */
const pairs: Read = (text) => {
  const entries = text
    .split(",")
    .filter((entry) => entry.trim() !== "")
    .map((entry) => {
      const at = entry.indexOf("=");
      return at < 1 ? undefined : [decoded(entry.slice(0, at)), decoded(entry.slice(at + 1))];
    });
  return entries.some((entry) => entry === undefined || entry.includes(undefined))
    ? undefined
    : Object.fromEntries(entries as [string, string][]);
};

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
};

const VARIABLES: readonly (readonly [name: string, path: ConfigPath, read: Read, expects: string])[] = [
  ["OTEL_SERVICE_NAME", ["telemetry", "serviceName"], asIs, ""],
  ["OTEL_RESOURCE_ATTRIBUTES", ["telemetry", "resource"], pairs, "key=value,…"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", ["telemetry", "otlp", "endpoint"], asIs, ""],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", ["telemetry", "otlp", "protocol"], asIs, ""],
  ["OTEL_EXPORTER_OTLP_HEADERS", ["telemetry", "otlp", "headers"], pairs, "key=value,…"],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", ["telemetry", "otlp", "timeout"], milliseconds, "milliseconds"],
  ["OTEL_METRIC_EXPORT_INTERVAL", ["telemetry", "otlp", "interval"], milliseconds, "milliseconds"],
  ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", ["telemetry", "metrics", "url"], asIs, ""],
  ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ["telemetry", "traces", "url"], asIs, ""],
  ["OTEL_TRACES_SAMPLER_ARG", ["telemetry", "traces", "sample"], share, "a number from 0 to 1"],
  [
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    ["telemetry", "metrics", "temporality"],
    (text) => text.toLowerCase(),
    "",
  ],
];

/** `base` with what OpenTelemetry's variables set laid over it. With `OTEL_SDK_DISABLED=true` none is read. */
export const applyOtelEnvironment = (schema: Schema, base: unknown, env: Env): FromEnv => {
  const set: { path: ConfigPath; name: string }[] = [];
  const problems: ConfigProblem[] = [];
  let input = base;
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return { input, set, problems };
  for (const [name, path, read, expects] of VARIABLES) {
    const given = env[name];
    if (given === undefined || given === "") continue;
    const value = read(given);
    if (value === undefined) {
      problems.push(problemAt([], `expected ${expects}`, { place: { source: name } }));
      continue;
    }
    input = setAt(schema, input, path, value);
    set.push({ path, name });
  }
  return { input, set, problems };
};
