/** What a gateway does besides forwarding: see `measure.ts` for the configs. */
export const FEATURES = [
  "nothing",
  "resilience",
  "metrics",
  "access log",
  "1 % traces",
  "metrics, access log, 1 % traces",
] as const;

export type Feature = (typeof FEATURES)[number];
