/** Where telemetry of one kind is pushed. */
import { formOf, orOff } from "../schema/forms.ts";
import type { Schema } from "../schema/schema.ts";
import { flag } from "../schema/values.ts";
import { collectorUrl } from "./addresses.ts";

const example = (signal: "metrics" | "traces" | "logs"): string =>
  `a URL such as "http://localhost:4318/v1/${signal}"`;

/** False for nowhere. */
export const urlOrOff = (signal: "metrics" | "traces"): Schema<string | false> =>
  orOff(`false or ${example(signal)}`, collectorUrl);

/** True for the collector of `telemetry.otlp`. */
export const logsUrlOrFlag: Schema<string | boolean> = formOf<string | boolean>(
  `true, false or ${example("logs")}`,
  [flag, collectorUrl],
);
