/** Times as OpenTelemetry has them. */

/** Seconds and nanoseconds of a time or duration in milliseconds. */
export const hrTime = (ms: number): [seconds: number, nanoseconds: number] => {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
};
