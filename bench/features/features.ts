/** What a gateway does besides forwarding: see `measure.ts` for the configs. */
export const FEATURES = [
  "nothing",
  "resilience",
  "metrics",
  "the same metrics by @opentelemetry/sdk-metrics",
  "the same metrics by prom-client",
  "access log",
  "1 % traces",
  "metrics, access log, 1 % traces",
] as const;

export type Feature = (typeof FEATURES)[number];
