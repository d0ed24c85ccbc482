/** OpenTelemetry's own environment variables, as settings. A `FAIRLEAD_` variable overrules them, and they overrule the file. */
import type { FromEnv } from "./environment.ts";
import { type ConfigPath, type ConfigProblem, problemAt } from "./problem.ts";
import type { Env } from "./references.ts";
import { setAt, valueAt } from "./tree.ts";
import type { Schema } from "./schema/schema.ts";

/** What a variable sets. */
type Values = readonly (readonly [path: ConfigPath, value: unknown])[];

/** What a variable's text sets, given all variables and the config without it; undefined where the text is malformed. */
type Read = (text: string, env: Env, base: unknown) => Values | undefined;

const TELEMETRY = "telemetry";
const SERVICE_NAME = [TELEMETRY, "serviceName"];
const ENDPOINT = [TELEMETRY, "otlp", "endpoint"];
const METRICS = [TELEMETRY, "metrics"];
const METRICS_URL = [...METRICS, "url"];
const TRACES = [TELEMETRY, "traces"];
const TRACES_URL = [...TRACES, "url"];
const SAMPLE = [...TRACES, "sample"];
const LOGS = ["log", "otlp"];

/** OpenTelemetry's default. */
const LOCAL_COLLECTOR = "http://localhost:4318";

/** Sets the value at `path`. */
const at =
  (path: ConfigPath, valueOf: (text: string) => unknown = (text) => text): Read =>
  (text) => {
    const value = valueOf(text);
    return value === undefined ? undefined : [[path, value]];
  };

const share = (text: string): number | undefined => {
  const value = /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return value <= 1 ? value : undefined;
};

const milliseconds = (text: string): number | undefined =>
  /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** `key=value,key2=value2`, percent-encoded as in W3C baggage. */
const pairs = (text: string): Readonly<Record<string, string>> | undefined => {
  const entries = text
    .split(",")
    .filter((entry) => entry.trim() !== "")
    .map((entry) => {
      const equals = entry.indexOf("=");
      return equals < 1 ? undefined : [decoded(entry.slice(0, equals)), decoded(entry.slice(equals + 1))];
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

/** `service.name` among them becomes `serviceName`, so that it overrules the file; `OTEL_SERVICE_NAME`, read later, overrules both. */
const resource: Read = (text) => {
  const attributes = pairs(text);
  if (attributes === undefined) return undefined;
  const { "service.name": name = "", ...others } = attributes;
  return [[[TELEMETRY, "resource"], others], ...(name === "" ? [] : [[SERVICE_NAME, name] as const])];
};

const RATIO = "traceidratio";
const SAMPLERS: Readonly<Record<string, number>> = { always_on: 1, always_off: 0, [RATIO]: 1 };
const PARENT_BASED = "parentbased_";

const sampler: Read = (text) => {
  const isParentBased = text.startsWith(PARENT_BASED);
  const name = isParentBased ? text.slice(PARENT_BASED.length) : text;
  if (!Object.hasOwn(SAMPLERS, name)) return undefined;
  return [
    [SAMPLE, SAMPLERS[name]],
    [[...TRACES, "parentBased"], isParentBased],
  ];
};

/** Counts for samplers that take a share, and where no sampler is named. */
const samplerArgument: Read = (text, env, base) =>
  (env["OTEL_TRACES_SAMPLER"] || RATIO).endsWith(RATIO) ? at(SAMPLE, share)(text, env, base) : [];

/** "lowmemory" is "delta" for all that is not a state. */
const temporality = (text: string): string =>
  text.toLowerCase() === "lowmemory" ? "delta" : text.toLowerCase();

/** Telemetry of one kind. */
interface Signal {
  readonly path: ConfigPath;
  /** The values at `path` that turn it off. */
  readonly off: readonly unknown[];
  /** The value at `path` that sends it to the collector of `telemetry.otlp`. */
  readonly on: unknown;
  /** Where it may have a collector of its own. */
  readonly url: ConfigPath;
}

const exporter =
  ({ path, off, on, url }: Signal): Read =>
  (text, _, base) => {
    const isOff = off.includes(valueAt(base, path));
    if (text === "none") return isOff ? [] : [[url, false]];
    if (text !== "otlp") return undefined;
    const own = valueAt(base, url);
    if (typeof own === "string") return [];
    const collector = valueAt(base, ENDPOINT) === undefined ? ([[ENDPOINT, LOCAL_COLLECTOR]] as const) : [];
    if (isOff) return [...collector, [path, on]];
    return own === false ? [...collector, [url, undefined]] : collector;
  };

const EXPORTERS = '"otlp" or "none"';

/** In order: what comes later overrules what comes before. */
const VARIABLES: readonly (readonly [name: string, read: Read, expects: string])[] = [
  ["OTEL_RESOURCE_ATTRIBUTES", resource, "key=value,…"],
  ["OTEL_SERVICE_NAME", at(SERVICE_NAME), ""],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", at(ENDPOINT), ""],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", at([TELEMETRY, "otlp", "protocol"]), ""],
  ["OTEL_EXPORTER_OTLP_HEADERS", at([TELEMETRY, "otlp", "headers"], pairs), "key=value,…"],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", at([TELEMETRY, "otlp", "timeout"], milliseconds), "milliseconds"],
  ["OTEL_METRIC_EXPORT_INTERVAL", at([TELEMETRY, "otlp", "interval"], milliseconds), "milliseconds"],
  ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", at(METRICS_URL), ""],
  ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", at(TRACES_URL), ""],
  ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", at(LOGS), ""],
  [
    "OTEL_TRACES_SAMPLER",
    sampler,
    "always_on, always_off, traceidratio, or one of these with parentbased_ before it",
  ],
  ["OTEL_TRACES_SAMPLER_ARG", samplerArgument, "a number from 0 to 1"],
  ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", at([...METRICS, "temporality"], temporality), ""],
  ["OTEL_METRICS_EXPORTER", exporter({ path: METRICS, off: [false], on: {}, url: METRICS_URL }), EXPORTERS],
  ["OTEL_TRACES_EXPORTER", exporter({ path: TRACES, off: [undefined], on: {}, url: TRACES_URL }), EXPORTERS],
  ["OTEL_LOGS_EXPORTER", exporter({ path: LOGS, off: [undefined, false], on: true, url: LOGS }), EXPORTERS],
];

/** `base` with what OpenTelemetry's variables set laid over it. With `OTEL_SDK_DISABLED=true` none is read. */
export const applyOtelEnvironment = (schema: Schema, base: unknown, env: Env): FromEnv => {
  const set: { path: ConfigPath; name: string }[] = [];
  const problems: ConfigProblem[] = [];
  let input = base;
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return { input, set, problems };
  for (const [name, read, expects] of VARIABLES) {
    const given = env[name];
    if (given === undefined || given === "") continue;
    const values = read(given, env, input);
    if (values === undefined) {
      problems.push(problemAt([], `expected ${expects}`, { place: { source: name } }));
      continue;
    }
    for (const [path, value] of values) {
      input = setAt(schema, input, path, value);
      set.push({ path, name });
    }
  }
  return { input, set, problems };
};
