/** `telemetry.traces`: W3C trace context, and spans. */
import type { TracesConfig } from "../types.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional } from "../schema/object.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldName, flag, ratio } from "../schema/values.ts";
import { urlOrOff } from "./collector.ts";
import { editableName } from "./headers.ts";

export const traces: Schema<TracesConfig> = object("TracesConfig", {
  sample: defaulted(
    ratio(0, 1),
    0.01,
    "Share of the requests that are recorded, where the caller's context does not say whether.",
  ),
  trust: defaulted(
    oneOf("always", "trusted", "never"),
    "trusted",
    "Whose trace context is taken over: any caller's, that of trusted proxies only, or nobody's. Others' requests begin a trace.",
  ),
  parentBased: defaulted(
    flag,
    true,
    "Whether a caller whose context is taken over decides if a request is recorded; where not, `sample` does for all.",
  ),
  forceHeader: optional(
    fieldName("a header name"),
    "Header by which a caller whose context is taken over has a request recorded, whatever its value. None unless set.",
  ),
  responseHeader: optional(
    editableName,
    "Header that tells clients the trace's id, such as x-trace-id. None unless set.",
  ),
  url: optional(
    urlOrOff("traces"),
    "Where spans are pushed; false for nowhere. Unless set, `telemetry.otlp.endpoint` with /v1/traces behind it.",
  ),
});
