/** JSON Schemas of what the admin API answers, by their names in the OpenAPI document. */
import { MOST_FAILURES } from "../../src/observe/journal.ts";
import type { JsonSchema } from "../../src/config/schema/schema.ts";

const text: JsonSchema = { type: "string" };
const number: JsonSchema = { type: "number" };
const count: JsonSchema = { type: "integer", minimum: 0 };
const flag: JsonSchema = { type: "boolean" };
const time: JsonSchema = { type: "number", description: "Milliseconds since 1970." };
const seconds: JsonSchema = { type: "number", description: "Seconds." };
const counts: JsonSchema = { type: "object", additionalProperties: count };
const oneOf = (...values: readonly string[]): JsonSchema => ({ type: "string", enum: values });
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });

/** An object with these members; those whose name ends in "?" may be left out. */
const object = (members: Readonly<Record<string, JsonSchema>>): JsonSchema => {
  const names = Object.keys(members);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name.replace("?", ""), members[name]])),
    required: names.filter((name) => !name.endsWith("?")),
    additionalProperties: false,
  };
};

/** A schema of this file, by its name. */
export const schemaRef = (name: SchemaName): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

export type SchemaName =
  | "Snapshot"
  | "Thread"
  | "ConfigState"
  | "Listener"
  | "ConnectionCounts"
  | "Traffic"
  | "Route"
  | "Upstream"
  | "Endpoint"
  | "Done"
  | "Problem"
  | "ConfigView"
  | "ConfigAccepted"
  | "Connection"
  | "ConnectionPage"
  | "Failure"
  | "Explanation"
  | "ExplainedField";

const exclusion = oneOf("drained", "unhealthy", "ejected", "circuit-open", "at-limit", "tried");
const fault = oneOf("client", "upstream", "gateway");
const lastError = object({ at: time, message: text });

export const ANSWER_SCHEMAS: Readonly<Record<SchemaName, JsonSchema>> = {
  Snapshot: object({
    time,
    version: text,
    runtime: text,
    startedAt: time,
    draining: flag,
    threads: list(schemaRef("Thread")),
    config: schemaRef("ConfigState"),
    listeners: list(schemaRef("Listener")),
    connections: schemaRef("ConnectionCounts"),
    traffic: schemaRef("Traffic"),
    routes: list(schemaRef("Route")),
    upstreams: list(schemaRef("Upstream")),
  }),
  Thread: object({
    id: count,
    startedAt: time,
    state: oneOf("running", "draining", "gone"),
    connections: schemaRef("ConnectionCounts"),
  }),
  ConfigState: object({ generation: count, loadedAt: time, sources: list(text), "lastError?": lastError }),
  Listener: object({
    scheme: oneOf("http", "https"),
    address: text,
    role: oneOf("traffic", "redirect", "admin"),
  }),
  ConnectionCounts: object({ open: count, accepted: count, refused: count, tunnels: count }),
  Traffic: object({
    requests: count,
    byStatus: counts,
    errors: counts,
    recent: object({
      seconds,
      requests: count,
      failures: count,
      "p50?": seconds,
      "p95?": seconds,
      "p99?": seconds,
    }),
  }),
  Route: object({
    name: text,
    match: list(text),
    action: oneOf("forward", "redirect", "respond"),
    upstreams: list(object({ name: text, weight: number })),
    traffic: schemaRef("Traffic"),
  }),
  Upstream: object({
    name: text,
    balance: text,
    checked: flag,
    discovered: flag,
    "retryBudget?": number,
    "concurrency?": object({ inProgress: count, waiting: count, limit: number }),
    traffic: schemaRef("Traffic"),
    endpoints: list(schemaRef("Endpoint")),
  }),
  Endpoint: object({
    address: text,
    weight: object({ configured: number, "byHand?": number, effective: number }),
    drained: flag,
    "exclusion?": exclusion,
    inFlight: count,
    "latency?": seconds,
    "health?": object({ state: oneOf("up", "down", "unknown"), lastResult: text }),
    "breaker?": object({ state: oneOf("closed", "open", "half-open"), "until?": time }),
    "ejectedUntil?": time,
    "priority?": number,
    "zone?": text,
    traffic: schemaRef("Traffic"),
  }),
  Done: object({ message: text }),
  Problem: object({
    status: count,
    title: text,
    "detail?": text,
    "code?": text,
    "requestId?": text,
    "problems?": list(object({ path: text, message: text })),
  }),
  ConfigView: object({
    generation: count,
    loadedAt: time,
    sources: list(text),
    "lastError?": lastError,
    config: { description: "Defaults filled in, `***` in place of every secret." },
  }),
  ConfigAccepted: object({ generation: count }),
  Connection: object({
    id: text,
    peer: text,
    listener: text,
    scheme: oneOf("http", "https"),
    since: time,
    requests: count,
    state: oneOf("idle", "busy", "tunnel"),
    "request?": object({ method: text, since: time, "id?": text, "route?": text }),
    "protocol?": text,
  }),
  ConnectionPage: object({ total: count, connections: list(schemaRef("Connection")), "next?": text }),
  Failure: object({
    time,
    requestId: text,
    method: text,
    "host?": text,
    target: text,
    client: text,
    "route?": text,
    "upstream?": text,
    "endpoint?": text,
    attempts: count,
    status: count,
    code: text,
    fault,
    message: text,
    duration: seconds,
  }),
  Explanation: object({
    request: object({ method: text, url: text }),
    "normalised?": text,
    "route?": object({ name: text, match: text, layers: list(text) }),
    "upstream?": object({
      name: text,
      endpoint: text,
      method: text,
      target: text,
      excluded: list(object({ endpoint: text, reason: exclusion })),
    }),
    "answer?": object({
      status: count,
      "code?": text,
      message: text,
      "excluded?": list(object({ upstream: text, endpoint: text, reason: exclusion })),
    }),
    requestFields: list(schemaRef("ExplainedField")),
    responseFields: list(schemaRef("ExplainedField")),
    otherRoutes: list(
      object({
        name: text,
        match: text,
        outcome: oneOf("passed-over", "outranked", "other-method", "unmatched"),
        reason: text,
      }),
    ),
  }),
  ExplainedField: object({ change: oneOf("kept", "added", "removed"), name: text, value: text }),
};

/** Of `/api/failures`. */
export const FAILURES: JsonSchema = { ...list(schemaRef("Failure")), maxItems: 2 * MOST_FAILURES };
export const ROUTES: JsonSchema = list(schemaRef("Route"));
export const UPSTREAMS: JsonSchema = list(schemaRef("Upstream"));
