import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import type { TelemetryInput } from "../../src/config/types.ts";
import { isMeasured, pushUrl } from "../../src/observation.ts";

const otlp = { endpoint: "http://collector:4318/" };

test.each<readonly [TelemetryInput, string | undefined]>([
  [{ otlp }, "http://collector:4318/v1/metrics"],
  [{ otlp, metrics: { url: "http://own/push" } }, "http://own/push"],
  [{ otlp, metrics: { url: false } }, undefined],
  [{ otlp, metrics: false }, undefined],
  [{}, undefined],
])("metrics by %j are pushed to %s, and kept where that or a page reads them", (telemetry, expected) => {
  const config = parseConfig({ upstreams: { a: "http://a" }, telemetry });
  expect(pushUrl(config)).toBe(expected);
  expect(isMeasured(config)).toBe(expected !== undefined);
  const scraped = parseConfig({ upstreams: { a: "http://a" }, telemetry, admin: { port: 0 } });
  expect(isMeasured(scraped)).toBe(telemetry.metrics !== false);
});
