/** Where telemetry of one kind is pushed. */
import { formOf, orOff } from "../schema/forms.ts";
import type { Schema } from "../schema/schema.ts";
import { flag } from "../schema/values.ts";
import { collectorUrl } from "./addresses.ts";

const URL = 'a URL such as "http://localhost:4318/v1/metrics"';

/** False for nowhere. */
export const urlOrOff: Schema<string | false> = orOff(`false or ${URL}`, collectorUrl);

/** True for the collector of everything. */
export const urlOrFlag: Schema<string | boolean> = formOf<string | boolean>(`true, false or ${URL}`, [
  flag,
  collectorUrl,
]);
