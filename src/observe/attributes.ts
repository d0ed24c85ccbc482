/** Attributes of a series by name. */
import type { AttributeValues, Instrument } from "./instrument.ts";

/** OpenTelemetry's name for the one series that takes everything beyond the limit. */
const OVERFLOW_ATTRIBUTE = "otel.metric.overflow";

export type Attributes = Record<string, string | number | boolean>;

export const attributesOf = (instrument: Instrument, values: AttributeValues | "overflow"): Attributes => {
  if (values === "overflow") return { [OVERFLOW_ATTRIBUTE]: true };
  const attributes: Attributes = {};
  for (const [index, name] of instrument.attributes.entries()) {
    const value = values[index];
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
};
