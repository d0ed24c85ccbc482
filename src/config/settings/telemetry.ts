/** `telemetry`: what is measured, and where it is sent. */
import { object, optional } from "../schema/object.ts";
import type { Schema } from "../schema/schema.ts";
import type { TelemetryConfig } from "../types.ts";
import { traces } from "./traces.ts";

export const telemetry: Schema<TelemetryConfig> = object("TelemetryConfig", {
  traces: optional(traces, "Traces. Trace context passes through untouched unless set."),
});
